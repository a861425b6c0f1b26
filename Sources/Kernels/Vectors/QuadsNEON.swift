// Registers of four 32-bit lanes, for the loops that are written for 32 of them (Arm). Everything else takes
// sixteen lanes at a time, which are four registers here.

import CPlatform

#if KERNELS_NEON
  typealias FloatQuad = SIMD4<Float>
  typealias IntQuad = SIMD4<Int32>
  typealias ByteQuad = SIMD16<Int8>

  extension UnsafeRawPointer {
    @inline(__always) func floatQuad(_ byteOffset: Int = 0) -> FloatQuad {
      loadUnaligned(fromByteOffset: byteOffset, as: FloatQuad.self)
    }
    @inline(__always) func byteQuad(_ byteOffset: Int = 0) -> ByteQuad {
      loadUnaligned(fromByteOffset: byteOffset, as: ByteQuad.self)
    }
  }

  /// Rows 4i..<4i+4 of sixteen; `i` is to be a literal.
  @inline(__always) func quad(_ v: WordVector, _ i: Int) -> SIMD4<UInt32> {
    let half = i < 2 ? v.lowHalf : v.highHalf
    return i & 1 == 0 ? half.lowHalf : half.highHalf
  }

  /// The upper four bits of each byte.
  @inline(__always) func upperNibbles(_ v: WordVector) -> WordVector {
    @inline(__always) func upper(_ i: Int) -> SIMD4<UInt32> {
      unsafeBitCast(
        unsafeBitCast(quad(v, i), to: SIMD16<UInt8>.self) &>> 4, to: SIMD4<UInt32>.self)
    }
    return WordVector(
      lowHalf: SIMD8(lowHalf: upper(0), highHalf: upper(1)),
      highHalf: SIMD8(lowHalf: upper(2), highHalf: upper(3)))
  }

  @inline(__always) func toFloatQuad(_ v: IntQuad) -> FloatQuad {
    FloatQuad(Float(v.x), Float(v.y), Float(v.z), Float(v.w))
  }

  /// acc + the products of four bytes a lane with the four bytes that word `i` of `b` has; `i` is to be a literal.
  @inline(__always) func dotWord(_ acc: IntQuad, _ a: ByteQuad, _ b: ByteQuad, _ i: Int) -> IntQuad
  {
    switch i {
    case 0: emend_dot_word0(acc, a, b)
    case 1: emend_dot_word1(acc, a, b)
    case 2: emend_dot_word2(acc, a, b)
    default: emend_dot_word3(acc, a, b)
    }
  }

  /// acc + a * b[i], which is one instruction.
  @inline(__always) func multiplyAddLane(
    _ a: FloatQuad, _ b: FloatQuad, _ i: Int, _ acc: FloatQuad
  ) -> FloatQuad {
    acc.addingProduct(a, FloatQuad(repeating: b[i]))
  }

  /// Eight registers of floats.
  struct EightQuads {
    var v0 = FloatQuad.zero
    var v1 = FloatQuad.zero
    var v2 = FloatQuad.zero
    var v3 = FloatQuad.zero
    var v4 = FloatQuad.zero
    var v5 = FloatQuad.zero
    var v6 = FloatQuad.zero
    var v7 = FloatQuad.zero

    /// Replaces each of the first `count` by `body(i, value)`; a literal `count` costs nothing.
    @inline(__always) mutating func update(
      _ count: Int, _ body: (Int, FloatQuad) -> FloatQuad
    ) {
      v0 = body(0, v0)
      if count > 1 { v1 = body(1, v1) }
      if count > 2 { v2 = body(2, v2) }
      if count > 3 { v3 = body(3, v3) }
      if count > 4 { v4 = body(4, v4) }
      if count > 5 { v5 = body(5, v5) }
      if count > 6 { v6 = body(6, v6) }
      if count > 7 { v7 = body(7, v7) }
    }

    /// Replaces each two of the first `pairs` pairs by `body(pair, first, second)`.
    @inline(__always) mutating func updatePairs(
      _ pairs: Int, _ body: (Int, FloatQuad, FloatQuad) -> (FloatQuad, FloatQuad)
    ) {
      (v0, v1) = body(0, v0, v1)
      if pairs > 1 { (v2, v3) = body(1, v2, v3) }
      if pairs > 2 { (v4, v5) = body(2, v4, v5) }
      if pairs > 3 { (v6, v7) = body(3, v6, v7) }
    }

    /// Register `i`, a literal.
    @inline(__always) subscript(_ i: Int) -> FloatQuad {
      switch i {
      case 0: v0
      case 1: v1
      case 2: v2
      case 3: v3
      case 4: v4
      case 5: v5
      case 6: v6
      default: v7
      }
    }
  }

  /// Eight registers of bytes.
  struct EightByteQuads {
    private let v0: ByteQuad
    private let v1: ByteQuad
    private let v2: ByteQuad
    private let v3: ByteQuad
    private let v4: ByteQuad
    private let v5: ByteQuad
    private let v6: ByteQuad
    private let v7: ByteQuad

    /// The 128 bytes at `p`.
    @inline(__always) init(_ p: UnsafeRawPointer) {
      v0 = p.byteQuad(0)
      v1 = p.byteQuad(16)
      v2 = p.byteQuad(32)
      v3 = p.byteQuad(48)
      v4 = p.byteQuad(64)
      v5 = p.byteQuad(80)
      v6 = p.byteQuad(96)
      v7 = p.byteQuad(112)
    }

    /// Register `i`, a literal.
    @inline(__always) subscript(_ i: Int) -> ByteQuad {
      switch i {
      case 0: v0
      case 1: v1
      case 2: v2
      case 3: v3
      case 4: v4
      case 5: v5
      case 6: v6
      default: v7
      }
    }
  }
#endif
