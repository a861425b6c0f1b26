// What stands between the matrix products: each one pass over its rows.

/// e^x, largest error about 2 units in the last place; 0 below -87.3, infinity above 88.7.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by the polynomial of Cephes' expf (Moshier); 2^n is put
/// together from its exponent in two halves, so that n = 128 does not overflow early.
@_transparent func exponential(_ x: FloatVector) -> FloatVector {
  let low = FloatVector(repeating: -87.3)
  let high = FloatVector(repeating: 89)
  let clamped = x.replacing(with: low, where: x .< low).replacing(with: high, where: x .> high)
  let n = roundToInt(clamped * FloatVector(repeating: 1.442_695_04))
  let steps = toFloat(n)
  var r = multiplyAdd(steps, FloatVector(repeating: -0.693_359_375), clamped)
  r = multiplyAdd(steps, FloatVector(repeating: 2.121_944_4e-4), r)
  let half = n &>> 1
  let power = exponentialPolynomial(r) * powerOfTwo(half) * powerOfTwo(n &- half)
  return power.replacing(with: FloatVector.zero, where: x .< low)
}

/// `exponential` for x <= 0, bit for bit: the result is never larger than 1, and where it is not 0 it
/// is a normal number, so that 2^n need not be put together from halves.
@_transparent func exponentialOfNegative(_ x: FloatVector) -> FloatVector {
  let low = FloatVector(repeating: -87.3)
  let clamped = x.replacing(with: low, where: x .< low)
  let n = roundToInt(clamped * FloatVector(repeating: 1.442_695_04))
  let steps = toFloat(n)
  var r = multiplyAdd(steps, FloatVector(repeating: -0.693_359_375), clamped)
  r = multiplyAdd(steps, FloatVector(repeating: 2.121_944_4e-4), r)
  let p = exponentialPolynomial(r) * powerOfTwo(n)
  return p.replacing(with: FloatVector.zero, where: x .< low)
}

/// e^r for |r| <= ln 2 / 2.
@_transparent private func exponentialPolynomial(_ r: FloatVector) -> FloatVector {
  var p = FloatVector(repeating: 1.987_569_15e-4)
  p = multiplyAdd(p, r, FloatVector(repeating: 1.398_199_95e-3))
  p = multiplyAdd(p, r, FloatVector(repeating: 8.333_451_9e-3))
  p = multiplyAdd(p, r, FloatVector(repeating: 4.166_579_6e-2))
  p = multiplyAdd(p, r, FloatVector(repeating: 1.666_666_55e-1))
  p = multiplyAdd(p, r, FloatVector(repeating: 5.000_000_1e-1))
  return multiplyAdd(p, r * r, r) + FloatVector(repeating: 1)
}

@_transparent private func powerOfTwo(_ n: IntVector) -> FloatVector {
  unsafeBitCast((n &+ 127) &<< 23, to: FloatVector.self)
}

/// `RowKernels.RMSNorm`.
func rmsNorm(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var squares = FloatVector.zero
  var i = 0
  while i &+ 16 <= count {
    let v = x.vector(i)
    squares = multiplyAdd(v, v, squares)
    i &+= 16
  }
  var total = sum(squares)
  while i < count {
    total += x[i] * x[i]
    i &+= 1
  }
  let scale = 1 / (total / Float(count) + epsilon).squareRoot()
  i = 0
  while i &+ 16 <= count {
    out.store(x.vector(i) * FloatVector(repeating: scale) * weight.vector(i), at: i)
    i &+= 16
  }
  while i < count {
    out[i] = x[i] * scale * weight[i]
    i &+= 1
  }
}

/// `GradientKernels.RMSNormBackward`.
func rmsNormBackward(
  _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ epsilon: Float,
  _ dy: UnsafePointer<Float>, _ count: Int, _ dx: UnsafeMutablePointer<Float>, _ accumulate: Bool
) {
  var squares = FloatVector.zero
  var products = FloatVector.zero
  var i = 0
  while i &+ 16 <= count {
    let v = x.vector(i)
    squares = multiplyAdd(v, v, squares)
    products = multiplyAdd(weight.vector(i) * dy.vector(i), v, products)
    i &+= 16
  }
  var square = sum(squares)
  var product = sum(products)
  while i < count {
    square += x[i] * x[i]
    product += weight[i] * dy[i] * x[i]
    i &+= 1
  }
  let scale = 1 / (square / Float(count) + epsilon).squareRoot()
  let along = -scale * scale * scale * product / Float(count)
  let scales = FloatVector(repeating: scale)
  let alongs = FloatVector(repeating: along)
  i = 0
  while i &+ 16 <= count {
    let before = accumulate ? dx.vector(i) : FloatVector.zero
    let across = multiplyAdd(scales, weight.vector(i) * dy.vector(i), before)
    dx.store(multiplyAdd(alongs, x.vector(i), across), at: i)
    i &+= 16
  }
  while i < count {
    dx[i] = (accumulate ? dx[i] : 0) + scale * (weight[i] * dy[i]) + along * x[i]
    i &+= 1
  }
}

/// `RowKernels.SwiGLU`.
func swiGLU(
  _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ count: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i &+ 16 <= count {
    out.store(swish(gate.vector(i)) * up.vector(i), at: i)
    i &+= 16
  }
  if i < count {
    var g = FloatVector.zero
    for lane in 0..<(count &- i) { g[lane] = gate[i &+ lane] }
    let s = swish(g)
    for lane in 0..<(count &- i) { out[i &+ lane] = s[lane] * up[i &+ lane] }
  }
}

/// `GradientKernels.SwiGLUBackward`.
func swiGLUBackward(
  _ gate: UnsafeMutablePointer<Float>, _ up: UnsafeMutablePointer<Float>,
  _ d: UnsafePointer<Float>, _ count: Int
) {
  let one = FloatVector(repeating: 1)
  var i = 0
  while i < count {
    let valid = min(16, count &- i)
    var g = FloatVector.zero
    var u = FloatVector.zero
    var dy = FloatVector.zero
    if valid == 16 {
      g = gate.vector(i)
      u = up.vector(i)
      dy = d.vector(i)
    } else {
      for lane in 0..<valid {
        g[lane] = gate[i &+ lane]
        u[lane] = up[i &+ lane]
        dy[lane] = d[i &+ lane]
      }
    }
    let s = one / (exponential(-g) + one)
    let dUp = dy * (g * s)
    let dGate = dy * u * s * multiplyAdd(g, one - s, one)
    if valid == 16 {
      gate.store(dGate, at: i)
      up.store(dUp, at: i)
    } else {
      for lane in 0..<valid {
        gate[i &+ lane] = dGate[lane]
        up[i &+ lane] = dUp[lane]
      }
    }
    i &+= 16
  }
}

/// x / (1 + e^-x).
@inline(__always) private func swish(_ x: FloatVector) -> FloatVector {
  x / (exponential(-x) + FloatVector(repeating: 1))
}

/// `RowKernels.RotatePairs`. Dimensions past `rotated` keep their values.
func rotatePairs(
  _ x: UnsafeMutablePointer<Float>, _ heads: Int, _ headSize: Int, _ rotated: Int,
  _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>
) {
  for head in 0..<heads {
    let h = x + head &* headSize
    for i in 0..<rotated / 2 {
      let a = h[2 &* i]
      let b = h[2 &* i &+ 1]
      h[2 &* i] = a * cosines[i] - b * sines[i]
      h[2 &* i &+ 1] = a * sines[i] + b * cosines[i]
    }
  }
}
