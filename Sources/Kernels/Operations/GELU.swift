// GELU in the form GPT-2 uses (arXiv 1606.08415, section 2; "gelu_new" of transformers):
//   0.5 x (1 + tanh(u)),  u = sqrt(2 / pi) (x + 0.044715 x^3)
// which is x / (1 + e^-2u): one exponential, and no difference of nearly equal numbers where x is
// far below zero.

/// `RowKernels.GELU`.
func gelu(_ x: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutablePointer<Float>) {
  var i = 0
  while i &+ 16 <= count {
    out.store(gelu(x.vector(i)), at: i)
    i &+= 16
  }
  if i < count {
    var rest = FloatVector.zero
    for lane in 0..<(count &- i) { rest[lane] = x[i &+ lane] }
    let values = gelu(rest)
    for lane in 0..<(count &- i) { out[i &+ lane] = values[lane] }
  }
}

@inline(__always) private func gelu(_ x: FloatVector) -> FloatVector {
  x / (exponential(minusTwoU(x)) + FloatVector(repeating: 1))
}

/// -2 sqrt(2 / pi) (x + 0.044715 x^3).
@inline(__always) private func minusTwoU(_ x: FloatVector) -> FloatVector {
  let cubic = multiplyAdd(
    x * x, FloatVector(repeating: -0.071_354_814), FloatVector(repeating: -1.595_769_1))
  return x * cubic
}

/// `GradientKernels.GELUBackward`. With s = 1 / (1 + e^-2u), the derivative of x s is s + x s (1 - s) 2 u'.
func geluBackward(
  _ x: UnsafePointer<Float>, _ count: Int, _ gradient: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i &+ 16 <= count {
    gradient.store(gradient.vector(i) * geluDerivative(x.vector(i)), at: i)
    i &+= 16
  }
  if i < count {
    var rest = FloatVector.zero
    for lane in 0..<(count &- i) { rest[lane] = x[i &+ lane] }
    let values = geluDerivative(rest)
    for lane in 0..<(count &- i) { gradient[i &+ lane] *= values[lane] }
  }
}

/// Beyond 20 the derivative is exactly 0 or 1, and x^2 must not overflow.
@inline(__always) private func geluDerivative(_ value: FloatVector) -> FloatVector {
  let low = FloatVector(repeating: -20)
  let high = FloatVector(repeating: 20)
  let x = value.replacing(with: low, where: value .< low)
    .replacing(with: high, where: value .> high)
  let one = FloatVector(repeating: 1)
  let s = one / (exponential(minusTwoU(x)) + one)
  let slope = multiplyAdd(
    x * x, FloatVector(repeating: 0.214_064_45), FloatVector(repeating: 1.595_769_1))
  return multiplyAdd(x * s * (one - s), slope, s)
}
