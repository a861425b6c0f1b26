// Bytes of four rows by four columns, the other way around.

import CPlatform

/// Byte i of word c to byte c of word i, in each quarter.
@inline(__always) func transposeBytes(_ words: WordVector) -> WordVector {
  #if KERNELS_AVX512
    let quarter = SIMD4<UInt32>(0x0C08_0400, 0x0D09_0501, 0x0E0A_0602, 0x0F0B_0703)
    let half = SIMD8(lowHalf: quarter, highHalf: quarter)
    let order = SIMD16(lowHalf: half, highHalf: half)
    return unsafeBitCast(
      emend_shuffle_bytes_512(
        unsafeBitCast(words, to: SIMD8<Int64>.self), unsafeBitCast(order, to: SIMD8<Int64>.self)),
      to: WordVector.self)
  #elseif KERNELS_AVX2
    let quarter = SIMD4<UInt32>(0x0C08_0400, 0x0D09_0501, 0x0E0A_0602, 0x0F0B_0703)
    let order = unsafeBitCast(
      SIMD8(lowHalf: quarter, highHalf: quarter), to: SIMD4<Int64>.self)
    @inline(__always) func half(_ words: SIMD8<UInt32>) -> SIMD8<UInt32> {
      unsafeBitCast(
        emend_shuffle_bytes_256(unsafeBitCast(words, to: SIMD4<Int64>.self), order),
        to: SIMD8<UInt32>.self)
    }
    return WordVector(lowHalf: half(words.lowHalf), highHalf: half(words.highHalf))
  #elseif KERNELS_NEON
    let order = SIMD16<UInt8>(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
    @inline(__always) func quarter(_ i: Int) -> SIMD4<UInt32> {
      unsafeBitCast(
        emend_look_up(unsafeBitCast(quad(words, i), to: SIMD16<UInt8>.self), order),
        to: SIMD4<UInt32>.self)
    }
    return WordVector(
      lowHalf: SIMD8(lowHalf: quarter(0), highHalf: quarter(1)),
      highHalf: SIMD8(lowHalf: quarter(2), highHalf: quarter(3)))
  #else
    var result = WordVector.zero
    for quarter in 0..<4 {
      for i in 0..<4 {
        var word: UInt32 = 0
        for c in 0..<4 {
          let byte = (words[4 &* quarter &+ c] &>> UInt32(truncatingIfNeeded: 8 &* i)) & 0xFF
          word |= byte &<< UInt32(truncatingIfNeeded: 8 &* c)
        }
        result[4 &* quarter &+ i] = word
      }
    }
    return result
  #endif
}

/// The quarters of a vector, 128 bytes apart: of rows 4i..<4i+4 the i-th.
@inline(__always) func storeQuarters(_ words: WordVector, _ p: UnsafeMutableRawPointer) {
  p.storeBytes(of: words.lowHalf.lowHalf, as: SIMD4<UInt32>.self)
  p.storeBytes(of: words.lowHalf.highHalf, toByteOffset: 128, as: SIMD4<UInt32>.self)
  p.storeBytes(of: words.highHalf.lowHalf, toByteOffset: 256, as: SIMD4<UInt32>.self)
  p.storeBytes(of: words.highHalf.highHalf, toByteOffset: 384, as: SIMD4<UInt32>.self)
}
