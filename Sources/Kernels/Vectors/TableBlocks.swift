import CPlatform
import KernelInterface

// Codes of four bits that number the values of a table, which a byte shuffle looks up sixty-four at a time.

/// Values of codes 0...15 with the zero point added.
typealias ValueTable = SIMD16<UInt8>

/// 128 more than `CodeTable.iq4`.
@inline(__always) private var iq4Values: ValueTable {
  ValueTable(1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241)
}

/// 16 more than `CodeTable.mxfp4`.
@inline(__always) private var mxfp4Values: ValueTable {
  ValueTable(16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4)
}

/// The values of bytes in 0...15.
@inline(__always) private func lookUp(_ table: ValueTable, _ codes: WordVector) -> WordVector {
  #if KERNELS_AVX512
    let quarter = unsafeBitCast(table, to: SIMD2<Int64>.self)
    let half = SIMD4(lowHalf: quarter, highHalf: quarter)
    return unsafeBitCast(
      emend_shuffle_bytes_512(
        SIMD8(lowHalf: half, highHalf: half), unsafeBitCast(codes, to: SIMD8<Int64>.self)),
      to: WordVector.self)
  #elseif KERNELS_AVX2
    let half = unsafeBitCast(table, to: SIMD2<Int64>.self)
    let both = SIMD4(lowHalf: half, highHalf: half)
    return WordVector(
      lowHalf: unsafeBitCast(
        emend_shuffle_bytes_256(both, unsafeBitCast(codes.lowHalf, to: SIMD4<Int64>.self)),
        to: SIMD8<UInt32>.self),
      highHalf: unsafeBitCast(
        emend_shuffle_bytes_256(both, unsafeBitCast(codes.highHalf, to: SIMD4<Int64>.self)),
        to: SIMD8<UInt32>.self))
  #elseif KERNELS_NEON
    func quarter(_ i: Int) -> SIMD4<UInt32> {
      unsafeBitCast(
        emend_look_up(table, unsafeBitCast(quad(codes, i), to: SIMD16<UInt8>.self)),
        to: SIMD4<UInt32>.self)
    }
    return WordVector(
      lowHalf: SIMD8(lowHalf: quarter(0), highHalf: quarter(1)),
      highHalf: SIMD8(lowHalf: quarter(2), highHalf: quarter(3)))
  #else
    var values = WordVector.zero
    for i in 0..<16 {
      let word = codes[i]
      var looked: UInt32 = 0
      for t in 0..<4 {
        let shift = UInt32(truncatingIfNeeded: 8 &* t)
        looked |= UInt32(table[Int((word &>> shift) & 15)]) &<< shift
      }
      values[i] = looked
    }
    return values
  #endif
}

/// A format whose codes are looked up.
protocol TableBlock: NibbleBlock {
  static var values: ValueTable { get }
}

extension TableBlock {
  @inline(__always) static func words(_ place: BlockPlace, _ j: Int) -> WordVector {
    lookUp(values, nibbleWords(place, j))
  }
}

enum IQ4_NLBlock: ScaledBlock, TableBlock {
  @inline(__always) static var blockBytes: Int { 288 }
  @inline(__always) static var zeroPoint: Int32 { 128 }
  @inline(__always) static var smallestCode: Int32 { 1 }
  @inline(__always) static var largestCode: Int32 { 241 }
  @inline(__always) static var values: ValueTable { iq4Values }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + 32
  }
  #if KERNELS_AVX2
    typealias Dot = ByteDot<IQ4_NLBlock>
  #endif
}

/// Scales in 6 bits, of which the superblock has the unit.
enum IQ4_XSBlock: ScaledBlock, TableBlock {
  @inline(__always) static var blockBytes: Int { PackedLayout.iq4_XSSuperblock / 8 }
  @inline(__always) static var blocksTogether: Int { 8 }
  @inline(__always) static var zeroPoint: Int32 { 128 }
  @inline(__always) static var smallestCode: Int32 { 1 }
  @inline(__always) static var largestCode: Int32 { 241 }
  @inline(__always) static var values: ValueTable { iq4Values }
  @inline(__always) private static func block(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + (32 &+ PackedLayout.iq4_XSBlock &* place.index)
  }
  @inline(__always) static func header(_ place: BlockPlace) -> FloatVector {
    halves(place.start) * signedBytes(block(place))
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    block(place) + 16
  }
  #if KERNELS_AVX2
    typealias Dot = ByteDot<IQ4_XSBlock>
  #endif
}

/// 2^e of normal numbers.
@inline(__always) private func powerOfTwo(_ e: IntVector) -> FloatVector {
  unsafeBitCast((e &+ 127) &<< 23, to: FloatVector.self)
}

/// Powers of two as scales: 2^(e - 128).
enum MXFP4Block: ScaledBlock, TableBlock {
  @inline(__always) static var blockBytes: Int { 272 }
  @inline(__always) static var zeroPoint: Int32 { 16 }
  @inline(__always) static var smallestCode: Int32 { 4 }
  @inline(__always) static var largestCode: Int32 { 28 }
  @inline(__always) static var values: ValueTable { mxfp4Values }
  @inline(__always) static func header(_ place: BlockPlace) -> FloatVector {
    // Of two halves of the exponent, since the smallest powers are below the normal numbers.
    let e = bytesAsInts(place.start)
    let half = e &>> 1
    return powerOfTwo(half &- 64) * powerOfTwo(e &- half &- 64)
  }
  @inline(__always) static func nibbles(_ place: BlockPlace) -> UnsafeRawPointer {
    place.start + 16
  }
  #if KERNELS_AVX2
    typealias Dot = HalfDot<MXFP4Block>
  #endif
}
