// bf16 in pairs: a 32-bit lane holds two values that are neighbours along the sum, the first in its
// low half, because the dot product adds both products of a lane.

import CPlatform

/// acc + a0 b0 + a1 b1 in each lane, in f32; subnormals count as zeros.
@inline(__always) func dotPairs(_ acc: FloatVector, _ a: WordVector, _ b: WordVector)
  -> FloatVector
{
  emend_dot_bf16_512(
    acc, unsafeBitCast(a, to: SIMD8<Int64>.self), unsafeBitCast(b, to: SIMD8<Int64>.self))
}

/// Rounded to nearest even in the upper 16 bits; what is below has no meaning.
@inline(__always) private func rounded(_ v: FloatVector) -> WordVector {
  let bits = unsafeBitCast(v, to: WordVector.self)
  return bits &+ 0x7FFF &+ ((bits &>> 16) & 1)
}

/// (low[i], high[i]) to lane i.
@inline(__always) func pairs(_ low: FloatVector, _ high: FloatVector) -> WordVector {
  (rounded(low) &>> 16) | (rounded(high) & 0xFFFF_0000)
}

/// (v[2i], v[2i + 1]) to lane i.
@inline(__always) func adjacentPairs(_ v: FloatVector) -> SIMD8<UInt32> {
  let wide = unsafeBitCast(rounded(v), to: SIMD8<UInt64>.self)
  let joined = ((wide &>> 16) & 0xFFFF) | ((wide &>> 32) & 0xFFFF_0000)
  var words = SIMD8<UInt32>()
  for i in 0..<8 { words[i] = UInt32(truncatingIfNeeded: joined[i]) }
  return words
}

/// The first `valid` of 32 floats as sixteen pairs, the others zero; as floats, for a transposition.
@inline(__always) func rowPairs(_ p: UnsafePointer<Float>, _ valid: Int) -> FloatVector {
  let low = valid > 0 ? loadRows(p, valid) : .zero
  let high = valid > 16 ? loadRows(p + 16, valid &- 16) : .zero
  let words = WordVector(lowHalf: adjacentPairs(low), highHalf: adjacentPairs(high))
  return unsafeBitCast(words, to: FloatVector.self)
}

extension UnsafePointer where Pointee == UInt32 {
  @inline(__always) func vector(_ index: Int) -> WordVector {
    UnsafeRawPointer(self + index).words()
  }
  @inline(__always) func broadcast(_ index: Int) -> WordVector {
    WordVector(repeating: self[index])
  }
}

extension UnsafeMutablePointer where Pointee == UInt32 {
  @inline(__always) func store(_ value: WordVector, at index: Int) {
    UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: WordVector.self)
  }
}
