import KernelInterface
import TensorKernels

/// The moments of an `AdamW`: of each range those of its parameters in their order, in whole blocks of
/// `OptimizerKernels.momentBlock`.
struct MomentStorage {
  private let kind: AdamW.Kind
  /// Floats, or codes.
  private let firstValues: PageBuffer
  private let secondValues: PageBuffer
  /// One float for each block; empty where the values are floats.
  private let firstBlocks: PageBuffer
  private let secondBlocks: PageBuffer

  /// `count` parameters in whole blocks.
  static func wholeBlocks(_ count: Int) -> Int {
    let block = OptimizerKernels.momentBlock
    return (count + block - 1) / block * block
  }

  /// Zeros.
  init(_ kind: AdamW.Kind, count: Int) throws(KernelError) {
    self.kind = kind
    let isByte = kind == .eightBit
    let scales = isByte ? count / OptimizerKernels.momentBlock * 4 : 0
    firstValues = try PageBuffer(byteCount: isByte ? count : count * 4)
    secondValues = try PageBuffer(byteCount: isByte ? count : count * 4)
    firstBlocks = try PageBuffer(byteCount: scales)
    secondBlocks = try PageBuffer(byteCount: scales)
  }

  var first: UnsafeMutablePointer<Float> { firstValues.elements() }
  var second: UnsafeMutablePointer<Float> { secondValues.elements() }
  var firstCodes: UnsafeMutablePointer<UInt8> { firstValues.elements() }
  var secondCodes: UnsafeMutablePointer<UInt8> { secondValues.elements() }
  var firstScales: UnsafeMutablePointer<Float> { firstBlocks.elements() }
  var secondScales: UnsafeMutablePointer<Float> { secondBlocks.elements() }

  var byteCount: Int { buffers.reduce(0) { $0 + $1.1.byteCount } }

  /// What has to be kept for another day.
  var buffers: [(name: String, PageBuffer)] {
    let values = [("first", firstValues), ("second", secondValues)]
    guard kind == .eightBit else { return values }
    return values + [("first.scales", firstBlocks), ("second.scales", secondBlocks)]
  }
}

extension AdamW {
  /// Bytes that the moments take.
  public var stateByteCount: Int { moments.byteCount }

  /// The moments as they lie in memory, by name, to be saved or to be overwritten with what was saved.
  /// Their sizes depend on `Options.kind` and the ranges alone. Valid while the optimizer lives.
  package var state: [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
    moments.buffers.map { name, buffer in
      (
        "adamw." + name,
        UnsafeMutableRawBufferPointer(start: buffer.address, count: buffer.byteCount)
      )
    }
  }

  /// Bytes that a block of parameters has in the part of `state` that is called so.
  func blockByteCount(of name: String) -> Int {
    if name.hasSuffix(".scales") { return 4 }
    return options.kind == .eightBit
      ? OptimizerKernels.momentBlock : 4 * OptimizerKernels.momentBlock
  }

  /// Bytes of moments that `kind` needs for ranges of these sizes, for memory plans.
  public static func stateByteCount(_ kind: Kind, parameterCounts: [Int]) -> Int {
    let count = parameterCounts.reduce(0) { $0 + MomentStorage.wholeBlocks($1) }
    switch kind {
    case .f32: return 8 * count
    case .eightBit: return 2 * count + 8 * count / OptimizerKernels.momentBlock
    }
  }
}
