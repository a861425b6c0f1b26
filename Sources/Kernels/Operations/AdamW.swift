import CPlatform

// AdamW (arXiv 1711.05101, algorithm 2) as torch.optim.AdamW computes it:
//
//     p = p (1 - rate decay)
//     m = m + (1 - beta1) (g - m)
//     v = beta2 v + (1 - beta2) g^2
//     p = p - rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
//
// Operators are written out and not fused, so that every instruction set rounds alike.

/// What is below counts as zero: numbers that no step can show (see `AdamW.Options.epsilon`) and that
/// would end as subnormals, which CPUs compute a hundred times slower. A row of an embedding that was
/// used once gets there after 800 steps.
private let smallestGradient: Float = 0x1p-56
private let smallestFirst: Float = 0x1p-100
private let smallestSecond: Float = 0x1p-120

/// The constants in registers.
private struct Constants {
  let scale, firstWeight, secondDecay, secondWeight, decay, size, correction, epsilon: FloatVector

  @inline(__always) init(_ p: UnsafePointer<Float>) {
    scale = p.broadcast(0)
    firstWeight = p.broadcast(1)
    secondDecay = p.broadcast(2)
    secondWeight = p.broadcast(3)
    decay = p.broadcast(4)
    size = p.broadcast(5)
    correction = p.broadcast(6)
    epsilon = p.broadcast(7)
  }

  /// The moments with gradient `raw`, and the parameter after the step.
  @inline(__always) func step(
    _ parameter: FloatVector, _ raw: FloatVector, _ m: FloatVector, _ v: FloatVector
  ) -> (parameter: FloatVector, m: FloatVector, v: FloatVector) {
    let g = flushed(raw * scale, smallestGradient)
    let first = flushed(m + firstWeight * (g - m), smallestFirst)
    let second = flushed(v * secondDecay + secondWeight * g * g, smallestSecond)
    let root = emend_square_roots(second) / correction + epsilon
    return (parameter * decay - size * (first / root), first, second)
  }
}

/// 0 where |x| is not above `smallest`; NaN stays.
@inline(__always) private func flushed(_ x: FloatVector, _ smallest: Float) -> FloatVector {
  emend_where_at_least(FloatVector(repeating: smallest), magnitude(x), FloatVector.zero, x)
}

/// `OptimizerKernels.AdamStep`.
func adamStep(
  _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
  _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, _ count: Int,
  _ constants: UnsafePointer<Float>
) {
  let rule = Constants(constants)
  var i = 0
  while i < count {
    let next = rule.step(
      parameters.vector(i), gradients.vector(i), first.vector(i), second.vector(i))
    parameters.store(next.parameter, at: i)
    first.store(next.m, at: i)
    second.store(next.v, at: i)
    gradients.store(FloatVector.zero, at: i)
    i &+= 16
  }
}

/// `OptimizerKernels.SumOfSquares`. The square of a float is exact in double precision; the sums are
/// taken in the same order everywhere.
func sumOfSquares(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
  var low = SIMD8<Double>.zero
  var high = SIMD8<Double>.zero
  var i = 0
  while i < count {
    let v = values.vector(i)
    let a = doubles(v.lowHalf)
    let b = doubles(v.highHalf)
    low += a * a
    high += b * b
    i &+= 16
  }
  let eight = low + high
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

@inline(__always) private func doubles(_ v: SIMD8<Float>) -> SIMD8<Double> {
  var r = SIMD8<Double>()
  for i in 0..<8 { r[i] = Double(v[i]) }
  return r
}

/// `OptimizerKernels.AdamStepBytes`. A step uses the moments before they are rounded.
func adamStepBytes(
  _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
  _ firstCodes: UnsafeMutablePointer<UInt8>, _ firstScales: UnsafeMutablePointer<Float>,
  _ secondCodes: UnsafeMutablePointer<UInt8>, _ secondScales: UnsafeMutablePointer<Float>,
  _ count: Int, _ constants: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let rule = Constants(constants)
  var start = 0
  var block = 0
  while start < count {
    let end = min(start &+ 256, count)
    let firstScale = FloatVector(repeating: firstScales[block])
    let secondScale = FloatVector(repeating: secondScales[block])
    var firstPeak = FloatVector.zero
    var secondPeak = FloatVector.zero
    var i = start
    while i < end {
      let next = rule.step(
        parameters.vector(i), gradients.vector(i), decodeSigned(firstCodes + i) * firstScale,
        decodeUnsigned(secondCodes + i) * secondScale)
      parameters.store(next.parameter, at: i)
      gradients.store(FloatVector.zero, at: i)
      scratch.store(next.m, at: i &- start)
      scratch.store(next.v, at: i &- start &+ 256)
      firstPeak = maximum(firstPeak, magnitude(next.m))
      secondPeak = maximum(secondPeak, next.v)
      i &+= 16
    }
    // A NaN is no peak: it is stored as some code, and the parameter is NaN already.
    let m = largest(firstPeak)
    let v = largest(secondPeak)
    firstScales[block] = m
    secondScales[block] = v
    let firstFactor = FloatVector(repeating: m > 0 ? 1 / m : 0)
    let secondFactor = FloatVector(repeating: v > 0 ? 1 / v : 0)
    i = start
    while i < end {
      encodeSigned(scratch.vector(i &- start) * firstFactor, firstCodes + i)
      encodeUnsigned(scratch.vector(i &- start &+ 256), secondFactor, secondCodes + i)
      i &+= 16
    }
    start = end
    block &+= 1
  }
}

/// `OptimizerKernels.DecodeMoments`.
func decodeMoments(
  _ codes: UnsafePointer<UInt8>, _ scales: UnsafePointer<Float>, _ count: Int, _ isSecond: Bool,
  _ out: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i < count {
    let scale = FloatVector(repeating: scales[i / 256])
    out.store((isSecond ? decodeUnsigned(codes + i) : decodeSigned(codes + i)) * scale, at: i)
    i &+= 16
  }
}
