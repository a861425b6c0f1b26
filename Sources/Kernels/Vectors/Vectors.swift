// Sixteen 32-bit lanes are the unit of every kernel: one register with AVX-512, two with AVX2, four
// with SSE2 or NEON. The functions here are what the compiler turns into the intended instruction
// on each set; the shapes they avoid (generic converting initialisers, `&` on 64 lanes, `.sum()`)
// become loops over lanes.

import CPlatform

typealias FloatVector = SIMD16<Float>
typealias IntVector = SIMD16<Int32>
typealias WordVector = SIMD16<UInt32>

let lanes = 16

extension UnsafeRawPointer {
  @inline(__always) func floats(_ byteOffset: Int = 0) -> FloatVector {
    loadUnaligned(fromByteOffset: byteOffset, as: FloatVector.self)
  }
  @inline(__always) func words(_ byteOffset: Int = 0) -> WordVector {
    loadUnaligned(fromByteOffset: byteOffset, as: WordVector.self)
  }
  @inline(__always) func broadcastInt(_ byteOffset: Int = 0) -> IntVector {
    IntVector(repeating: loadUnaligned(fromByteOffset: byteOffset, as: Int32.self))
  }
  @inline(__always) func broadcastFloat(_ byteOffset: Int = 0) -> FloatVector {
    FloatVector(repeating: loadUnaligned(fromByteOffset: byteOffset, as: Float.self))
  }
}

extension UnsafePointer where Pointee == Float {
  @inline(__always) func vector(_ index: Int = 0) -> FloatVector {
    UnsafeRawPointer(self + index).floats()
  }
  @inline(__always) func broadcast(_ index: Int = 0) -> FloatVector {
    FloatVector(repeating: self[index])
  }
}

extension UnsafeMutablePointer where Pointee == Float {
  @inline(__always) func vector(_ index: Int = 0) -> FloatVector {
    UnsafeRawPointer(self + index).floats()
  }
  @inline(__always) func store(_ value: FloatVector, at index: Int = 0) {
    UnsafeMutableRawPointer(self + index).storeBytes(of: value, as: FloatVector.self)
  }
}

/// a * b + c, fused where the instruction set has it.
@inline(__always) func multiplyAdd(_ a: FloatVector, _ b: FloatVector, _ c: FloatVector)
  -> FloatVector
{
  #if KERNELS_PORTABLE && arch(x86_64)
    return a * b + c  // without FMA in the baseline, `addingProduct` is sixteen library calls
  #else
    return c.addingProduct(a, b)
  #endif
}

/// -v, of a zero too: the operator subtracts from zero, which leaves a zero positive.
@inline(__always) func negated(_ v: FloatVector) -> FloatVector {
  unsafeBitCast(unsafeBitCast(v, to: WordVector.self) ^ 0x8000_0000, to: FloatVector.self)
}

@inline(__always) func toFloat(_ v: IntVector) -> FloatVector {
  var r = FloatVector()
  for i in 0..<16 { r[i] = Float(v[i]) }
  return r
}

/// Rounds to the nearest integer, ties to even, for |v| < 2^22: adding 1.5 * 2^23 leaves it in the
/// low bits. Any other value gives some integer, never a trap.
@_transparent func roundToInt(_ v: FloatVector) -> IntVector {
  let shifted = v + FloatVector(repeating: 0x1.8p23)
  return unsafeBitCast(shifted, to: IntVector.self) &- 0x4B40_0000
}

@_transparent func maximum(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  a.replacing(with: b, where: a .< b)
}

@_transparent func magnitude(_ v: FloatVector) -> FloatVector {
  unsafeBitCast(unsafeBitCast(v, to: WordVector.self) & 0x7FFF_FFFF, to: FloatVector.self)
}

/// Sum of the lanes, always in the same order: halves are added.
@inline(__always) func sum(_ v: FloatVector) -> Float {
  let a = v.lowHalf + v.highHalf
  let b = a.lowHalf + a.highHalf
  let c = b.lowHalf + b.highHalf
  return c.x + c.y
}

@inline(__always) func largest(_ v: FloatVector) -> Float {
  let a = v.lowHalf.replacing(with: v.highHalf, where: v.lowHalf .< v.highHalf)
  let b = a.lowHalf.replacing(with: a.highHalf, where: a.lowHalf .< a.highHalf)
  let c = b.lowHalf.replacing(with: b.highHalf, where: b.lowHalf .< b.highHalf)
  return c.x < c.y ? c.y : c.x
}

// MARK: half precision

/// 16 f16 values at `p` as floats.
@inline(__always) func halves(_ p: UnsafeRawPointer) -> FloatVector {
  #if KERNELS_PORTABLE
    let h = p.loadUnaligned(as: SIMD16<UInt16>.self)
    var bits = WordVector()
    for i in 0..<16 { bits[i] = UInt32(h[i]) }
    return floatFromHalf(bits)
  #else
    let h = p.loadUnaligned(as: SIMD16<Float16>.self)
    var r = FloatVector()
    for i in 0..<16 { r[i] = Float(h[i]) }
    return r
  #endif
}

/// The exponent is rebiased by a multiplication, which is exact and handles subnormals too.
@inline(__always) func floatFromHalf(_ bits: WordVector) -> FloatVector {
  let sign = (bits & 0x8000) &<< 16
  let magnitude = (bits & 0x7FFF) &<< 13
  let scaled = unsafeBitCast(magnitude, to: FloatVector.self) * FloatVector(repeating: 0x1p112)
  var result = unsafeBitCast(scaled, to: WordVector.self)
  result = result.replacing(with: magnitude | 0x7F80_0000, where: magnitude .>= 0x0F80_0000)
  return unsafeBitCast(result | sign, to: FloatVector.self)
}

/// Stores 16 floats as f16, rounded to nearest even.
@inline(__always) func storeHalves(_ v: FloatVector, _ p: UnsafeMutableRawPointer) {
  #if KERNELS_PORTABLE
    var h = SIMD16<UInt16>()
    for i in 0..<16 { h[i] = halfBits(v[i]) }
    p.storeBytes(of: h, as: SIMD16<UInt16>.self)
  #else
    var h = SIMD16<Float16>()
    for i in 0..<16 { h[i] = Float16(v[i]) }
    p.storeBytes(of: h, as: SIMD16<Float16>.self)
  #endif
}

/// One float as f16 bits, rounded to nearest even; overflow becomes infinity.
@inline(__always) func halfBits(_ value: Float) -> UInt16 {
  #if KERNELS_PORTABLE
    let sign = UInt16(truncatingIfNeeded: (value.bitPattern >> 16) & 0x8000)
    let bits = value.bitPattern & 0x7FFF_FFFF
    if bits > 0x7F80_0000 { return sign | 0x7E00 }
    if bits >= 0x477F_F000 { return sign | 0x7C00 }
    if bits < 0x3880_0000 {  // subnormal: adding 1/2 leaves the rounded mantissa in the low bits
      let shifted = Float(bitPattern: bits) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- 0x3F00_0000)
    }
    let rounded = bits &+ 0xFFF &+ ((bits >> 13) & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded &- 0x3800_0000) >> 13)
  #else
    return Float16(value).bitPattern
  #endif
}

@inline(__always) func half(_ p: UnsafeRawPointer) -> Float {
  #if KERNELS_PORTABLE
    return floatFromHalf(WordVector(repeating: UInt32(p.loadUnaligned(as: UInt16.self))))[0]
  #else
    return Float(p.loadUnaligned(as: Float16.self))
  #endif
}

/// 16 bf16 values at `p` as floats.
@inline(__always) func brainHalves(_ p: UnsafeRawPointer) -> FloatVector {
  let h = p.loadUnaligned(as: SIMD16<UInt16>.self)
  var bits = WordVector()
  for i in 0..<16 { bits[i] = UInt32(h[i]) }
  return unsafeBitCast(bits &<< 16, to: FloatVector.self)
}

// MARK: integer dot products

#if KERNELS_AVX512
  /// acc + u0 s0 + u1 s1 + u2 s2 + u3 s3 in each lane: four unsigned bytes of `u` by four signed bytes
  /// of `s`.
  @inline(__always) func dotCodes(_ acc: IntVector, _ u: WordVector, _ s: IntVector) -> IntVector {
    unsafeBitCast(
      emend_dot_u8s8_512(
        unsafeBitCast(acc, to: SIMD8<Int64>.self), unsafeBitCast(u, to: SIMD8<Int64>.self),
        unsafeBitCast(s, to: SIMD8<Int64>.self)), to: IntVector.self)
  }
#elseif KERNELS_PORTABLE
  /// acc + u0 s0 + u1 s1 + u2 s2 + u3 s3 in each lane: four unsigned bytes of `u` by four signed bytes
  /// of `s`.
  @inline(__always) func dotCodes(_ acc: IntVector, _ u: WordVector, _ s: IntVector) -> IntVector {
    var r = acc
    for t in 0..<4 {
      let shift = UInt32(8 &* t)
      let code = unsafeBitCast((u &>> shift) & 0xFF, to: IntVector.self)
      let value = (s &<< Int32(24 &- 8 &* t)) &>> 24
      r = r &+ code &* value
    }
    return r
  }
#endif

/// Asks for the cache line at `p` ahead of its use; any address may be given.
@inline(__always) func prefetch(_ p: UnsafeRawPointer) { emend_prefetch(p) }
