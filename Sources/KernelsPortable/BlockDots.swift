// The dot products of a block where one instruction sums four products u8 x i8 into 32 bits (AVX-512),
// and where none does (portable). A block is eight vectors of unsigned codes; each holds four columns
// of sixteen rows, so a broadcast of four activations meets them in one step.

#if !KERNELS_AVX2
  /// The codes of one block, columns 4j..<4j+4 in vector j.
  struct BlockCodes {
    let c0: WordVector
    let c1: WordVector
    let c2: WordVector
    let c3: WordVector
    let c4: WordVector
    let c5: WordVector
    let c6: WordVector
    let c7: WordVector
  }

  extension IntegerBlock {
    /// Two rows of activations in turns: a chain waits for itself four cycles at each step.
    @inline(__always) static func dotTwoRows(
      _ c: BlockCodes, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ firstOffset: IntVector,
      _ secondOffset: IntVector
    ) -> (IntVector, IntVector) {
      var x = start(firstOffset)
      var y = start(secondOffset)
      x = dot(x, c.c0, a.broadcastInt(0))
      y = dot(y, c.c0, b.broadcastInt(0))
      x = dot(x, c.c1, a.broadcastInt(4))
      y = dot(y, c.c1, b.broadcastInt(4))
      x = dot(x, c.c2, a.broadcastInt(8))
      y = dot(y, c.c2, b.broadcastInt(8))
      x = dot(x, c.c3, a.broadcastInt(12))
      y = dot(y, c.c3, b.broadcastInt(12))
      x = dot(x, c.c4, a.broadcastInt(16))
      y = dot(y, c.c4, b.broadcastInt(16))
      x = dot(x, c.c5, a.broadcastInt(20))
      y = dot(y, c.c5, b.broadcastInt(20))
      x = dot(x, c.c6, a.broadcastInt(24))
      y = dot(y, c.c6, b.broadcastInt(24))
      x = dot(x, c.c7, a.broadcastInt(28))
      y = dot(y, c.c7, b.broadcastInt(28))
      return (x, y)
    }

    /// Two chains of dot products: with one row of activations there is nothing else to overlap.
    @inline(__always) static func dotBlock(
      _ p: UnsafeRawPointer, _ a: UnsafeRawPointer, _ offset: IntVector
    ) -> IntVector {
      let c = codes(p)
      var x = start(offset)
      var y = IntVector.zero
      x = dot(x, c.c0, a.broadcastInt(0))
      y = dot(y, c.c1, a.broadcastInt(4))
      x = dot(x, c.c2, a.broadcastInt(8))
      y = dot(y, c.c3, a.broadcastInt(12))
      x = dot(x, c.c4, a.broadcastInt(16))
      y = dot(y, c.c5, a.broadcastInt(20))
      x = dot(x, c.c6, a.broadcastInt(24))
      y = dot(y, c.c7, a.broadcastInt(28))
      return x &+ y
    }
  }

  @inline(__always) func nibbles(_ p: UnsafeRawPointer) -> BlockCodes {
    let q0 = p.words(0)
    let q1 = p.words(64)
    let q2 = p.words(128)
    let q3 = p.words(192)
    return BlockCodes(
      c0: q0 & 0x0F0F_0F0F, c1: q1 & 0x0F0F_0F0F, c2: q2 & 0x0F0F_0F0F, c3: q3 & 0x0F0F_0F0F,
      c4: (q0 &>> 4) & 0x0F0F_0F0F, c5: (q1 &>> 4) & 0x0F0F_0F0F,
      c6: (q2 &>> 4) & 0x0F0F_0F0F, c7: (q3 &>> 4) & 0x0F0F_0F0F)
  }

  /// Rows of activations against one group: eight, or as few as hold `columns`. The weights ahead are
  /// asked for where they go by once.
  @inline(__always) func tile<F: IntegerBlock>(
    _ format: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ goesByOnce: Bool
  ) -> Eight {
    if columns <= 2 { return tile(format, group, blocks, codes, scales, offsets, rows: 2, true) }
    if columns <= 4 { return tile(format, group, blocks, codes, scales, offsets, rows: 4, true) }
    if columns <= 6 { return tile(format, group, blocks, codes, scales, offsets, rows: 6, true) }
    if goesByOnce { return tile(format, group, blocks, codes, scales, offsets, rows: 8, true) }
    return tile(format, group, blocks, codes, scales, offsets, rows: 8, false)
  }

  @inline(__always) private func tile<F: IntegerBlock>(
    _: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, rows: Int, _ asksAhead: Bool
  ) -> Eight {
    var f = Eight()
    var block = group
    var a = codes
    var s = scales
    var o = offsets
    for _ in 0..<blocks {
      if asksAhead { prefetchBlock(F.self, block) }
      let c = F.codes(block + F.headerBytes)
      let h = F.header(block)
      f.updatePairs(rows) { n, first, second in
        let (x, y) = F.dotTwoRows(
          c, a + 32 &* n, a + (32 &* n &+ 32), o.broadcastInt(4 &* n),
          o.broadcastInt(4 &* n &+ 4))
        return (
          F.add(first, x, h, s.broadcastFloat(4 &* n), o.broadcastFloat(4 &* n)),
          F.add(second, y, h, s.broadcastFloat(4 &* n &+ 4), o.broadcastFloat(4 &* n &+ 4))
        )
      }
      block += F.headerBytes &+ F.codeBytes
      a += 256
      s += 32
      o += 32
    }
    return f
  }
#endif
