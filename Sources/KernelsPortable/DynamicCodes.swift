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
  let bytes = UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt8>.self)
  var r = IntVector()
  for i in 0..<16 { r[i] = Int32(bytes[i]) }
  return r
}

@inline(__always) private func storeCodes(_ c: IntVector, _ p: UnsafeMutablePointer<UInt8>) {
  var bytes = SIMD16<UInt8>()
  for i in 0..<16 { bytes[i] = UInt8(truncatingIfNeeded: c[i]) }
  UnsafeMutableRawPointer(p).storeBytes(of: bytes, as: SIMD16<UInt8>.self)
}

/// The number whose place in the list is y: 2 (n + j) + 1 of signed numbers (n + j) + 1/2 of unsigned
/// ones, whose n is twice as large. Below 2 it is 0, from 256 on it is 1.
@inline(__always) private func decode(_ y: FloatVector) -> FloatVector {
  let bits = unsafeBitCast(y, to: WordVector.self)
  let mantissa = unsafeBitCast((bits & 0x007F_FFFF) | 0x3F80_0000, to: FloatVector.self)
  var decade = FloatVector.zero
  decade = decade.replacing(with: FloatVector(repeating: 1e-6), where: y .>= 2)
  decade = decade.replacing(with: FloatVector(repeating: 1e-5), where: y .>= 4)
  decade = decade.replacing(with: FloatVector(repeating: 1e-4), where: y .>= 8)
  decade = decade.replacing(with: FloatVector(repeating: 1e-3), where: y .>= 16)
  decade = decade.replacing(with: FloatVector(repeating: 1e-2), where: y .>= 32)
  decade = decade.replacing(with: FloatVector(repeating: 1e-1), where: y .>= 64)
  decade = decade.replacing(with: FloatVector(repeating: 1), where: y .>= 128)
  let value = decade * (mantissa * FloatVector(repeating: 0.9) - FloatVector(repeating: 0.8))
  return value.replacing(with: FloatVector(repeating: 1), where: y .>= 256)
}

@inline(__always) func decodeUnsigned(_ p: UnsafePointer<UInt8>) -> FloatVector {
  decode(toFloat(codes(p)) + FloatVector(repeating: 1.5))
}

@inline(__always) func decodeSigned(_ p: UnsafePointer<UInt8>) -> FloatVector {
  let code = codes(p)
  let value = decode(toFloat((code & 127) &* 2 &+ 1))
  let sign = unsafeBitCast((code & 128) &<< 24, to: WordVector.self)
  let signed = unsafeBitCast(unsafeBitCast(value, to: WordVector.self) | sign, to: FloatVector.self)
  return signed.replacing(with: FloatVector(repeating: 1), where: code .== 128)
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
    let isAbove = x .>= FloatVector(repeating: 0.1 / power * (1 + 1.8 / n))
    parts = parts.replacing(with: FloatVector(repeating: n), where: isAbove)
    factor = factor.replacing(with: FloatVector(repeating: n * power / 0.9), where: isAbove)
  }
}

/// n + j of the number nearest to x in 0...1, 0 and 1 left out, where the lowest decade has `parts`.
@inline(__always) private func place(_ x: FloatVector, parts: Float) -> IntVector {
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
  return roundToInt(
    middle.replacing(with: n, where: middle .< n).replacing(with: last, where: middle .> last))
}

/// Stores x in -1...1 to the nearest number of the signed list.
@inline(__always) func encodeSigned(_ x: FloatVector, _ p: UnsafeMutablePointer<UInt8>) {
  let size = magnitude(x)
  let sign = unsafeBitCast(unsafeBitCast(x, to: WordVector.self) &>> 24, to: IntVector.self) & 128
  var code = place(size, parts: 1) | sign
  code = code.replacing(with: IntVector.zero, where: size .< 2.75e-7)
  // Half-way between 1 and the number before it, 1 - 0.45 / 64.
  code = code.replacing(with: IntVector(repeating: 128), where: x .>= 1 - 0.225 / 64)
  storeCodes(code, p)
}

/// Stores x = value * factor in 0...1 to the nearest number of the unsigned list, except that no value
/// but 0 becomes 0: a parameter is divided by its root.
@inline(__always) func encodeUnsigned(
  _ value: FloatVector, _ factor: FloatVector, _ p: UnsafeMutablePointer<UInt8>
) {
  let x = value * factor
  var code = place(x, parts: 2) &- 1
  code = code.replacing(with: IntVector(repeating: 255), where: x .>= 1 - 0.225 / 128)
  code = code.replacing(with: IntVector.zero, where: value .== 0)
  storeCodes(code, p)
}
