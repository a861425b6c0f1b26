import CPlatform

// Numbers in -1...1 as 8 bits, the dynamic tree codes of arXiv 2110.02861 (section 1.3) and
// bitsandbytes (functional.create_dynamic_map): seven decades from 1e-6 to 1, decade i (0...6) divided
// evenly into n parts, of which the middle is taken:
//
//     10^(i-6) (0.1 + 0.9 (j + 1/2) / n),  j = 0..<n,  n = 2^i (signed) or 2^(i+1) (unsigned)
//
// besides 0 and 1; signed numbers have the negatives too, but for -1. That is 256 numbers each.
//
// With n a power of two, n + j counts all of them: its exponent is the decade and its mantissa the
// place in it. So the codes are: unsigned n + j - 1, 0 and 255 being 0 and 1; signed the sign in the top
// bit and n + j, 0 being 0 and 128 being 1 (which is -0 otherwise).

/// 16 codes at `p` as integers.
@inline(__always) private func codes(_ p: UnsafePointer<UInt8>) -> IntVector {
  emend_widen_bytes(UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt8>.self))
}

@inline(__always) private func storeCodes(_ c: IntVector, _ p: UnsafeMutablePointer<UInt8>) {
  UnsafeMutableRawPointer(p).storeBytes(of: emend_narrow_bytes(c), as: SIMD16<UInt8>.self)
}

/// a where x >= limit, b elsewhere.
@inline(__always) private func select(
  _ x: FloatVector, atLeast limit: Float, _ a: FloatVector, else b: FloatVector
) -> FloatVector {
  emend_where_at_least(x, FloatVector(repeating: limit), a, b)
}

/// The number whose place in the list is y: 2 (n + j) + 1 of signed numbers, (n + j) + 1/2 of unsigned
/// ones, whose n is twice as large. Below 2 it is 0, from 256 on it is 1.
@inline(__always) private func decode(_ y: FloatVector) -> FloatVector {
  let bits = unsafeBitCast(y, to: WordVector.self)
  let mantissa = unsafeBitCast((bits & 0x007F_FFFF) | 0x3F80_0000, to: FloatVector.self)
  var decade = FloatVector.zero
  decade = select(y, atLeast: 2, FloatVector(repeating: 1e-6), else: decade)
  decade = select(y, atLeast: 4, FloatVector(repeating: 1e-5), else: decade)
  decade = select(y, atLeast: 8, FloatVector(repeating: 1e-4), else: decade)
  decade = select(y, atLeast: 16, FloatVector(repeating: 1e-3), else: decade)
  decade = select(y, atLeast: 32, FloatVector(repeating: 1e-2), else: decade)
  decade = select(y, atLeast: 64, FloatVector(repeating: 1e-1), else: decade)
  decade = select(y, atLeast: 128, FloatVector(repeating: 1), else: decade)
  let value = decade * (mantissa * FloatVector(repeating: 0.9) - FloatVector(repeating: 0.8))
  return select(y, atLeast: 256, FloatVector(repeating: 1), else: value)
}

@inline(__always) func decodeUnsigned(_ p: UnsafePointer<UInt8>) -> FloatVector {
  decode(emend_to_floats(codes(p)) + FloatVector(repeating: 1.5))
}

/// A sign without a place is 1: it is given the place of 1 and no sign.
@inline(__always) func decodeSigned(_ p: UnsafePointer<UInt8>) -> FloatVector {
  let code = codes(p)
  let place = code & 127
  // All ones where the place is 0, then 128 where the sign stands alone.
  let one = ((place &- 1) &>> 31) & code & 128
  let value = decode(emend_to_floats((place &* 2 &+ 1) | (one &* 2)))
  let sign = unsafeBitCast(((code ^ one) & 128) &<< 24, to: WordVector.self)
  return unsafeBitCast(unsafeBitCast(value, to: WordVector.self) | sign, to: FloatVector.self)
}

/// The decade of the number nearest to x.
private struct Decade {
  /// The parts of it.
  var parts: FloatVector
  /// Takes x to n + j + 1/2, with 8/9 n added.
  var factor: FloatVector

  @inline(__always) init(parts: Float) {
    self.parts = FloatVector(repeating: parts)
    factor = FloatVector(repeating: parts * 1e6 / 0.9)
  }

  /// The decade of n = `parts` from 1 / 10 `power` to 1 / `power`, where x is in it: above the middle
  /// between its first number and the last of the one below, 0.1 / power (1 + 1.8 / n).
  @inline(__always) mutating func raise(_ x: FloatVector, parts n: Float, power: Float) {
    let border = 0.1 / power * (1 + 1.8 / n)
    parts = select(x, atLeast: border, FloatVector(repeating: n), else: parts)
    factor = select(x, atLeast: border, FloatVector(repeating: n * power / 0.9), else: factor)
  }
}

/// n + j of the number nearest to x in 0...1, 0 and 1 left out, where the lowest decade has `parts`.
@inline(__always) private func place(_ x: FloatVector, parts: Float) -> FloatVector {
  var decade = Decade(parts: parts)
  decade.raise(x, parts: 2 * parts, power: 1e5)
  decade.raise(x, parts: 4 * parts, power: 1e4)
  decade.raise(x, parts: 8 * parts, power: 1e3)
  decade.raise(x, parts: 16 * parts, power: 1e2)
  decade.raise(x, parts: 32 * parts, power: 1e1)
  decade.raise(x, parts: 64 * parts, power: 1)
  let n = decade.parts
  let middle = x * decade.factor + (n * FloatVector(repeating: 8 / 9) - FloatVector(repeating: 0.5))
  let last = n + n - FloatVector(repeating: 1)
  return emend_where_at_least(middle, n, emend_where_at_least(middle, last, last, middle), n)
}

/// Stores x in -1...1 to the nearest number of the signed list.
@inline(__always) func encodeSigned(_ x: FloatVector, _ p: UnsafeMutablePointer<UInt8>) {
  let size = magnitude(x)
  let sign = unsafeBitCast(unsafeBitCast(x, to: WordVector.self) &>> 24, to: IntVector.self) & 128
  // Half-way between 0 and the least number; the sign of what becomes 0 goes, that of -0 with it.
  let kept = select(size, atLeast: 2.75e-7, place(size, parts: 1), else: FloatVector.zero)
  let code = roundToInt(kept)
  let signed = code | (((0 &- code) &>> 31) & sign)
  // Half-way between 1 and the number before it, 1 - 0.45 / 64.
  let one = select(x, atLeast: 1 - 0.225 / 64, FloatVector(repeating: 1), else: FloatVector.zero)
  let isOne = 0 &- roundToInt(one)
  storeCodes((signed & ~isOne) | (isOne & 128), p)
}

/// Stores x = value * factor in 0...1 to the nearest number of the unsigned list, except that no value
/// but 0 becomes 0: a parameter is divided by its root.
@inline(__always) func encodeUnsigned(
  _ value: FloatVector, _ factor: FloatVector, _ p: UnsafeMutablePointer<UInt8>
) {
  let x = value * factor
  let one = FloatVector(repeating: 256)
  let nearest = select(x, atLeast: 1 - 0.225 / 128, one, else: place(x, parts: 2))
  let kept = select(
    value, atLeast: .leastNonzeroMagnitude, nearest, else: FloatVector(repeating: 1))
  storeCodes(roundToInt(kept) &- 1, p)
}
