// LayerNorm of one row (arXiv 1607.06450): the mean and the variance in two passes, so that a large
// mean costs no precision.

/// `RowKernels.LayerNorm`.
func layerNorm(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
  _ epsilon: Float, _ count: Int, _ out: UnsafeMutablePointer<Float>
) {
  let (mean, scale) = layerNormMoments(x, epsilon, count)
  var i = 0
  while i &+ 16 <= count {
    let centred = x.vector(i) - FloatVector(repeating: mean)
    let normalized = centred * FloatVector(repeating: scale)
    out.store(multiplyAdd(normalized, weight.vector(i), bias.vector(i)), at: i)
    i &+= 16
  }
  while i < count {
    out[i] = (x[i] - mean) * scale * weight[i] + bias[i]
    i &+= 1
  }
}

/// The mean of a row and 1 / sqrt(variance + epsilon).
@inline(__always) func layerNormMoments(
  _ x: UnsafePointer<Float>, _ epsilon: Float, _ count: Int
) -> (mean: Float, scale: Float) {
  var sums = FloatVector.zero
  var i = 0
  while i &+ 16 <= count {
    sums = sums + x.vector(i)
    i &+= 16
  }
  var total = sum(sums)
  while i < count {
    total += x[i]
    i &+= 1
  }
  let mean = total / Float(count)
  var squares = FloatVector.zero
  i = 0
  while i &+ 16 <= count {
    let centred = x.vector(i) - FloatVector(repeating: mean)
    squares = multiplyAdd(centred, centred, squares)
    i &+= 16
  }
  var variance = sum(squares)
  while i < count {
    variance += (x[i] - mean) * (x[i] - mean)
    i &+= 1
  }
  return (mean, 1 / (variance / Float(count) + epsilon).squareRoot())
}

// Backward, with y = xhat w + b, xhat = (x - mean) r, r = 1 / sqrt(variance + epsilon), C columns:
//   dx = r (dy w - mean(dy w) - xhat mean(dy w xhat))
//   dw = sum over rows of dy xhat,  db = sum over rows of dy

/// `GradientKernels.LayerNormBackward`.
func layerNormBackward(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float, _ count: Int,
  _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
  _ moments: UnsafeMutablePointer<Float>
) {
  let (mean, scale) = layerNormMoments(x, epsilon, count)
  moments[0] = mean
  moments[1] = scale
  var sums = FloatVector.zero
  var products = FloatVector.zero
  var i = 0
  while i &+ 16 <= count {
    let g = dy.vector(i) * weight.vector(i)
    let normalized =
      (x.vector(i) - FloatVector(repeating: mean)) * FloatVector(repeating: scale)
    sums = sums + g
    products = multiplyAdd(g, normalized, products)
    i &+= 16
  }
  var meanGradient = sum(sums)
  var meanProduct = sum(products)
  while i < count {
    let g = dy[i] * weight[i]
    meanGradient += g
    meanProduct += g * ((x[i] - mean) * scale)
    i &+= 1
  }
  meanGradient /= Float(count)
  meanProduct /= Float(count)
  i = 0
  while i &+ 16 <= count {
    let normalized =
      (x.vector(i) - FloatVector(repeating: mean)) * FloatVector(repeating: scale)
    let centred = dy.vector(i) * weight.vector(i) - FloatVector(repeating: meanGradient)
    let rest = centred - normalized * FloatVector(repeating: meanProduct)
    dx.store(multiplyAdd(rest, FloatVector(repeating: scale), dx.vector(i)), at: i)
    i &+= 16
  }
  while i < count {
    let normalized = (x[i] - mean) * scale
    dx[i] += scale * (dy[i] * weight[i] - meanGradient - normalized * meanProduct)
    i &+= 1
  }
}

/// `GradientKernels.LayerNormGradients`.
func layerNormGradients(
  _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ moments: UnsafePointer<Float>,
  _ rows: Int, _ stride: Int, _ first: Int, _ end: Int, _ dWeight: UnsafeMutablePointer<Float>,
  _ dBias: UnsafeMutablePointer<Float>
) {
  var i = first
  while i &+ 16 <= end {
    var weight = dWeight.vector(i)
    var bias = dBias.vector(i)
    for row in 0..<rows {
      let g = dy.vector(row &* stride &+ i)
      let normalized =
        (x.vector(row &* stride &+ i) - FloatVector(repeating: moments[2 &* row]))
        * FloatVector(repeating: moments[2 &* row &+ 1])
      weight = multiplyAdd(g, normalized, weight)
      bias = bias + g
    }
    dWeight.store(weight, at: i)
    dBias.store(bias, at: i)
    i &+= 16
  }
  while i < end {
    for row in 0..<rows {
      let g = dy[row &* stride &+ i]
      dWeight[i] += g * ((x[row &* stride &+ i] - moments[2 &* row]) * moments[2 &* row &+ 1])
      dBias[i] += g
    }
    i &+= 1
  }
}

/// `GradientKernels.AddColumnSums`.
func addColumnSums(
  _ x: UnsafePointer<Float>, _ rows: Int, _ stride: Int, _ first: Int, _ end: Int,
  _ sums: UnsafeMutablePointer<Float>
) {
  var i = first
  while i &+ 16 <= end {
    var total = sums.vector(i)
    for row in 0..<rows { total = total + x.vector(row &* stride &+ i) }
    sums.store(total, at: i)
    i &+= 16
  }
  while i < end {
    for row in 0..<rows { sums[i] += x[row &* stride &+ i] }
    i &+= 1
  }
}
