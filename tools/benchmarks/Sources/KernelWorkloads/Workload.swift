import TensorKernels

/// A kernel at one shape, and what it is judged against.
public struct Workload: Sendable {
  /// The operation and the format, such as "matmul q4_0".
  public let name: String
  /// Sizes.
  public let shape: String
  /// What bounds it.
  public let limit: Limit
  /// Bytes or operations (as `limit` counts) of one run.
  public let amount: Double
  /// Allocates what a run needs and returns the run, on all threads of the pool. Keep the arena while
  /// it is used.
  public let prepare: @Sendable (InstructionSet, ThreadPool, Arena) -> () -> Void

  /// Every workload that `set` has kernels for.
  public static func all(_ set: InstructionSet) -> [Workload] {
    matrixMatrix + matrixVector + fewRows + linearF32 + linearBackward + linearBytes
      + (set.kernels.linearGradients.linearTransposedSlices == nil ? [] : linearSlices)
      + (set.kernels.brain == nil ? [] : brainLinear) + attention + rows + packing
  }
}

/// The same numbers in every run: xorshift64 (Marsaglia, 2003).
struct FixedNumbers {
  private var state: UInt64 = 88_172_645_463_325_252

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Words that are small finite numbers as f32 and as pairs of f16 or bf16, and any codes.
  mutating func fill(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    let words = memory.assumingMemoryBound(to: UInt32.self)
    for i in 0..<byteCount / 4 { words[i] = UInt32(truncatingIfNeeded: next()) & 0x3FFF_3FFF }
  }

  /// Bytes that are ordinary exponents, and codes at that: those of `fill` would be numbers below the normal
  /// ones, which the processor multiplies slowly.
  mutating func fillExponents(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    let words = memory.assumingMemoryBound(to: UInt32.self)
    for i in 0..<byteCount / 4 {
      words[i] = UInt32(truncatingIfNeeded: next()) & 0x0707_0707 | 0x7878_7878
    }
  }

  /// Floats in -1..<1.
  mutating func floats(_ memory: Arena, _ count: Int) -> UnsafeMutablePointer<Float> {
    let values = memory.allocate(Float.self, count)
    for i in 0..<count { values[i] = Float(Int64(bitPattern: next()) >> 40) * 0x1p-23 }
    return values
  }
}
