// What differs between the integer formats: where a block's codes are, and what its scales and minima
// make of their dot product. How the dot product itself is taken differs between the instruction sets:
// BlockDots.swift and BlockDotsAVX2.swift.

/// A block of 32 columns of sixteen rows: a header with the rows' scales (and minima), then the codes.
protocol IntegerBlock {
  /// Bytes of the 16 rows' scales (and minima).
  static var headerBytes: Int { get }
  /// Bytes of the 16 rows' codes.
  static var codeBytes: Int { get }
  associatedtype Header
  static func header(_ p: UnsafeRawPointer) -> Header
  /// acc + scale of the activations * (scale of the weights * dot), and the minimum's part.
  static func add(
    _ acc: FloatVector, _ dot: IntVector, _ header: Header, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector

  #if KERNELS_AVX2
    associatedtype Dot: BlockDot
  #else
    static func codes(_ p: UnsafeRawPointer) -> BlockCodes
    static func dot(_ acc: IntVector, _ codes: WordVector, _ values: IntVector) -> IntVector
    /// What the dot product starts from, so that the weights' zero point costs nothing.
    static func start(_ offset: IntVector) -> IntVector
  #endif
}

enum Q4_0Block: IntegerBlock {
  static let headerBytes = 32
  static let codeBytes = 256
  @inline(__always) static func header(_ p: UnsafeRawPointer) -> FloatVector { halves(p) }
  @inline(__always) static func add(
    _ acc: FloatVector, _ dot: IntVector, _ d: FloatVector, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector { multiplyAdd(toFloat(dot) * d, scale, acc) }

  #if KERNELS_AVX2
    typealias Dot = NibbleDot
  #else
    @inline(__always) static func codes(_ p: UnsafeRawPointer) -> BlockCodes { nibbles(p) }
    @inline(__always) static func dot(_ x: IntVector, _ c: WordVector, _ a: IntVector) -> IntVector
    {
      dotCodes(x, c, a)
    }
    @inline(__always) static func start(_ offset: IntVector) -> IntVector { offset }
  #endif
}

enum Q4_1Block: IntegerBlock {
  static let headerBytes = 64
  static let codeBytes = 256
  struct Minimum {
    let d: FloatVector
    let m: FloatVector
  }
  @inline(__always) static func header(_ p: UnsafeRawPointer) -> Minimum {
    Minimum(d: halves(p), m: halves(p + 32))
  }
  @inline(__always) static func add(
    _ acc: FloatVector, _ dot: IntVector, _ h: Minimum, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector {
    multiplyAdd(h.m, offset, multiplyAdd(toFloat(dot) * h.d, scale, acc))
  }

  #if KERNELS_AVX2
    typealias Dot = UnsignedNibbleDot
  #else
    @inline(__always) static func codes(_ p: UnsafeRawPointer) -> BlockCodes { nibbles(p) }
    @inline(__always) static func dot(_ x: IntVector, _ c: WordVector, _ a: IntVector) -> IntVector
    {
      dotCodes(x, c, a)
    }
    @inline(__always) static func start(_ offset: IntVector) -> IntVector { .zero }
  #endif
}

enum Q8_0Block: IntegerBlock {
  static let headerBytes = 32
  static let codeBytes = 512
  @inline(__always) static func header(_ p: UnsafeRawPointer) -> FloatVector { halves(p) }
  @inline(__always) static func add(
    _ acc: FloatVector, _ dot: IntVector, _ d: FloatVector, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector { multiplyAdd(toFloat(dot) * d, scale, acc) }

  #if KERNELS_AVX2
    typealias Dot = ByteDot
  #else
    @inline(__always) static func codes(_ p: UnsafeRawPointer) -> BlockCodes {
      BlockCodes(
        c0: p.words(0), c1: p.words(64), c2: p.words(128), c3: p.words(192), c4: p.words(256),
        c5: p.words(320), c6: p.words(384), c7: p.words(448))
    }
    @inline(__always) static func dot(_ x: IntVector, _ c: WordVector, _ a: IntVector) -> IntVector
    {
      dotCodes(x, c, a)
    }
    @inline(__always) static func start(_ offset: IntVector) -> IntVector { offset }
  #endif
}
