import KernelInterface

// What differs between the integer formats: where a block's codes are, and what its scales and minima
// make of their dot product. How the dot product itself is taken differs between the instruction sets:
// BlockDots.swift and BlockDotsAVX2.swift.

/// A block of 32 columns of sixteen rows, by itself or one of the eight of a superblock.
struct BlockPlace {
  /// Where the block or superblock begins.
  let start: UnsafeRawPointer
  /// The block's number in its superblock.
  let index: Int
}

/// The dot products of a block's sixteen rows with a row of activations.
struct BlockSums {
  /// Of the first 16 columns, where the format's scales are of 16.
  let firstHalf: IntVector
  /// Of the other 16 columns; of all 32 where scales are of a block.
  let last: IntVector
}

/// A format of blocks of 32 columns, sixteen rows together (see `PackedLayout`).
protocol IntegerBlock {
  /// Bytes of a block, those of its superblock's header shared out.
  static var blockBytes: Int { get }
  /// Block `b` of a group.
  static func place(_ group: UnsafeRawPointer, _ b: Int) -> BlockPlace
  /// Whether each half of a block has a scale of its own; then it has two offsets.
  static var hasHalves: Bool { get }
  /// Whether the bits of a code lie in two places: then the processor's own prefetching, which sees several
  /// streams in a page, does not follow one row of activations.
  static var isScattered: Bool { get }

  associatedtype Header
  static func header(_ place: BlockPlace) -> Header
  /// acc + scale of the activations * (scale of the weights * dot), and the minimum's part.
  static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ header: Header, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector

  #if KERNELS_AVX2
    associatedtype Dot: BlockDot
  #else
    static func codes(_ place: BlockPlace) -> BlockCodes
    /// What the dot product starts from, so that the weights' zero point costs nothing.
    static func start(_ offset: IntVector) -> IntVector
  #endif
}

extension IntegerBlock {
  @inline(__always) static var isScattered: Bool { false }
  @inline(__always) static var hasHalves: Bool { false }
  /// Numbers of offsets for each row of activations.
  @inline(__always) static var offsetCount: Int { hasHalves ? 2 : 1 }

  #if !KERNELS_AVX2
    @inline(__always) static func start(_ offset: IntVector) -> IntVector { offset }
  #endif
}

/// A scale for every 32 columns, and a zero point in the middle.
protocol ScaledBlock: IntegerBlock where Header == FloatVector {}

extension ScaledBlock {
  @inline(__always) static func place(_ group: UnsafeRawPointer, _ b: Int) -> BlockPlace {
    BlockPlace(start: group + b &* blockBytes, index: 0)
  }

  @inline(__always) static func header(_ place: BlockPlace) -> FloatVector { halves(place.start) }

  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ d: FloatVector, _ scale: FloatVector,
    _ offset: FloatVector
  ) -> FloatVector { multiplyAdd(toFloat(sums.last) * d, scale, acc) }
}

enum Q4_0Block: ScaledBlock {
  @inline(__always) static var blockBytes: Int { 288 }

  #if KERNELS_AVX2
    typealias Dot = NibbleDot<Q4_0Nibbles>
  #else
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      nibbles(place.start + 32)
    }
  #endif
}

enum Q8_0Block: ScaledBlock {
  @inline(__always) static var blockBytes: Int { 544 }

  #if KERNELS_AVX2
    typealias Dot = ByteDot<Q8_0Bytes>
  #else
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      let p = place.start + 32
      return BlockCodes(
        c0: p.words(0), c1: p.words(64), c2: p.words(128), c3: p.words(192), c4: p.words(256),
        c5: p.words(320), c6: p.words(384), c7: p.words(448))
    }
  #endif
}

/// A scale and a minimum for every 32 columns; `m` is what the minimum adds for each unit of activations. A
/// tuple: the metadata of a type of this size would bring weak functions into the object.
typealias Affine = (d: FloatVector, m: FloatVector)

protocol AffineBlock: IntegerBlock where Header == Affine {}

extension AffineBlock {
  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ h: Affine, _ scale: FloatVector, _ offset: FloatVector
  ) -> FloatVector {
    multiplyAdd(h.m, offset, multiplyAdd(toFloat(sums.last) * h.d, scale, acc))
  }

  #if !KERNELS_AVX2
    @inline(__always) static func start(_ offset: IntVector) -> IntVector { .zero }
  #endif
}

enum Q4_1Block: AffineBlock {
  @inline(__always) static var blockBytes: Int { 320 }
  @inline(__always) static func place(_ group: UnsafeRawPointer, _ b: Int) -> BlockPlace {
    BlockPlace(start: group + b &* blockBytes, index: 0)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> Affine {
    (d: halves(place.start), m: halves(place.start + 32))
  }

  #if KERNELS_AVX2
    typealias Dot = NibbleDot<Q4_1Nibbles>
  #else
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      nibbles(place.start + 64)
    }
  #endif
}

/// Q4_K and Q5_K: scale and minimum in 6 bits, of which the superblock has the units.
protocol SuperblockAffine: AffineBlock {}

extension SuperblockAffine {
  @inline(__always) static func place(_ group: UnsafeRawPointer, _ b: Int) -> BlockPlace {
    BlockPlace(start: group + (b &>> 3) &* (8 &* blockBytes), index: b & 7)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> Affine {
    let bytes = place.start + 16 &* place.index
    return (
      d: halves(place.start) * unsignedBytes(bytes + 64),
      m: FloatVector.zero - halves(place.start + 32) * unsignedBytes(bytes + 192)
    )
  }
}

enum Q4_KBlock: SuperblockAffine {
  @inline(__always) static var blockBytes: Int { PackedLayout.q4_KSuperblock / 8 }

  #if KERNELS_AVX2
    typealias Dot = NibbleDot<Q4_KNibbles>
  #else
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      nibbles(place.start + (320 &+ 256 &* place.index))
    }
  #endif
}

enum Q5_KBlock: SuperblockAffine {
  @inline(__always) static var blockBytes: Int { PackedLayout.q5_KSuperblock / 8 }
  @inline(__always) static var isScattered: Bool { true }

  #if KERNELS_AVX2
    typealias Dot = ByteDot<Q5_KBytes>
  #else
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      let c = nibbles(place.start + (320 &+ 256 &* place.index))
      let f = place.start.words(2368 &+ 64 &* place.index)
      return BlockCodes(
        c0: c.c0 | fifths(f, 0), c1: c.c1 | fifths(f, 1), c2: c.c2 | fifths(f, 2),
        c3: c.c3 | fifths(f, 3), c4: c.c4 | fifths(f, 4), c5: c.c5 | fifths(f, 5),
        c6: c.c6 | fifths(f, 6), c7: c.c7 | fifths(f, 7))
    }
  #endif
}

/// Q6_K: scales of 16 columns in 8 bits, of which the superblock has the unit; the zero point is 32.
enum Q6_KBlock: IntegerBlock {
  @inline(__always) static var blockBytes: Int { PackedLayout.q6_KSuperblock / 8 }
  @inline(__always) static var isScattered: Bool { true }
  @inline(__always) static var hasHalves: Bool { true }

  struct Header {
    let first: FloatVector
    let last: FloatVector
  }

  @inline(__always) static func place(_ group: UnsafeRawPointer, _ b: Int) -> BlockPlace {
    BlockPlace(start: group + (b &>> 3) &* (8 &* blockBytes), index: b & 7)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> Header {
    let d = halves(place.start)
    let bytes = place.start + (32 &+ 32 &* place.index)
    return Header(first: d * signedBytes(bytes), last: d * signedBytes(bytes + 16))
  }
  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ h: Header, _ scale: FloatVector, _ offset: FloatVector
  ) -> FloatVector {
    let first = toFloat(sums.firstHalf) * h.first
    return multiplyAdd(multiplyAdd(toFloat(sums.last), h.last, first), scale, acc)
  }

  #if KERNELS_AVX2
    typealias Dot = ByteDot<Q6_KBytes>
  #else
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      let c = nibbles(place.start + (288 &+ 256 &* place.index))
      let p = place.start.words(2336 &+ 128 &* place.index)
      let q = place.start.words(2400 &+ 128 &* place.index)
      return BlockCodes(
        c0: c.c0 | pairs(p, 0), c1: c.c1 | pairs(p, 1), c2: c.c2 | pairs(p, 2),
        c3: c.c3 | pairs(p, 3), c4: c.c4 | pairs(q, 0), c5: c.c5 | pairs(q, 1),
        c6: c.c6 | pairs(q, 2), c7: c.c7 | pairs(q, 3))
    }
  #endif
}

/// Bit j of each byte, as the fifth of a code.
@inline(__always) func fifths(_ bits: WordVector, _ j: Int) -> WordVector {
  (j < 4
    ? bits &<< UInt32(truncatingIfNeeded: 4 &- j) : bits &>> UInt32(truncatingIfNeeded: j &- 4))
    & 0x1010_1010
}

/// Bits 2j and 2j + 1 of each byte, as the fifth and sixth of a code.
@inline(__always) func pairs(_ bits: WordVector, _ j: Int) -> WordVector {
  (j < 2
    ? bits &<< UInt32(truncatingIfNeeded: 4 &- 2 &* j)
    : bits &>> UInt32(truncatingIfNeeded: 2 &* j &- 4)) & 0x3030_3030
}
