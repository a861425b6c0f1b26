// The dot products of a block with AVX2, which multiplies u8 by i8 and sums pairs in 16 bits. Nibbles
// stay there for a whole block: 8 sums of pairs, each at most 2 * 15 * 127 in size, are less than 2^15.
// Bytes go to 32 bits at once.
//
// Sixteen registers hold sixteen rows by four rows of activations: eight sums, four vectors of codes,
// a broadcast and the constants.

import CPlatform

#if KERNELS_AVX2
  typealias Register = SIMD4<Int64>

  /// Sixteen rows: one register for each half of a group.
  struct TwoRegisters {
    var low = Register.zero
    var high = Register.zero
  }

  /// Sums of a block for four rows of activations.
  struct FourSums {
    var s0 = TwoRegisters()
    var s1 = TwoRegisters()
    var s2 = TwoRegisters()
    var s3 = TwoRegisters()

    /// Replaces each by `body(row, sums)`.
    @inline(__always) mutating func update(_ body: (Int, TwoRegisters) -> TwoRegisters) {
      s0 = body(0, s0)
      s1 = body(1, s1)
      s2 = body(2, s2)
      s3 = body(3, s3)
    }
  }

  /// Room for one row of `BlockDot.prepared`. A variable on the stack: a temporary allocation whose
  /// size is known only once a generic is specialised comes from the heap, for each block.
  typealias RowBytes = SIMD64<UInt8>

  /// How codes become vectors, and vectors sums.
  protocol BlockDot {
    /// Vectors of 64 bytes in a block.
    static var vectors: Int { get }
    /// Bytes of one row's activations of a block as `add` takes them.
    static var rowBytes: Int { get }
    /// The activations of `rows` rows of a block as `add` takes them: as they are, or in `room`.
    static func prepared(_ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer)
      -> UnsafeRawPointer
    associatedtype Codes
    static func codes(_ p: UnsafeRawPointer) -> Codes
    /// Adds the products of vector j's codes with a row's activations.
    static func add(_ sums: TwoRegisters, _ codes: Codes, _ a: UnsafeRawPointer, _ j: Int)
      -> TwoRegisters
    /// The block's dot products in 32 bits, zero points taken off.
    static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector
  }

  /// Codes in 0...15: column 4j + t in the low half of byte t, column 16 + 4j + t in the high half.
  protocol NibbleBlockDot: BlockDot {}

  struct NibbleCodes {
    let low: TwoRegisters
    let high: TwoRegisters
  }

  extension NibbleBlockDot {
    @inline(__always) static var vectors: Int { 4 }
    @inline(__always) static var rowBytes: Int { 32 }
    @inline(__always) static func prepared(
      _ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer { a }

    @inline(__always) static func codes(_ p: UnsafeRawPointer) -> NibbleCodes {
      let first = p.loadUnaligned(as: SIMD8<UInt32>.self)
      let second = p.loadUnaligned(fromByteOffset: 32, as: SIMD8<UInt32>.self)
      return NibbleCodes(
        low: TwoRegisters(
          low: register(first & 0x0F0F_0F0F), high: register(second & 0x0F0F_0F0F)),
        high: TwoRegisters(
          low: register((first &>> 4) & 0x0F0F_0F0F),
          high: register((second &>> 4) & 0x0F0F_0F0F)))
    }

    @inline(__always) static func add(
      _ sums: TwoRegisters, _ codes: NibbleCodes, _ a: UnsafeRawPointer, _ j: Int
    ) -> TwoRegisters {
      let first = broadcast(a + 4 &* j)
      let second = broadcast(a + (16 &+ 4 &* j))
      return TwoRegisters(
        low: addPairs(
          addPairs(sums.low, emend_madd_u8s8_256(codes.low.low, first)),
          emend_madd_u8s8_256(codes.high.low, second)),
        high: addPairs(
          addPairs(sums.high, emend_madd_u8s8_256(codes.low.high, first)),
          emend_madd_u8s8_256(codes.high.high, second)))
    }

    @inline(__always) static func sum(_ sums: TwoRegisters) -> IntVector {
      IntVector(lowHalf: sumPairs(sums.low), highHalf: sumPairs(sums.high))
    }
  }

  /// Q4_0: codes with 8 added.
  enum NibbleDot: NibbleBlockDot {
    @inline(__always) static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector {
      sum(sums) &+ offset
    }
  }

  /// Q4_1: codes as they are.
  enum UnsignedNibbleDot: NibbleBlockDot {
    @inline(__always) static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector {
      sum(sums)
    }
  }

  /// Q8_0, codes with 128 added: pairs of products in 16 bits would saturate, so codes and activations
  /// are widened to 16 bits, even and odd bytes apart.
  enum ByteDot: BlockDot {
    struct Codes {
      let even: TwoRegisters
      let odd: TwoRegisters
    }

    @inline(__always) static var vectors: Int { 8 }
    @inline(__always) static var rowBytes: Int { 64 }

    /// The even bytes of a row, then the odd ones.
    @inline(__always) static func prepared(
      _ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer {
      for n in 0..<rows {
        let bytes = a.loadUnaligned(fromByteOffset: 32 &* n, as: SIMD16<Int16>.self)
        room.storeBytes(of: (bytes &<< 8) &>> 8, toByteOffset: 64 &* n, as: SIMD16<Int16>.self)
        room.storeBytes(of: bytes &>> 8, toByteOffset: 64 &* n &+ 32, as: SIMD16<Int16>.self)
      }
      return UnsafeRawPointer(room)
    }

    @inline(__always) static func codes(_ p: UnsafeRawPointer) -> Codes {
      let low = p.loadUnaligned(as: SIMD16<UInt16>.self)
      let high = p.loadUnaligned(fromByteOffset: 32, as: SIMD16<UInt16>.self)
      return Codes(
        even: TwoRegisters(low: register(low & 0xFF), high: register(high & 0xFF)),
        odd: TwoRegisters(low: register(low &>> 8), high: register(high &>> 8)))
    }

    @inline(__always) static func add(
      _ sums: TwoRegisters, _ codes: Codes, _ a: UnsafeRawPointer, _ j: Int
    ) -> TwoRegisters {
      let even = broadcast(a + 4 &* j)
      let odd = broadcast(a + (32 &+ 4 &* j))
      let low =
        integers(emend_madd_s16_256(codes.even.low, even))
        &+ integers(emend_madd_s16_256(codes.odd.low, odd))
      let high =
        integers(emend_madd_s16_256(codes.even.high, even))
        &+ integers(emend_madd_s16_256(codes.odd.high, odd))
      return TwoRegisters(
        low: register(integers(sums.low) &+ low), high: register(integers(sums.high) &+ high))
    }

    @inline(__always) static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector {
      IntVector(lowHalf: integers(sums.low), highHalf: integers(sums.high)) &+ offset
    }
  }

  extension IntegerBlock {
    /// One row of activations.
    @inline(__always) static func dotBlock(
      _ p: UnsafeRawPointer, _ a: UnsafeRawPointer, _ offset: IntVector
    ) -> IntVector {
      var room = RowBytes()
      return withUnsafeMutableBytes(of: &room) { room in
        let values = Dot.prepared(a, 1, room.baseAddress!)
        var sums = TwoRegisters()
        for j in 0..<Dot.vectors { sums = Dot.add(sums, Dot.codes(p + 64 &* j), values, j) }
        return Dot.total(sums, offset)
      }
    }
  }

  /// Eight rows of activations, or the first four where there are no more, against one group. The
  /// weights ahead are asked for where they go by once.
  @inline(__always) func tile<F: IntegerBlock>(
    _ format: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ goesByOnce: Bool
  ) -> Eight {
    var f = Eight()
    var room = (RowBytes(), RowBytes(), RowBytes(), RowBytes())
    withUnsafeMutableBytes(of: &room) { room in
      let first = fourRows(
        format, group, blocks, codes, scales, offsets, room.baseAddress!, goesByOnce)
      f.v0 = first.v0
      f.v1 = first.v1
      f.v2 = first.v2
      f.v3 = first.v3
      guard columns > 4 else { return }
      let second = fourRows(
        format, group, blocks, codes + 128, scales + 16, offsets + 16, room.baseAddress!, false)
      f.v4 = second.v0
      f.v5 = second.v1
      f.v6 = second.v2
      f.v7 = second.v3
    }
    return f
  }

  /// Four of a tile's eight rows of activations.
  @inline(__always) private func fourRows<F: IntegerBlock>(
    _: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ room: UnsafeMutableRawPointer,
    _ asksAhead: Bool
  ) -> Four {
    var f = Four()
    var block = group
    var a = codes
    var s = scales
    var o = offsets
    for _ in 0..<blocks {
      if asksAhead { prefetchBlock(F.self, block) }
      let values = F.Dot.prepared(a, 4, room)
      var sums = FourSums()
      for j in 0..<F.Dot.vectors {
        let c = F.Dot.codes(block + (F.headerBytes &+ 64 &* j))
        sums.update { n, sum in F.Dot.add(sum, c, values + F.Dot.rowBytes &* n, j) }
      }
      let h = F.header(block)
      f.v0 = F.add(
        f.v0, F.Dot.total(sums.s0, o.broadcastInt(0)), h, s.broadcastFloat(0), o.broadcastFloat(0))
      f.v1 = F.add(
        f.v1, F.Dot.total(sums.s1, o.broadcastInt(4)), h, s.broadcastFloat(4), o.broadcastFloat(4))
      f.v2 = F.add(
        f.v2, F.Dot.total(sums.s2, o.broadcastInt(8)), h, s.broadcastFloat(8), o.broadcastFloat(8))
      f.v3 = F.add(
        f.v3, F.Dot.total(sums.s3, o.broadcastInt(12)), h, s.broadcastFloat(12),
        o.broadcastFloat(12))
      block += F.headerBytes &+ F.codeBytes
      a += 256
      s += 32
      o += 32
    }
    return f
  }

  @inline(__always) private func register(_ v: SIMD8<UInt32>) -> Register {
    unsafeBitCast(v, to: Register.self)
  }
  @inline(__always) private func register(_ v: SIMD16<UInt16>) -> Register {
    unsafeBitCast(v, to: Register.self)
  }
  @inline(__always) private func register(_ v: SIMD8<Int32>) -> Register {
    unsafeBitCast(v, to: Register.self)
  }
  @inline(__always) private func integers(_ v: Register) -> SIMD8<Int32> {
    unsafeBitCast(v, to: SIMD8<Int32>.self)
  }
  @inline(__always) private func broadcast(_ p: UnsafeRawPointer) -> Register {
    register(SIMD8<Int32>(repeating: p.loadUnaligned(as: Int32.self)))
  }

  /// Sums in 16 bits.
  @inline(__always) private func addPairs(_ a: Register, _ b: Register) -> Register {
    let sum =
      unsafeBitCast(a, to: SIMD16<Int16>.self) &+ unsafeBitCast(b, to: SIMD16<Int16>.self)
    return unsafeBitCast(sum, to: Register.self)
  }

  /// Two sums of 16 bits to one of 32.
  @inline(__always) private func sumPairs(_ v: Register) -> SIMD8<Int32> {
    integers(
      emend_madd_s16_256(v, unsafeBitCast(SIMD16<Int16>(repeating: 1), to: Register.self)))
  }
#endif
