import CLimits
import TensorKernels

/// What bounds a kernel: the machine's bandwidth or its arithmetic.
public enum Limit: Sendable {
  /// Reading `bytes` of memory, a gigabyte at most: the size decides which cache they come from.
  case stream(bytes: Int)
  /// Multiply-adds of f32.
  case multiplyAdd
  /// Products u8 x i8, summed.
  case integerDot
  /// Products bf16 x bf16, summed in f32.
  case brainDot

  /// What a rate counts, in thousand millions a second.
  public var unit: String {
    switch self {
    case .stream: "GB/s"
    case .integerDot: "GOP/s"
    case .multiplyAdd, .brainDot: "GFLOP/s"
    }
  }

  /// As a reader of the table knows it.
  public var name: String {
    switch self {
    case .stream(let bytes): "sum of \(min(bytes, LimitMeter.memoryBytes) >> 20) MB"
    case .multiplyAdd: "multiply-add peak"
    case .integerDot: "integer dot peak"
    case .brainDot: "bf16 dot peak"
    }
  }
}

/// Measures limits on the threads of a pool, with the instructions the kernels may use.
public final class LimitMeter {
  private let pool: ThreadPool
  private let instructions: Int32
  private let arena = Arena()
  private let memory: UnsafeMutableRawPointer
  static let memoryBytes = 1 << 30

  /// Allocates the gigabyte that `Limit.stream` reads.
  public init(_ set: InstructionSet, pool: ThreadPool) {
    self.pool = pool
    instructions =
      switch set {
      // Of Arm the limit of floats is measured; that of dot products is not there yet.
      case .portable, .neon, .i8mm: Int32(LimitsPortable.rawValue)
      case .avx2: Int32(LimitsAVX2.rawValue)
      case .avx512: Int32(LimitsAVX512.rawValue)
      case .avx512bf16: Int32(LimitsAVX512BF16.rawValue)
      }
    memory = arena.allocate(bytes: LimitMeter.memoryBytes)
  }

  /// One measurement of about `seconds`, in units of `limit` a second (bytes or operations).
  public func rate(_ limit: Limit, seconds: Double) -> Double {
    switch limit {
    case .stream(let bytes):
      let size = min(bytes, LimitMeter.memoryBytes)
      let passes = max(1, Int(seconds * 3e10) / size)
      return rate(of: Double(passes * size)) { [self] worker in
        for share in worker.portions(of: size, unit: 4096) {
          for _ in 0..<passes {
            keep(limits_sum(instructions, memory + share.lowerBound, share.count & ~255))
          }
        }
      }
    case .multiplyAdd:
      return arithmetic(limits_multiply_add_operations(instructions), seconds) { [self] steps in
        keep(limits_multiply_add(instructions, steps))
      }
    case .integerDot:
      return arithmetic(limits_integer_dot_operations(instructions), seconds) { [self] steps in
        keep(limits_integer_dot(instructions, steps))
      }
    case .brainDot:
      return arithmetic(limits_brain_dot_operations(instructions), seconds) { [self] steps in
        keep(limits_brain_dot(instructions, steps))
      }
    }
  }

  /// Steps of twelve chains take six or twelve cycles.
  private func arithmetic(_ operations: Int, _ seconds: Double, _ body: (Int) -> Void) -> Double {
    let steps = Int(seconds * 3e8)
    return rate(of: Double(steps * operations * pool.threadCount)) { worker in
      for _ in worker.portions(of: pool.threadCount) { body(steps) }
    }
  }

  private func rate(of amount: Double, _ body: (Worker) -> Void) -> Double {
    let time = ContinuousClock().measure { pool.run(body) }
    return amount / (time / .seconds(1))
  }
}

/// Makes `value` count, so that what computed it must run.
@inline(never) func keep<T>(_ value: T) {}
