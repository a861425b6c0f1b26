// The values that a block format can express, value = d q + m with an integer q, as the searches for
// the best block see them: one source for all formats. Q4_0 and Q8_0 have m = 0.

/// The codes of a format.
protocol CodeGrid {
  static var lowest: Float { get }
  static var highest: Float { get }
  /// Whether a block has an m.
  static var hasMinimum: Bool { get }
  /// Steps that are worth trying for a block.
  static var candidateCount: Int { get }
  /// Step number `index` for a block with that extreme element and range.
  static func candidate(
    _ index: Int, _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step
  /// The step that the reference quantizer takes.
  static func reference(
    _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step
  /// Bytes of a block.
  static var blockBytes: Int { get }
  /// Reads `count` blocks, `rowBytes` apart, into a tile of codes; lanes past `count` are zero.
  static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step
  /// Writes blocks from their steps and a function that gives their codes.
  static func store(
    _ step: Step, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>, code: (Int) -> FloatVector)
}

/// The scale and offset of sixteen blocks.
struct Step {
  var d: FloatVector
  var m: FloatVector

  /// As blocks store it: nearest finite halves.
  @inline(__always) var asHalves: Step { Step(d: nearestHalf(d), m: nearestHalf(m)) }

  /// `other` in the lanes of `mask`.
  @inline(__always) func replaced(with other: Step, where mask: SIMDMask<IntVector>) -> Step {
    Step(d: select(mask, other.d, d), m: select(mask, other.m, m))
  }
}

extension CodeGrid {
  /// The code nearest to x, given 1 / d.
  @inline(__always) static func code(
    _ x: FloatVector, _ inverse: FloatVector, _ m: FloatVector
  ) -> FloatVector {
    let scaled = hasMinimum ? (x - m) * inverse : x * inverse
    return minimum(
      maximum(rounded(scaled), FloatVector(repeating: lowest)), FloatVector(repeating: highest))
  }

  /// What code q stands for.
  @inline(__always) static func value(_ q: FloatVector, _ step: Step) -> FloatVector {
    hasMinimum ? multiplyAdd(q, step.d, step.m) : q * step.d
  }
}

enum Q4_0Grid: CodeGrid {
  @inline(__always) static var lowest: Float { -8 }
  @inline(__always) static var highest: Float { 7 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var candidateCount: Int { 20 }

  /// The largest magnitude goes to -6.6, -6.8, ... -9.2, or, with the other sign, to 7, 7.2, ... 8.
  @inline(__always) static func candidate(
    _ index: Int, _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step {
    let fifths = index < 14 ? -33 &- index : 21 &+ index
    return Step(d: extreme / FloatVector(repeating: Float(fifths) / 5), m: .zero)
  }

  @inline(__always) static func reference(
    _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step {
    Step(d: extreme / FloatVector(repeating: -8), m: .zero)
  }

  @inline(__always) static var blockBytes: Int { 18 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadNibbleBlocks(blocks, rowBytes, count, hasMinimum, lowest, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>, code: (Int) -> FloatVector
  ) {
    storeNibbleBlocks(step.d, nil, count, out, words) { i in roundToInt(code(i)) &+ 8 }
  }
}

enum Q4_1Grid: CodeGrid {
  @inline(__always) static var lowest: Float { 0 }
  @inline(__always) static var highest: Float { 15 }
  @inline(__always) static var hasMinimum: Bool { true }
  @inline(__always) static var candidateCount: Int { 36 }

  /// The smallest element goes to 0.5, 0.1, -0.3, ... -1.5 and the largest to as much past 15.
  @inline(__always) static func candidate(
    _ index: Int, _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step {
    let low = Float(index % 6) * 0.4 - 0.5
    let high = Float(index / 6) * 0.4 - 0.5
    let d = (largest - smallest) / FloatVector(repeating: 15 + low + high)
    return Step(d: d, m: multiplyAdd(d, FloatVector(repeating: low), smallest))
  }

  @inline(__always) static func reference(
    _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step {
    Step(d: (largest - smallest) / FloatVector(repeating: 15), m: smallest)
  }

  @inline(__always) static var blockBytes: Int { 20 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadNibbleBlocks(blocks, rowBytes, count, hasMinimum, lowest, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>, code: (Int) -> FloatVector
  ) {
    storeNibbleBlocks(step.d, step.m, count, out, words) { i in roundToInt(code(i)) }
  }
}

/// Without -128, which the reference never writes either.
enum Q8_0Grid: CodeGrid {
  @inline(__always) static var lowest: Float { -127 }
  @inline(__always) static var highest: Float { 127 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var candidateCount: Int { 16 }

  /// The largest magnitude goes to 127.5, 127, ... 120.
  @inline(__always) static func candidate(
    _ index: Int, _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step {
    Step(
      d: magnitude(extreme) / FloatVector(repeating: 127.5 - Float(index) * 0.5), m: .zero)
  }

  @inline(__always) static func reference(
    _ extreme: FloatVector, _ smallest: FloatVector, _ largest: FloatVector
  ) -> Step {
    Step(d: magnitude(extreme) / FloatVector(repeating: 127), m: .zero)
  }

  @inline(__always) static var blockBytes: Int { 34 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadByteBlocks(blocks, rowBytes, count, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>, code: (Int) -> FloatVector
  ) {
    storeByteBlocks(step.d, count, out, words) { i in roundToInt(code(i)) }
  }
}
