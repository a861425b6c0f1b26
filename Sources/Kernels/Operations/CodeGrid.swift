// The values that a block format can express, value = d q + m with an integer q, as the searches for
// the best block see them: one source for all formats. Q4_0 and Q8_0 have m = 0.

/// The codes of a format.
protocol CodeGrid {
  static var lowest: Float { get }
  static var highest: Float { get }
  /// Whether a block has an m.
  static var hasMinimum: Bool { get }
  /// What is divided to get d.
  static func extent(_ shape: BlockShape) -> FloatVector
  /// The reference quantizer's d is the extent over this; its m, if any, the smallest element.
  static var referenceSpan: Float { get }
  /// Steps that are worth trying for a block; an even number.
  static var candidateCount: Int { get }
  /// Step number `index`: d is the extent over `span`, m the smallest element and `low` times d.
  static func candidate(_ index: Int) -> (span: Float, low: Float)
  /// Whether the candidates' steps are so large that no code goes beyond the ends.
  static var candidatesFit: Bool { get }
  /// How often the best candidate is refined; more changes next to nothing.
  static var refinements: Int { get }
  /// Bytes of a block.
  static var blockBytes: Int { get }
  /// Reads `count` blocks, `rowBytes` apart, into a tile of codes; lanes past `count` are zero.
  static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step
  /// Writes blocks from their steps and a tile of their codes.
  static func store(
    _ step: Step, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>)
}

/// What steps are derived from, of sixteen blocks.
struct BlockShape {
  /// The first element of largest magnitude.
  var extreme: FloatVector
  var smallest: FloatVector
  var largest: FloatVector

  @_transparent init(_ tile: UnsafePointer<Float>) {
    extreme = firstExtreme(tile)
    (smallest, largest) = range(tile)
  }
}

/// The scale and offset of sixteen blocks.
struct Step {
  var d: FloatVector
  var m: FloatVector

  /// As blocks store it: nearest finite halves.
  @_transparent var asHalves: Step { Step(d: nearestHalf(d), m: nearestHalf(m)) }

  /// `other` in the lanes of `mask`.
  @_transparent func replaced(with other: Step, where mask: SIMDMask<IntVector>) -> Step {
    Step(d: select(mask, other.d, d), m: select(mask, other.m, m))
  }
}

/// The code nearest to x, given 1 / d.
///
/// Transparent, as what else the search's loops need is: `@inline(__always)` is not always heeded
/// here, and a call, which spills all vectors and takes its arguments in quarters, was a third of the
/// time.
@_transparent func nearestCode<G: CodeGrid>(
  _: G.Type, _ x: FloatVector, _ inverse: FloatVector, _ m: FloatVector
) -> FloatVector {
  nearestCode(G.self, scaled: G.hasMinimum ? (x - m) * inverse : x * inverse)
}

/// The code nearest to a multiple of d.
@_transparent func nearestCode<G: CodeGrid>(
  _: G.Type, scaled: FloatVector
) -> FloatVector {
  minimum(
    maximum(rounded(scaled), FloatVector(repeating: G.lowest)), FloatVector(repeating: G.highest))
}

extension CodeGrid {
  /// What code q stands for. Not fused: all instruction sets must agree.
  @_transparent static func value(_ q: FloatVector, _ step: Step) -> FloatVector {
    hasMinimum ? q * step.d + step.m : q * step.d
  }

  /// The step that the reference quantizer takes.
  @_transparent static func reference(_ shape: BlockShape) -> Step {
    Step(
      d: extent(shape) / FloatVector(repeating: referenceSpan),
      m: hasMinimum ? shape.smallest : .zero)
  }

  /// Step number `index`.
  @_transparent static func candidate(_ index: Int, _ shape: BlockShape) -> Step {
    let (span, low) = candidate(index)
    let d = extent(shape) / FloatVector(repeating: span)
    return Step(d: d, m: hasMinimum ? d * FloatVector(repeating: low) + shape.smallest : .zero)
  }
}

enum Q4_0Grid: CodeGrid {
  @inline(__always) static var lowest: Float { -8 }
  @inline(__always) static var highest: Float { 7 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var referenceSpan: Float { -8 }
  @inline(__always) static var candidateCount: Int { 12 }
  @inline(__always) static var candidatesFit: Bool { false }
  @inline(__always) static var refinements: Int { 2 }

  @inline(__always) static func extent(_ shape: BlockShape) -> FloatVector { shape.extreme }

  /// The largest magnitude goes to -6.8, -7.2, ... -9.2, or, with the other sign, to 6.7, 7, ... 7.9.
  @inline(__always) static func candidate(_ index: Int) -> (span: Float, low: Float) {
    let tenths = index < 7 ? -68 &- 4 &* index : 46 &+ 3 &* index
    return (Float(tenths) / 10, 0)
  }

  @inline(__always) static var blockBytes: Int { 18 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadNibbleBlocks(blocks, rowBytes, count, hasMinimum, lowest, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>
  ) {
    storeNibbleBlocks(step.d, nil, codes, -8, count, out, words)
  }
}

enum Q4_1Grid: CodeGrid {
  @inline(__always) static var lowest: Float { 0 }
  @inline(__always) static var highest: Float { 15 }
  @inline(__always) static var hasMinimum: Bool { true }
  @inline(__always) static var referenceSpan: Float { 15 }
  @inline(__always) static var candidateCount: Int { 26 }
  @inline(__always) static var candidatesFit: Bool { false }
  @inline(__always) static var refinements: Int { 2 }

  @inline(__always) static func extent(_ shape: BlockShape) -> FloatVector {
    shape.largest - shape.smallest
  }

  /// The smallest element goes to -0.6, -0.2, 0.2, 0.6, 1 and the largest to as much short of 15; and
  /// both to the ends.
  @inline(__always) static func candidate(_ index: Int) -> (span: Float, low: Float) {
    guard index < 25 else { return (15, 0) }
    let low = 0.6 - Float(index % 5) * 0.4
    let high = 0.6 - Float(index / 5) * 0.4
    return (15 + low + high, low)
  }

  @inline(__always) static var blockBytes: Int { 20 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadNibbleBlocks(blocks, rowBytes, count, hasMinimum, lowest, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>
  ) {
    storeNibbleBlocks(step.d, step.m, codes, 0, count, out, words)
  }
}

enum Q5_0Grid: CodeGrid {
  @inline(__always) static var lowest: Float { -16 }
  @inline(__always) static var highest: Float { 15 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var referenceSpan: Float { -16 }
  @inline(__always) static var candidateCount: Int { 12 }
  @inline(__always) static var candidatesFit: Bool { false }
  @inline(__always) static var refinements: Int { 2 }

  @inline(__always) static func extent(_ shape: BlockShape) -> FloatVector { shape.extreme }

  /// The largest magnitude goes to -14.8, -15.2, ... -17.2, or, with the other sign, to 14.6, 15, ... 16.2.
  @inline(__always) static func candidate(_ index: Int) -> (span: Float, low: Float) {
    let tenths = index < 7 ? -148 &- 4 &* index : 118 &+ 4 &* index
    return (Float(tenths) / 10, 0)
  }

  @inline(__always) static var blockBytes: Int { 22 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadFiveBitBlocks(blocks, rowBytes, count, hasMinimum, lowest, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>
  ) {
    storeFiveBitBlocks(step.d, nil, codes, -16, count, out, words)
  }
}

enum Q5_1Grid: CodeGrid {
  @inline(__always) static var lowest: Float { 0 }
  @inline(__always) static var highest: Float { 31 }
  @inline(__always) static var hasMinimum: Bool { true }
  @inline(__always) static var referenceSpan: Float { 31 }
  @inline(__always) static var candidateCount: Int { 26 }
  @inline(__always) static var candidatesFit: Bool { false }
  @inline(__always) static var refinements: Int { 2 }

  @inline(__always) static func extent(_ shape: BlockShape) -> FloatVector {
    shape.largest - shape.smallest
  }

  /// As Q4_1's, with 31 in the place of 15.
  @inline(__always) static func candidate(_ index: Int) -> (span: Float, low: Float) {
    guard index < 25 else { return (31, 0) }
    let low = 0.6 - Float(index % 5) * 0.4
    let high = 0.6 - Float(index / 5) * 0.4
    return (31 + low + high, low)
  }

  @inline(__always) static var blockBytes: Int { 24 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadFiveBitBlocks(blocks, rowBytes, count, hasMinimum, lowest, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>
  ) {
    storeFiveBitBlocks(step.d, step.m, codes, 0, count, out, words)
  }
}

/// Without -128, which the reference never writes either.
enum Q8_0Grid: CodeGrid {
  @inline(__always) static var lowest: Float { -127 }
  @inline(__always) static var highest: Float { 127 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var referenceSpan: Float { 127 }
  @inline(__always) static var candidateCount: Int { 14 }
  @inline(__always) static var candidatesFit: Bool { true }
  @inline(__always) static var refinements: Int { 1 }

  @inline(__always) static func extent(_ shape: BlockShape) -> FloatVector {
    magnitude(shape.extreme)
  }

  /// The largest magnitude goes to 127.4, 126.9, ... 120.9.
  @inline(__always) static func candidate(_ index: Int) -> (span: Float, low: Float) {
    (127.4 - Float(index) * 0.5, 0)
  }

  @inline(__always) static var blockBytes: Int { 34 }

  @inline(__always) static func load(
    _ blocks: UnsafeRawPointer, _ rowBytes: Int, _ count: Int,
    _ codes: UnsafeMutablePointer<Float>
  ) -> Step {
    loadByteBlocks(blocks, rowBytes, count, codes)
  }

  @inline(__always) static func store(
    _ step: Step, _ codes: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
    _ words: UnsafeMutablePointer<UInt32>
  ) {
    storeByteBlocks(step.d, codes, count, out, words)
  }
}
