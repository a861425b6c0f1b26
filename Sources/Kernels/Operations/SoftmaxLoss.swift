// The softmax over a vocabulary, for losses: rows of tens of thousands of numbers.

/// `GradientKernels.SoftmaxSums`. Four chains, so that none of them adds more than a sixty-fourth of a
/// row.
func softmaxSums(
  _ values: UnsafePointer<Float>, _ count: Int, _ largestOut: UnsafeMutablePointer<Float>,
  _ sumOut: UnsafeMutablePointer<Float>
) {
  var peak = values[0]
  if count >= 16 {
    var peaks = values.vector()
    var i = 16
    while i &+ 16 <= count {
      peaks = maximum(peaks, values.vector(i))
      i &+= 16
    }
    peak = largest(peaks)
  }
  var i = count & ~15
  while i < count {
    if peak < values[i] { peak = values[i] }
    i &+= 1
  }
  let top = FloatVector(repeating: peak)
  var a = FloatVector.zero
  var b = FloatVector.zero
  var c = FloatVector.zero
  var d = FloatVector.zero
  i = 0
  while i &+ 64 <= count {
    a += exponentialOfNegative(values.vector(i) - top)
    b += exponentialOfNegative(values.vector(i &+ 16) - top)
    c += exponentialOfNegative(values.vector(i &+ 32) - top)
    d += exponentialOfNegative(values.vector(i &+ 48) - top)
    i &+= 64
  }
  while i &+ 16 <= count {
    a += exponentialOfNegative(values.vector(i) - top)
    i &+= 16
  }
  if i < count {
    let rest = exponentialOfNegative(partial(values + i, count &- i) - top)
    for lane in 0..<(count &- i) { b[lane] += rest[lane] }
  }
  largestOut.pointee = peak
  sumOut.pointee = sum((a + b) + (c + d))
}

/// `GradientKernels.SoftmaxScaled`.
func softmaxScaled(
  _ values: UnsafeMutablePointer<Float>, _ count: Int, _ peak: Float, _ factor: Float
) {
  let top = FloatVector(repeating: peak)
  let factors = FloatVector(repeating: factor)
  var i = 0
  while i &+ 16 <= count {
    values.store(exponentialOfNegative(values.vector(i) - top) * factors, at: i)
    i &+= 16
  }
  if i < count {
    let rest = exponentialOfNegative(partial(UnsafePointer(values) + i, count &- i) - top) * factors
    for lane in 0..<(count &- i) { values[i &+ lane] = rest[lane] }
  }
}

/// `GradientKernels.SoftmaxDifference`.
func softmaxDifference(
  _ student: UnsafeMutablePointer<Float>, _ teacher: UnsafePointer<Float>, _ count: Int,
  _ studentPeak: Float, _ studentSum: Float, _ teacherPeak: Float, _ teacherSum: Float,
  _ studentFactor: Float, _ teacherFactor: Float
) -> Float {
  let studentTop = FloatVector(repeating: studentPeak)
  let teacherTop = FloatVector(repeating: teacherPeak)
  let studentPart = FloatVector(repeating: studentFactor / studentSum)
  let teacherPart = FloatVector(repeating: 1 / teacherSum)
  let factor = FloatVector(repeating: -teacherFactor)
  var total = FloatVector.zero
  var i = 0
  while i &+ 16 <= count {
    let s = student.vector(i) - studentTop
    let t = teacher.vector(i) - teacherTop
    let p = exponentialOfNegative(t) * teacherPart
    total = multiplyAdd(p, t - s, total)
    student.store(multiplyAdd(factor, p, exponentialOfNegative(s) * studentPart), at: i)
    i &+= 16
  }
  if i < count {
    let s = partial(UnsafePointer(student) + i, count &- i) - studentTop
    let t = partial(teacher + i, count &- i) - teacherTop
    let p = exponentialOfNegative(t) * teacherPart
    let q = multiplyAdd(factor, p, exponentialOfNegative(s) * studentPart)
    for lane in 0..<(count &- i) {
      total[lane] += p[lane] * (t[lane] - s[lane])
      student[i &+ lane] = q[lane]
    }
  }
  return sum(total)
}

/// `count` values, and zeros.
@inline(__always) private func partial(_ p: UnsafePointer<Float>, _ count: Int) -> FloatVector {
  var v = FloatVector.zero
  for lane in 0..<count { v[lane] = p[lane] }
  return v
}
