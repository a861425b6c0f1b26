import CPlatform
import KernelInterface

// What differs between the integer formats: where a block's codes are, and what its scales and minima
// make of their dot product. How the dot product itself is taken differs between the instruction sets:
// BlockDots.swift and BlockDotsAVX2.swift.

/// A block of 32 columns of sixteen rows, by itself or one of the eight of a superblock.
struct BlockPlace {
  /// Where the block or superblock begins.
  let start: UnsafeRawPointer
  /// The block's number in its superblock; 0 of a block by itself.
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
  /// Blocks that lie together: eight of a superblock, or one.
  static var blocksTogether: Int { get }
  /// Whether each half of a block has a scale of its own; then it has two offsets.
  static var hasHalves: Bool { get }
  /// What is to be taken off the codes; 0 of the formats that have a minimum.
  static var zeroPoint: Int32 { get }
  /// What codes are not below, and not above.
  static var smallestCode: Int32 { get }
  /// See `smallestCode`.
  static var largestCode: Int32 { get }

  /// Codes of columns 4j..<4j+4, j < 8: unsigned bytes, a word for each row.
  static func words(_ place: BlockPlace, _ j: Int) -> WordVector

  associatedtype Header
  static func header(_ place: BlockPlace) -> Header
  /// What decodes a block: value = step * (code - zeroPoint), or step * code + minimum.
  static func steps(_ place: BlockPlace) -> BlockSteps
  /// acc + scale of the activations * (scale of the weights * dot), and the minimum's part, which the offsets
  /// are for; those of the halves are `tile` numbers apart.
  static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ header: Header, _ scale: FloatVector,
    _ offsets: UnsafeRawPointer, _ tile: Int
  ) -> FloatVector

  #if KERNELS_AVX2
    associatedtype Dot: BlockDot
  #endif
}

/// The steps of a block's halves, which are the same where `hasHalves` is not, and what their minima add. A
/// tuple, as `Affine`.
typealias BlockSteps = (
  first: FloatVector, last: FloatVector, minimum: FloatVector, lastMinimum: FloatVector
)

extension IntegerBlock {
  @inline(__always) static var blocksTogether: Int { 1 }
  @inline(__always) static var hasHalves: Bool { false }
  @inline(__always) static var smallestCode: Int32 { 0 }
  /// Whether what stands beside the activations' scale is to be added to the dot product, because of the
  /// codes' zero point. Otherwise it is what a minimum multiplies.
  @inline(__always) static var hasZeroPoint: Bool { zeroPoint != 0 }

  /// Numbers of offsets for each row of activations.
  @inline(__always) static var offsetCount: Int { hasHalves ? 2 : 1 }

  /// Block `b` of a group.
  @inline(__always) static func place(_ group: UnsafeRawPointer, _ b: Int) -> BlockPlace {
    let index = b & (blocksTogether &- 1)
    return BlockPlace(start: group + (b &- index) &* blockBytes, index: index)
  }
}

/// Codes whose low four bits lie as `PackedLayout` has nibbles.
protocol NibbleBlock: IntegerBlock {
  static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer
}

extension NibbleBlock {
  @inline(__always) static var largestCode: Int32 { 15 }
  @inline(__always) static func nibbleWords(_ place: BlockPlace, _ j: Int) -> WordVector {
    let p = nibbles(place)
    #if KERNELS_NEON
      // A shift of bytes needs no mask.
      if j >= 4 { return upperNibbles(p.words(64 &* (j &- 4))) }
    #endif
    return (j < 4 ? p.words(64 &* j) : p.words(64 &* (j &- 4)) &>> 4) & 0x0F0F_0F0F
  }

  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    nibbleWords(place, j)
  }
}

/// A scale for every 32 columns, and a zero point in the middle.
protocol ScaledBlock: IntegerBlock where Header == FloatVector {}

extension ScaledBlock {
  @inline(__always) static func header(_ place: BlockPlace) -> FloatVector { halves(place.start) }
  @inline(__always) static func steps(_ place: BlockPlace) -> BlockSteps {
    let d = header(place)
    return (first: d, last: d, minimum: .zero, lastMinimum: .zero)
  }

  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ d: FloatVector, _ scale: FloatVector,
    _ offsets: UnsafeRawPointer, _ tile: Int
  ) -> FloatVector { multiplyAdd(toFloat(sums.last) * d, scale, acc) }
}

enum Q4_0Block: ScaledBlock, NibbleBlock {
  @inline(__always) static var blockBytes: Int { 288 }
  @inline(__always) static var zeroPoint: Int32 { 8 }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + 32
  }
  #if KERNELS_AVX2
    typealias Dot = NibbleDot<Q4_0Block>
  #endif
}

enum Q8_0Block: ScaledBlock {
  @inline(__always) static var blockBytes: Int { 544 }
  @inline(__always) static var zeroPoint: Int32 { 128 }
  @inline(__always) static var largestCode: Int32 { 255 }
  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    place.start.words(32 &+ 64 &* j)
  }
  #if KERNELS_AVX2
    typealias Dot = ByteDot<Q8_0Block>
  #endif
}

/// A scale and a minimum for every 32 columns; `m` is what the minimum adds for each unit of activations. A
/// tuple: the metadata of a type of this size would bring weak functions into the object.
typealias Affine = (d: FloatVector, m: FloatVector)

protocol AffineBlock: NibbleBlock where Header == Affine {}

extension AffineBlock {
  @inline(__always) static var zeroPoint: Int32 { 0 }
  @inline(__always) static func steps(_ place: BlockPlace) -> BlockSteps {
    let (d, m) = header(place)
    return (first: d, last: d, minimum: m, lastMinimum: m)
  }
  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ h: Affine, _ scale: FloatVector,
    _ offsets: UnsafeRawPointer, _ tile: Int
  ) -> FloatVector {
    multiplyAdd(h.m, offsets.broadcastFloat(0), multiplyAdd(toFloat(sums.last) * h.d, scale, acc))
  }
}

enum Q4_1Block: AffineBlock {
  @inline(__always) static var blockBytes: Int { 320 }
  @inline(__always) static func header(_ place: BlockPlace) -> Affine {
    (d: halves(place.start), m: halves(place.start + 32))
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + 64
  }
  #if KERNELS_AVX2
    typealias Dot = NibbleDot<Q4_1Block>
  #endif
}

/// Nibbles and a fifth bit for each, whose words follow them.
protocol FiveBitBlock: NibbleBlock {}

extension FiveBitBlock {
  @inline(__always) static var largestCode: Int32 { 31 }
  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    nibbleWords(place, j) | fifths(nibbles(place).words(256), j)
  }
}

enum Q5_0Block: ScaledBlock, FiveBitBlock {
  @inline(__always) static var blockBytes: Int { 352 }
  @inline(__always) static var zeroPoint: Int32 { 16 }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + 32
  }
  #if KERNELS_AVX2
    typealias Dot = HalfDot<Q5_0Block>
  #endif
}

enum Q5_1Block: AffineBlock, FiveBitBlock {
  @inline(__always) static var blockBytes: Int { 384 }
  @inline(__always) static func header(_ place: BlockPlace) -> Affine {
    (d: halves(place.start), m: halves(place.start + 32))
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + 64
  }
  #if KERNELS_AVX2
    typealias Dot = HalfDot<Q5_1Block>
  #endif
}

/// Q4_K and Q5_K: scale and minimum in 6 bits, of which the superblock has the units.
protocol SuperblockAffine: AffineBlock {
  static func scales(_ place: BlockPlace) -> ScaleBytes
}

/// Where the scale and the minimum of a block are, a byte for each of sixteen rows.
typealias ScaleBytes = (scale: UnsafeRawPointer, minimum: UnsafeRawPointer)

extension SuperblockAffine {
  @inline(__always) static var blocksTogether: Int { 8 }
  @inline(__always) static func header(_ place: BlockPlace) -> Affine {
    let bytes = scales(place)
    return (
      d: halves(place.start) * unsignedBytes(bytes.scale),
      m: negated(halves(place.start + 32) * unsignedBytes(bytes.minimum))
    )
  }
}

enum Q4_KBlock: SuperblockAffine {
  @inline(__always) static var blockBytes: Int { PackedLayout.q4_KSuperblock / 8 }
  @inline(__always) static func scales(_ place: BlockPlace) -> ScaleBytes {
    let bytes = place.start + (64 &+ 16 &* place.index)
    return (scale: bytes, minimum: bytes + 128)
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + (320 &+ 256 &* place.index)
  }
  #if KERNELS_AVX2
    typealias Dot = NibbleDot<Q4_KBlock>
  #endif
}

enum Q5_KBlock: SuperblockAffine, FiveBitBlock {
  @inline(__always) static var blockBytes: Int { PackedLayout.q5_KSuperblock / 8 }
  @inline(__always) private static func block(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + (64 &+ PackedLayout.q5_KBlock &* place.index)
  }
  @inline(__always) static func scales(_ place: BlockPlace) -> ScaleBytes {
    (scale: block(place), minimum: block(place) + 16)
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    block(place) + 32
  }
  #if KERNELS_AVX2
    typealias Dot = HalfDot<Q5_KBlock>
  #endif
}

/// Scales of 16 columns, of which the superblock has the unit, and a zero point.
protocol HalvedBlock: IntegerBlock where Header == Halves {}

/// The scales of a block's halves. A tuple, as `Affine`.
typealias Halves = (first: FloatVector, last: FloatVector)

extension HalvedBlock {
  @inline(__always) static var blocksTogether: Int { 8 }
  @inline(__always) static var hasHalves: Bool { true }
  @inline(__always) static func steps(_ place: BlockPlace) -> BlockSteps {
    let (first, last) = header(place)
    return (first: first, last: last, minimum: .zero, lastMinimum: .zero)
  }
  @inline(__always) static func add(
    _ acc: FloatVector, _ sums: BlockSums, _ h: Halves, _ scale: FloatVector,
    _ offsets: UnsafeRawPointer, _ tile: Int
  ) -> FloatVector {
    let first = toFloat(sums.firstHalf) * h.first
    return multiplyAdd(multiplyAdd(toFloat(sums.last), h.last, first), scale, acc)
  }
}

/// Q6_K: scales in 8 bits; the zero point is 32.
enum Q6_KBlock: HalvedBlock, NibbleBlock {
  @inline(__always) static var blockBytes: Int { PackedLayout.q6_KSuperblock / 8 }
  @inline(__always) static var zeroPoint: Int32 { 32 }
  @inline(__always) static var largestCode: Int32 { 63 }
  @inline(__always) private static func block(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + (32 &+ PackedLayout.q6_KBlock &* place.index)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> Halves {
    let d = halves(place.start)
    return (first: d * signedBytes(block(place)), last: d * signedBytes(block(place) + 16))
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    block(place) + 32
  }
  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    nibbleWords(place, j) | pairs(block(place).words(288 &+ 64 &* (j &>> 2)), j & 3)
  }
  #if KERNELS_AVX2
    typealias Dot = PairDot<Q6_KBlock>
  #endif
}

/// The bits of each byte some places up, or down where `places` is negative; what was beyond the byte comes from
/// its neighbour. With AVX-512 a rotation: of two shifts of one word the compiler makes blends and shifts by vectors.
@inline(__always) func moved(_ bits: WordVector, up places: Int) -> WordVector {
  #if KERNELS_AVX512
    return unsafeBitCast(
      emend_rotate_left_512(
        unsafeBitCast(bits, to: SIMD8<Int64>.self), Int32(truncatingIfNeeded: places & 31)),
      to: WordVector.self)
  #else
    let shifted =
      places < 0
      ? bits &>> UInt32(truncatingIfNeeded: 0 &- places)
      : bits &<< UInt32(truncatingIfNeeded: places)
    #if KERNELS_AVX2
      return WordVector(lowHalf: opaque(shifted.lowHalf), highHalf: opaque(shifted.highHalf))
    #else
      return shifted
    #endif
  #endif
}

#if KERNELS_AVX2
  @inline(__always) private func opaque(_ v: SIMD8<UInt32>) -> SIMD8<UInt32> {
    unsafeBitCast(
      emend_opaque_256(unsafeBitCast(v, to: SIMD4<Int64>.self)), to: SIMD8<UInt32>.self)
  }
#endif

/// Bit j of each byte, as the fifth of a code.
@inline(__always) private func fifths(_ bits: WordVector, _ j: Int) -> WordVector {
  moved(bits, up: 4 &- j) & 0x1010_1010
}

/// Bits 2j and 2j + 1 of each byte, as the fifth and sixth of a code.
@inline(__always) private func pairs(_ bits: WordVector, _ j: Int) -> WordVector {
  moved(bits, up: 4 &- 2 &* j) & 0x3030_3030
}

@inline(__always) func unsignedBytes(_ p: UnsafeRawPointer) -> FloatVector {
  let b = p.loadUnaligned(as: SIMD16<UInt8>.self)
  var r = FloatVector()
  for i in 0..<16 { r[i] = Float(Int32(b[i])) }
  return r
}

@inline(__always) func signedBytes(_ p: UnsafeRawPointer) -> FloatVector {
  let b = p.loadUnaligned(as: SIMD16<Int8>.self)
  var r = FloatVector()
  for i in 0..<16 { r[i] = Float(Int32(b[i])) }
  return r
}
