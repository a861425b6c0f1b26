// bf16 in pairs: a 32-bit lane holds two values that are neighbours along the sum, the first in its
// low half, because the dot product adds both products of a lane.

import CPlatform

#if KERNELS_NEON
  /// acc + a0 b0 + a1 b1 in each lane, in f32, of the pair in word `i` of `b`, a literal. Arm rounds both sums to
  /// odd, so that each may be off by a unit in the last place; subnormals count as zeros.
  @inline(__always) private func dotPairs(
    _ acc: FloatVector, _ a: WordVector, _ b: IntQuad, _ i: Int
  ) -> FloatVector {
    @inline(__always) func dot(_ acc: FloatQuad, _ words: SIMD4<UInt32>) -> FloatQuad {
      let a = unsafeBitCast(words, to: IntQuad.self)
      return switch i {
      case 0: emend_dot_bf16_word0(acc, a, b)
      case 1: emend_dot_bf16_word1(acc, a, b)
      case 2: emend_dot_bf16_word2(acc, a, b)
      default: emend_dot_bf16_word3(acc, a, b)
      }
    }
    return FloatVector(
      lowHalf: SIMD8(
        lowHalf: dot(acc.lowHalf.lowHalf, quad(a, 0)),
        highHalf: dot(acc.lowHalf.highHalf, quad(a, 1))),
      highHalf: SIMD8(
        lowHalf: dot(acc.highHalf.lowHalf, quad(a, 2)),
        highHalf: dot(acc.highHalf.highHalf, quad(a, 3))))
  }

  extension Four {
    /// Adds to each the products of `a` with one of the four pairs at `p`.
    @inline(__always) mutating func addPairs(_ a: WordVector, _ p: UnsafePointer<UInt32>) {
      let four = UnsafeRawPointer(p).loadUnaligned(as: IntQuad.self)
      update { n, acc in dotPairs(acc, a, four, n) }
    }

    /// Adds to value n the products of four vectors with the four pairs at `p + n * stride`, in order.
    @inline(__always) mutating func addFourPairs(
      _ p: UnsafePointer<UInt32>, _ stride: Int, _ vector: (Int) -> WordVector
    ) {
      let w0 = UnsafeRawPointer(p).loadUnaligned(as: IntQuad.self)
      let w1 = UnsafeRawPointer(p + stride).loadUnaligned(as: IntQuad.self)
      let w2 = UnsafeRawPointer(p + 2 &* stride).loadUnaligned(as: IntQuad.self)
      let w3 = UnsafeRawPointer(p + 3 &* stride).loadUnaligned(as: IntQuad.self)
      @inline(__always) func step(_ t: Int) {
        let a = vector(t)
        v0 = dotPairs(v0, a, w0, t)
        v1 = dotPairs(v1, a, w1, t)
        v2 = dotPairs(v2, a, w2, t)
        v3 = dotPairs(v3, a, w3, t)
      }
      step(0)
      step(1)
      step(2)
      step(3)
    }
  }
#else
  /// acc + a0 b0 + a1 b1 in each lane, in f32; subnormals count as zeros.
  @inline(__always) func dotPairs(_ acc: FloatVector, _ a: WordVector, _ b: WordVector)
    -> FloatVector
  {
    emend_dot_bf16_512(
      acc, unsafeBitCast(a, to: SIMD8<Int64>.self), unsafeBitCast(b, to: SIMD8<Int64>.self))
  }
#endif

/// Rounded to nearest even in the upper 16 bits; what is below has no meaning.
@inline(__always) private func brainBits(_ v: FloatVector) -> WordVector {
  let bits = unsafeBitCast(v, to: WordVector.self)
  return bits &+ 0x7FFF &+ ((bits &>> 16) & 1)
}

/// (low[i], high[i]) to lane i.
@inline(__always) func pairs(_ low: FloatVector, _ high: FloatVector) -> WordVector {
  (brainBits(low) &>> 16) | (brainBits(high) & 0xFFFF_0000)
}

/// (v[2i], v[2i + 1]) to lane i.
@inline(__always) func adjacentPairs(_ v: FloatVector) -> SIMD8<UInt32> {
  let wide = unsafeBitCast(brainBits(v), to: SIMD8<UInt64>.self)
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
