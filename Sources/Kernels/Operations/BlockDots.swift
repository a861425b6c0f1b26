// The dot products of a block where one instruction sums four products u8 x i8 into 32 bits (AVX-512),
// and where none does (portable). A block is eight vectors of unsigned codes; each holds four columns
// of sixteen rows, so a broadcast of four activations meets them in one step.

#if !KERNELS_AVX2 && !KERNELS_NEON
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
    @inline(__always) static func codes(_ place: BlockPlace) -> BlockCodes {
      BlockCodes(
        c0: words(place, 0), c1: words(place, 1), c2: words(place, 2), c3: words(place, 3),
        c4: words(place, 4), c5: words(place, 5), c6: words(place, 6), c7: words(place, 7))
    }

    /// What the dot product starts from, so that the weights' zero point costs nothing.
    @inline(__always) private static func start(_ offset: IntVector) -> IntVector {
      hasZeroPoint ? offset : .zero
    }

    /// Two rows of activations in turns: a chain waits for itself four cycles at each step. The offsets of
    /// the halves are `tile` numbers apart.
    @inline(__always) static func dotTwoRows(
      _ c: BlockCodes, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ offsets: UnsafeRawPointer,
      _ tile: Int
    ) -> (BlockSums, BlockSums) {
      var x = start(offsets.broadcastInt(0))
      var y = start(offsets.broadcastInt(4))
      x = dotCodes(x, c.c0, a.broadcastInt(0))
      y = dotCodes(y, c.c0, b.broadcastInt(0))
      x = dotCodes(x, c.c1, a.broadcastInt(4))
      y = dotCodes(y, c.c1, b.broadcastInt(4))
      x = dotCodes(x, c.c2, a.broadcastInt(8))
      y = dotCodes(y, c.c2, b.broadcastInt(8))
      x = dotCodes(x, c.c3, a.broadcastInt(12))
      y = dotCodes(y, c.c3, b.broadcastInt(12))
      let (firstX, firstY) = (x, y)
      if hasHalves {
        x = start(offsets.broadcastInt(4 &* tile))
        y = start(offsets.broadcastInt(4 &* tile &+ 4))
      }
      x = dotCodes(x, c.c4, a.broadcastInt(16))
      y = dotCodes(y, c.c4, b.broadcastInt(16))
      x = dotCodes(x, c.c5, a.broadcastInt(20))
      y = dotCodes(y, c.c5, b.broadcastInt(20))
      x = dotCodes(x, c.c6, a.broadcastInt(24))
      y = dotCodes(y, c.c6, b.broadcastInt(24))
      x = dotCodes(x, c.c7, a.broadcastInt(28))
      y = dotCodes(y, c.c7, b.broadcastInt(28))
      return (BlockSums(firstHalf: firstX, last: x), BlockSums(firstHalf: firstY, last: y))
    }

    /// Two chains of dot products: with one row of activations there is nothing else to overlap.
    @inline(__always) static func dotBlock(
      _ place: BlockPlace, _ a: UnsafeRawPointer, _ offsets: UnsafeRawPointer
    ) -> BlockSums {
      let c = codes(place)
      var x = start(offsets.broadcastInt(0))
      var y = hasHalves ? start(offsets.broadcastInt(4)) : IntVector.zero
      x = dotCodes(x, c.c0, a.broadcastInt(0))
      y = dotCodes(y, c.c4, a.broadcastInt(16))
      x = dotCodes(x, c.c1, a.broadcastInt(4))
      y = dotCodes(y, c.c5, a.broadcastInt(20))
      x = dotCodes(x, c.c2, a.broadcastInt(8))
      y = dotCodes(y, c.c6, a.broadcastInt(24))
      x = dotCodes(x, c.c3, a.broadcastInt(12))
      y = dotCodes(y, c.c7, a.broadcastInt(28))
      return BlockSums(firstHalf: x, last: hasHalves ? y : x &+ y)
    }
  }

  /// Rows of activations against one group: eight, or as few as hold `columns`. Fewer always ask for weights ahead.
  @inline(__always) func tile<F: IntegerBlock>(
    _ format: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ ahead: AskedAhead
  ) -> Eight {
    @inline(__always) func run(rows: Int, _ ask: (_ b: Int) -> Void) -> Eight {
      tile(format, group, blocks, codes, scales, offsets, rows: rows, ask)
    }
    let askForItself = { (b: Int) in
      prefetchBlock(F.self, group + b &* F.blockBytes, tileDistance)
    }
    if columns <= 2 { return run(rows: 2, askForItself) }
    if columns <= 4 { return run(rows: 4, askForItself) }
    if columns <= 6 { return run(rows: 6, askForItself) }
    switch ahead {
    case .nothing: return run(rows: 8) { _ in }
    case .itself: return run(rows: 8, askForItself)
    case .next(let start, let bytes):
      return run(rows: 8) { b in
        var p = start + b &* bytes
        let end = p + bytes
        while p < end {
          prefetch(p)
          p += 64
        }
      }
    }
  }

  @inline(__always) private func tile<F: IntegerBlock>(
    _: F.Type, _ group: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, rows: Int, _ ask: (_ b: Int) -> Void
  ) -> Eight {
    var f = Eight()
    var a = codes
    var s = scales
    var o = offsets
    for b in 0..<blocks {
      ask(b)
      let place = F.place(group, b)
      let c = F.codes(place)
      let h = F.header(place)
      f.updatePairs(rows) { n, first, second in
        let (x, y) = F.dotTwoRows(c, a + 32 &* n, a + (32 &* n &+ 32), o + 4 &* n, 8)
        return (
          F.add(first, x, h, s.broadcastFloat(4 &* n), o + 4 &* n, 8),
          F.add(second, y, h, s.broadcastFloat(4 &* n &+ 4), o + (4 &* n &+ 4), 8)
        )
      }
      a += 256
      s += 32
      o += 32 &* F.offsetCount
    }
    return f
  }
#endif
