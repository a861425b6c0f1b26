// LayerNorm of one row (arXiv 1607.06450): the mean and the variance in two passes, so that a large
// mean costs no precision.

/// `KernelTable.LayerNorm`.
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
