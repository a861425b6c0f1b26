// The dot products of a block with AVX2, which multiplies u8 by i8 and sums pairs in 16 bits. Nibbles
// stay there for a whole block: 8 sums of pairs, each at most 2 * 15 * 127 in size, are less than 2^15.
// Of codes up to 32 half a block does, 4 * 2 * 32 * 127, and of six bits two sums of pairs, 2 * 2 * 63 * 127.
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

    /// Replaces each of the first `rows`, two or four, by `body(row, sums)`; a literal costs nothing.
    @inline(__always) mutating func update(
      _ rows: Int, _ body: (Int, TwoRegisters) -> TwoRegisters
    ) {
      s0 = body(0, s0)
      s1 = body(1, s1)
      guard rows > 2 else { return }
      s2 = body(2, s2)
      s3 = body(3, s3)
    }
  }

  /// Room for one row of `BlockDot.prepared`. A variable on the stack: a temporary allocation whose
  /// size is known only once a generic is specialised comes from the heap, for each block.
  typealias RowBytes = SIMD64<UInt8>

  /// How codes become vectors, and vectors sums.
  protocol BlockDot {
    /// What `codes` gives for a block, four or eight times; the first half is of the first 16 columns where
    /// `F.hasHalves` says so.
    static var vectors: Int { get }
    /// Whether sums hold no more than half of a block.
    static var holdsHalf: Bool { get }
    /// Bytes of one row's activations of a block as `add` takes them.
    static var rowBytes: Int { get }
    /// The activations of `rows` rows of a block as `add` takes them: as they are, or in `room`.
    static func prepared(_ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer)
      -> UnsafeRawPointer
    associatedtype Codes
    static func codes(_ place: BlockPlace, _ j: Int) -> Codes
    /// Adds the products of vector j's codes with a row's activations.
    static func add(_ sums: TwoRegisters, _ codes: Codes, _ a: UnsafeRawPointer, _ j: Int)
      -> TwoRegisters
    /// The dot products in 32 bits, zero points taken off.
    static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector
  }

  extension BlockDot {
    @inline(__always) static var holdsHalf: Bool { false }
  }

  /// `sums` in 16 bits and the products of two vectors of codes with theirs of activations.
  @inline(__always) private func addProducts(
    _ sums: TwoRegisters, _ a: TwoRegisters, _ first: Register, _ b: TwoRegisters,
    _ second: Register
  ) -> TwoRegisters {
    TwoRegisters(
      low: addPairs(
        addPairs(sums.low, emend_madd_u8s8_256(a.low, first)), emend_madd_u8s8_256(b.low, second)),
      high: addPairs(
        addPairs(sums.high, emend_madd_u8s8_256(a.high, first)),
        emend_madd_u8s8_256(b.high, second)))
  }

  /// Sums in 16 bits as those in 32.
  @inline(__always) private func pairTotal(_ sums: TwoRegisters) -> IntVector {
    IntVector(lowHalf: sumPairs(sums.low), highHalf: sumPairs(sums.high))
  }

  struct NibbleCodes {
    let low: TwoRegisters
    let high: TwoRegisters
  }

  /// Codes in 0...15: column 4j + t in the low half of byte t, column 16 + 4j + t in the high half.
  enum NibbleDot<Format: NibbleBlock>: BlockDot {
    @inline(__always) static var vectors: Int { 4 }
    @inline(__always) static var rowBytes: Int { 32 }
    @inline(__always) static func prepared(
      _ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer { a }

    @inline(__always) static func codes(_ place: BlockPlace, _ j: Int) -> NibbleCodes {
      let p = Format.nibbles(place) + 64 &* j
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
      return addProducts(sums, codes.low, first, codes.high, second)
    }

    @inline(__always) static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector {
      let sum = pairTotal(sums)
      return Format.hasZeroPoint ? sum &+ offset : sum
    }
  }

  struct PairCodes {
    let first: TwoRegisters
    let second: TwoRegisters
  }

  /// Codes in 0...63: two vectors of four columns at a time.
  enum PairDot<Format: IntegerBlock>: BlockDot {
    @inline(__always) static var vectors: Int { 4 }
    @inline(__always) static var rowBytes: Int { 32 }
    @inline(__always) static func prepared(
      _ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer { a }

    @inline(__always) static func codes(_ place: BlockPlace, _ j: Int) -> PairCodes {
      PairCodes(
        first: registers(Format.words(place, 2 &* j)),
        second: registers(Format.words(place, 2 &* j &+ 1)))
    }

    @inline(__always) static func add(
      _ sums: TwoRegisters, _ codes: PairCodes, _ a: UnsafeRawPointer, _ j: Int
    ) -> TwoRegisters {
      let first = broadcast(a + 8 &* j)
      let second = broadcast(a + (8 &* j &+ 4))
      let low = addPairs(
        emend_madd_u8s8_256(codes.first.low, first),
        emend_madd_u8s8_256(codes.second.low, second))
      let high = addPairs(
        emend_madd_u8s8_256(codes.first.high, first),
        emend_madd_u8s8_256(codes.second.high, second))
      return TwoRegisters(
        low: register(integers(sums.low) &+ sumPairs(low)),
        high: register(integers(sums.high) &+ sumPairs(high)))
    }

    @inline(__always) static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector {
      let sum = IntVector(lowHalf: integers(sums.low), highHalf: integers(sums.high))
      return Format.hasZeroPoint ? sum &+ offset : sum
    }
  }

  /// Codes in 0...32, whose sums of 16 columns stay in 16 bits.
  enum HalfDot<Format: IntegerBlock>: BlockDot {
    @inline(__always) static var vectors: Int { 4 }
    @inline(__always) static var holdsHalf: Bool { true }
    @inline(__always) static var rowBytes: Int { 32 }
    @inline(__always) static func prepared(
      _ a: UnsafeRawPointer, _ rows: Int, _ room: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer { a }

    @inline(__always) static func codes(_ place: BlockPlace, _ j: Int) -> PairCodes {
      PairDot<Format>.codes(place, j)
    }

    @inline(__always) static func add(
      _ sums: TwoRegisters, _ codes: PairCodes, _ a: UnsafeRawPointer, _ j: Int
    ) -> TwoRegisters {
      let first = broadcast(a + 8 &* j)
      let second = broadcast(a + (8 &* j &+ 4))
      return addProducts(sums, codes.first, first, codes.second, second)
    }

    @inline(__always) static func total(_ sums: TwoRegisters, _ offset: IntVector) -> IntVector {
      let sum = pairTotal(sums)
      return Format.hasZeroPoint ? sum &+ offset : sum
    }
  }

  struct ByteCodes {
    let even: TwoRegisters
    let odd: TwoRegisters
  }

  /// Codes of eight bits: pairs of products in 16 bits would saturate, so codes and activations are
  /// widened to 16 bits, even and odd bytes apart.
  enum ByteDot<Format: IntegerBlock>: BlockDot {
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

    @inline(__always) static func codes(_ place: BlockPlace, _ j: Int) -> ByteCodes {
      let words = Format.words(place, j)
      let low = unsafeBitCast(words.lowHalf, to: SIMD16<UInt16>.self)
      let high = unsafeBitCast(words.highHalf, to: SIMD16<UInt16>.self)
      return ByteCodes(
        even: TwoRegisters(low: register(low & 0xFF), high: register(high & 0xFF)),
        odd: TwoRegisters(low: register(low &>> 8), high: register(high &>> 8)))
    }

    @inline(__always) static func add(
      _ sums: TwoRegisters, _ codes: ByteCodes, _ a: UnsafeRawPointer, _ j: Int
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
      let sum = IntVector(lowHalf: integers(sums.low), highHalf: integers(sums.high))
      return Format.hasZeroPoint ? sum &+ offset : sum
    }
  }

  extension IntegerBlock {
    /// Whether the sums of a block's halves are kept apart.
    @inline(__always) static var splitsSums: Bool { hasHalves || Dot.holdsHalf }

    /// One row of activations.
    @inline(__always) static func dotBlock(
      _ place: BlockPlace, _ a: UnsafeRawPointer, _ offsets: UnsafeRawPointer
    ) -> BlockSums {
      var room = RowBytes()
      return withUnsafeMutableBytes(of: &room) { room in
        let values = Dot.prepared(a, 1, room.baseAddress!)
        // Written out: of a loop the compiler keeps branches, and shifts by what j says.
        @inline(__always) func add(_ sums: TwoRegisters, _ j: Int) -> TwoRegisters {
          Dot.add(sums, Dot.codes(place, j), values, j)
        }
        guard splitsSums else {
          var sums = TwoRegisters()
          for j in 0..<Dot.vectors { sums = add(sums, j) }
          return total(TwoRegisters(), sums, offsets, 1)
        }
        let first = add(add(TwoRegisters(), 0), 1)
        let last = add(add(TwoRegisters(), 2), 3)
        return total(first, last, offsets, 1)
      }
    }

    /// The dot products of one row; its halves' offsets are `tile` numbers apart.
    @inline(__always) static func total(
      _ first: TwoRegisters, _ sums: TwoRegisters, _ offsets: UnsafeRawPointer, _ tile: Int
    ) -> BlockSums {
      if hasHalves {
        return BlockSums(
          firstHalf: Dot.total(first, offsets.broadcastInt(0)),
          last: Dot.total(sums, offsets.broadcastInt(4 &* tile)))
      }
      let last = Dot.total(sums, offsets.broadcastInt(0))
      return BlockSums(
        firstHalf: .zero, last: splitsSums ? last &+ Dot.total(first, .zero) : last)
    }
  }

  /// Eight rows of activations, or the first two or four where there are no more, against one group. The
  /// weights ahead are asked for where they go by once.
  @inline(__always) func tile<F: IntegerBlock>(
    _ format: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ ahead: AskedAhead
  ) -> Eight {
    let goesByOnce = if case .itself = ahead { true } else { false }
    var f = Eight()
    var room = (RowBytes(), RowBytes(), RowBytes(), RowBytes())
    withUnsafeMutableBytes(of: &room) { room in
      if columns <= 2 {
        let both = fourRows(
          format, group, blocks, codes, scales, offsets, room.baseAddress!, rows: 2, goesByOnce)
        f.v0 = both.v0
        f.v1 = both.v1
        return
      }
      let first = fourRows(
        format, group, blocks, codes, scales, offsets, room.baseAddress!, rows: 4, goesByOnce)
      f.v0 = first.v0
      f.v1 = first.v1
      f.v2 = first.v2
      f.v3 = first.v3
      guard columns > 4 else { return }
      let second = fourRows(
        format, group, blocks, codes + 128, scales + 16, offsets + 16, room.baseAddress!, rows: 4,
        false)
      f.v4 = second.v0
      f.v5 = second.v1
      f.v6 = second.v2
      f.v7 = second.v3
    }
    return f
  }

  /// Four of a tile's eight rows of activations, or two.
  @inline(__always) private func fourRows<F: IntegerBlock>(
    _: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ room: UnsafeMutableRawPointer,
    rows: Int, _ asksAhead: Bool
  ) -> Four {
    var f = Four()
    var a = codes
    var s = scales
    var o = offsets
    for b in 0..<blocks {
      if asksAhead { prefetchBlock(F.self, group + b &* F.blockBytes, tileDistance) }
      let place = F.place(group, b)
      let values = F.Dot.prepared(a, rows, room)
      @inline(__always) func add(_ sums: FourSums, _ j: Int) -> FourSums {
        var next = sums
        let c = F.Dot.codes(place, j)
        next.update(rows) { n, sum in F.Dot.add(sum, c, values + F.Dot.rowBytes &* n, j) }
        return next
      }
      var first = FourSums()
      var sums = FourSums()
      if F.splitsSums {
        first = add(add(first, 0), 1)
        sums = add(add(sums, 2), 3)
      } else {
        for j in 0..<F.Dot.vectors { sums = add(sums, j) }
      }
      let h = F.header(place)
      f.v0 = F.add(f.v0, F.total(first.s0, sums.s0, o, 8), h, s.broadcastFloat(0), o, 8)
      f.v1 = F.add(f.v1, F.total(first.s1, sums.s1, o + 4, 8), h, s.broadcastFloat(4), o + 4, 8)
      if rows > 2 {
        f.v2 = F.add(f.v2, F.total(first.s2, sums.s2, o + 8, 8), h, s.broadcastFloat(8), o + 8, 8)
        f.v3 = F.add(
          f.v3, F.total(first.s3, sums.s3, o + 12, 8), h, s.broadcastFloat(12), o + 12, 8)
      }
      a += 256
      s += 32
      o += 32 &* F.offsetCount
    }
    return f
  }

  @inline(__always) private func registers(_ v: WordVector) -> TwoRegisters {
    TwoRegisters(low: register(v.lowHalf), high: register(v.highHalf))
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
