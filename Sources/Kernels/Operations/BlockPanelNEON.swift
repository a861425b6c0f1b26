// Blocks on Arm: sixteen rows of weights are four registers. One row of activations meets the weights as they
// lie. For more, a panel of 1024 columns is unpacked to signed bytes first, zero points taken off, and meets
// every tile of eight rows of activations before the next one is made: what unpacking costs is shared by all
// of them, and the loop that does the work is the same for every format.
//
// The tile is four rows of weights (a quarter of a group) by eight of activations: eight registers of sums of
// a block, eight of results, and what is multiplied; 32 registers are not enough for sixteen of each.
//
// More than 400 lines in one file: the parts of the loop are private, so that nothing of them is left but what is
// inlined.

import BlockFormats
import CPlatform
import KernelInterface

#if KERNELS_NEON
  // MARK: one row of activations

  extension IntegerBlock {
    /// Whether codes have all eight bits, so that they are made signed by their top bit.
    @inline(__always) static var hasWideCodes: Bool { zeroPoint == 128 }

    /// Columns 4j..<4j+4 of rows 4q..<4q+4.
    @inline(__always) static func codes(_ place: BlockPlace, _ j: Int, _ q: Int) -> ByteQuad {
      let words = quad(words(place, j), q)
      return unsafeBitCast(hasWideCodes ? words ^ 0x8080_8080 : words, to: ByteQuad.self)
    }

    @inline(__always) private static func dotHalf(
      _ place: BlockPlace, _ a: ByteQuad, _ j: Int, _ q: Int, _ start: IntQuad
    ) -> IntQuad {
      var x = dotWord(start, codes(place, j, q), a, 0)
      x = dotWord(x, codes(place, j &+ 1, q), a, 1)
      x = dotWord(x, codes(place, j &+ 2, q), a, 2)
      return dotWord(x, codes(place, j &+ 3, q), a, 3)
    }

    @inline(__always) private static func dotQuarter(
      _ place: BlockPlace, _ first: ByteQuad, _ last: ByteQuad, _ q: Int, _ start: IntQuad,
      _ second: IntQuad
    ) -> (IntQuad, IntQuad) {
      let x = dotHalf(place, first, 0, q, start)
      let y = dotHalf(place, last, 4, q, hasHalves ? second : x)
      // One quarter after the other: of all four at once the codes find no room in registers.
      let ordered = unsafeBitCast(
        emend_then(unsafeBitCast(y, to: FloatQuad.self)), to: IntQuad.self)
      return (hasHalves ? x : ordered, ordered)
    }

    /// One row of activations.
    @inline(__always) static func dotBlock(
      _ place: BlockPlace, _ a: UnsafeRawPointer, _ offsets: UnsafeRawPointer
    ) -> BlockSums {
      let first = a.byteQuad(0)
      let last = a.byteQuad(16)
      let takesOffset = hasZeroPoint && !hasWideCodes
      let start = takesOffset ? IntQuad(repeating: offsets.loadUnaligned(as: Int32.self)) : .zero
      let second =
        takesOffset && hasHalves
        ? IntQuad(repeating: offsets.loadUnaligned(fromByteOffset: 4, as: Int32.self)) : .zero
      let s0 = dotQuarter(place, first, last, 0, start, second)
      let s1 = dotQuarter(place, first, last, 1, start, second)
      let s2 = dotQuarter(place, first, last, 2, start, second)
      let s3 = dotQuarter(place, first, last, 3, start, second)
      return BlockSums(
        firstHalf: IntVector(
          lowHalf: SIMD8(lowHalf: s0.0, highHalf: s1.0),
          highHalf: SIMD8(lowHalf: s2.0, highHalf: s3.0)),
        last: IntVector(
          lowHalf: SIMD8(lowHalf: s0.1, highHalf: s1.1),
          highHalf: SIMD8(lowHalf: s2.1, highHalf: s3.1)))
    }
  }

  // MARK: panels

  /// Blocks of a panel, and bytes of a block's codes: `[quarter][8][16]`.
  private let panelBlocks = 32
  private let codeBytes = 512
  /// Tiles of activations whose results are kept while a panel goes by, and floats of one's: `[quarter][8][4]`.
  private let panelTiles = 64
  private let tileFloats = 128
  /// Floats of a vector of a panel's headers, and most of them of a block: what its sums start with, what is taken
  /// off them, steps of two halves and two minima.
  #if KERNELS_I8MM
    private let headerFloats = 32  // each twice
  #else
    private let headerFloats = 16
  #endif
  private let mostHeaders = 6

  extension PanelKind {
    /// Vectors of a block's header: 1.5 * 2^23, what it is times the first step, negative; steps; minima.
    @inline(__always) static var headers: Int { 2 &+ stepCount &+ minimumCount }
    /// Bytes of one.
    @inline(__always) static var vector: Int { headerFloats &* 4 }
  }

  @inline(__always) private func storeHeader(
    _ v: FloatVector, _ out: UnsafeMutablePointer<Float>
  ) {
    #if KERNELS_I8MM
      out.store(interleaveLow(v, v))
      out.store(interleaveHigh(v, v), at: 16)
    #else
      out.store(v)
    #endif
  }

  /// Blocks first..<first+count of a group: codes less their zero point, and headers.
  @inline(__always) private func unpack<F: IntegerBlock>(
    _: F.Type, _ group: UnsafeRawPointer, _ first: Int, _ count: Int,
    _ panel: UnsafeMutableRawPointer, _ headers: UnsafeMutablePointer<Float>
  ) {
    let zero = SIMD16<UInt8>(repeating: UInt8(truncatingIfNeeded: F.zeroPoint))
    var header = headers
    for b in 0..<count {
      let place = F.place(group, first &+ b)
      let target = panel + codeBytes &* b
      var j = 0
      while j < 8 {
        let w = F.words(place, j)
        let next = F.words(place, j &+ 1)
        for q in 0..<4 {
          #if KERNELS_I8MM
            // Eight columns of a row lie together: [step of eight columns][pair of rows][2][8].
            let (x, y) = (quad(w, q), quad(next, q))
            let low = SIMD4(x.x, y.x, x.y, y.y)
            let high = SIMD4(x.z, y.z, x.w, y.w)
            let at = 128 &* q &+ 16 &* j
          #else
            let (low, high) = (quad(w, q), quad(next, q))
            let at = 128 &* q &+ 16 &* j
          #endif
          target.storeBytes(
            of: unsafeBitCast(low, to: SIMD16<UInt8>.self) &- zero, toByteOffset: at,
            as: SIMD16<UInt8>.self)
          target.storeBytes(
            of: unsafeBitCast(high, to: SIMD16<UInt8>.self) &- zero, toByteOffset: at &+ 16,
            as: SIMD16<UInt8>.self)
        }
        j &+= 2
      }
      let steps = F.steps(place)
      let high = FloatVector(repeating: 0x1.8p23)
      storeHeader(high, header)
      storeHeader(negated(high * steps.first), header + headerFloats)
      header += 2 &* headerFloats
      storeHeader(steps.first, header)
      header += headerFloats
      if F.hasHalves {
        storeHeader(steps.last, header)
        header += headerFloats
      }
      if !F.hasZeroPoint {
        storeHeader(steps.minimum, header)
        header += headerFloats
        if F.hasHalves {
          storeHeader(steps.lastMinimum, header)
          header += headerFloats
        }
      }
    }
  }

  // A block's integer is added to 1.5 * 2^23 as its bits, so that they are the float 1.5 * 2^23 + sum, exact below
  // 2^22; times the step, less 1.5 * 2^23 times the step (exact too), fused: that is the rounded product of sum and
  // step, without a conversion. Both starting values come from memory, which has time while dot products have not.

  #if KERNELS_I8MM
    /// A quarter of a group, two pairs of rows, by `pairs` pairs of rows of activations: register 2 p + i is of
    /// pair of rows i and pair p.
    @inline(__always) private func quarterTile<K: PanelKind>(
      _: K.Type, _ panel: UnsafeRawPointer, _ headers: UnsafeRawPointer, _ tile: ActivationTile,
      _ blocks: Int, _ out: UnsafeMutablePointer<Float>, _ pairs: Int
    ) {
      var f = EightQuads()
      let memory = UnsafeRawPointer(out)
      let sums = 2 &* pairs
      f.update(sums) { i, _ in memory.floatQuad(16 &* i) }
      var w = panel
      var h = headers
      var a = tile.codes
      var s = tile.scales
      var o = tile.offsets
      for _ in 0..<blocks {
        let codes = EightByteQuads(w)  // [step of eight columns][pair of rows]
        let upper = BlockHeader<K>(h)
        let lower = BlockHeader<K>(h + 16)
        // Two registers at a time: the activations of a pair of rows serve both.
        f.updatePairs(pairs) { p, first, second in
          let b = a + 64 &* p
          let (b0, b1) = (b.byteQuad(0), b.byteQuad(16))
          let (b2, b3) = (b.byteQuad(32), b.byteQuad(48))
          @inline(__always) func products(_ i: Int) -> BlockProducts<K> {
            BlockProducts<K>(i == 0 ? upper : lower, copies: i == 1) { start, part in
              var x = start
              if part != .last {
                x = emend_multiply_rows(x, codes[i], b0)
                x = emend_multiply_rows(x, codes[2 &+ i], b1)
              }
              if part != .first {
                x = emend_multiply_rows(x, codes[4 &+ i], b2)
                x = emend_multiply_rows(x, codes[6 &+ i], b3)
              }
              return x
            }
          }
          let scale = twice(s, 8 &* p)
          let (low, high) = (products(0), products(1))
          let near = K.hasMinimum ? twice(o, 8 &* p) : scale
          let offset = { (isLast: Bool) in isLast ? twice(o, 8 &* p &+ 32) : near }
          return (low.added(to: first, scale, offset), high.added(to: second, scale, offset))
        }
        w += codeBytes
        h += K.headers &* headerFloats &* 4
        a += 256
        s += 32
        o += 32 &* K.offsetCount
      }
      for i in 0..<8 where i < sums {
        UnsafeMutableRawPointer(out).storeBytes(
          of: f[i], toByteOffset: 16 &* i, as: FloatQuad.self)
      }
    }

    /// Two floats, twice.
    @inline(__always) private func twice(_ p: UnsafeRawPointer, _ offset: Int) -> FloatQuad {
      let two = p.loadUnaligned(fromByteOffset: offset, as: Int64.self)
      return unsafeBitCast(SIMD2<Int64>(repeating: two), to: FloatQuad.self)
    }
  #else
    /// A quarter of a group, four rows, by `pairs` pairs of rows of activations, a register for each row.
    @inline(__always) private func quarterTile<K: PanelKind>(
      _: K.Type, _ panel: UnsafeRawPointer, _ headers: UnsafeRawPointer, _ tile: ActivationTile,
      _ blocks: Int, _ out: UnsafeMutablePointer<Float>, _ pairs: Int
    ) {
      let rows = 2 &* pairs
      var f = EightQuads()
      let memory = UnsafeRawPointer(out)
      f.update(rows) { n, _ in memory.floatQuad(16 &* n) }
      var w = panel
      var h = headers
      var a = tile.codes
      var s = tile.scales
      var o = tile.offsets
      for _ in 0..<blocks {
        let codes = EightByteQuads(w)
        let header = BlockHeader<K>(h)
        let offsets = (o.floatQuad(0), o.floatQuad(16))
        let scales = (s.floatQuad(0), s.floatQuad(16))
        f.updatePairs(pairs) { p, first, second in
          @inline(__always) func products(_ n: Int) -> BlockProducts<K> {
            let b0 = a.byteQuad(32 &* n)
            let b1 = a.byteQuad(32 &* n &+ 16)
            return BlockProducts<K>(header, copies: false) { start, part in
              var x = start
              if part != .last {
                x = dotWord(x, codes[0], b0, 0)
                x = dotWord(x, codes[1], b0, 1)
                x = dotWord(x, codes[2], b0, 2)
                x = dotWord(x, codes[3], b0, 3)
              }
              if part != .first {
                x = dotWord(x, codes[4], b1, 0)
                x = dotWord(x, codes[5], b1, 1)
                x = dotWord(x, codes[6], b1, 2)
                x = dotWord(x, codes[7], b1, 3)
              }
              return x
            }
          }
          @inline(__always) func added(
            _ n: Int, _ block: BlockProducts<K>, _ acc: FloatQuad
          ) -> FloatQuad {
            let scale = FloatQuad(repeating: n < 4 ? scales.0[n & 3] : scales.1[n & 3])
            return block.added(to: acc, scale) { isLast in
              let four = isLast ? o.floatQuad(32 &+ 16 &* (n &>> 2)) : n < 4 ? offsets.0 : offsets.1
              return FloatQuad(repeating: four[n & 3])
            }
          }
          let (low, high) = (products(2 &* p), products(2 &* p &+ 1))
          return (added(2 &* p, low, first), added(2 &* p &+ 1, high, second))
        }
        w += codeBytes
        h += K.headers &* headerFloats &* 4
        a += 256
        s += 32
        o += 32 &* K.offsetCount
      }
      for n in 0..<8 where n < rows {
        UnsafeMutableRawPointer(out).storeBytes(
          of: f[n], toByteOffset: 16 &* n, as: FloatQuad.self)
      }
    }
  #endif

  /// A half of a block's columns, or all of them.
  private enum BlockPart {
    case first
    case last
    case all
  }

  /// What a block's products and sums are made with, those of it that stay in registers.
  private struct BlockHeader<K: PanelKind> {
    let memory: UnsafeRawPointer
    let step: FloatQuad
    let lastStep: FloatQuad
    private let onlyMinimum: FloatQuad

    @inline(__always) init(_ memory: UnsafeRawPointer) {
      self.memory = memory
      step = memory.floatQuad(2 &* K.vector)
      lastStep = K.hasHalves ? memory.floatQuad(3 &* K.vector) : step
      onlyMinimum = K.hasMinimum && !K.hasHalves ? memory.floatQuad(3 &* K.vector) : .zero
    }

    /// 1.5 * 2^23.
    @inline(__always) var high: UnsafeRawPointer { memory }
    /// What it is times the step, negative.
    @inline(__always) var less: UnsafeRawPointer { memory + K.vector }
    @inline(__always) var minimum: FloatQuad {
      K.hasHalves ? memory.floatQuad(4 &* K.vector) : onlyMinimum
    }
    @inline(__always) var lastMinimum: FloatQuad { memory.floatQuad(5 &* K.vector) }
  }

  /// A block's dot products by its steps, operation by operation as `IntegerBlock.add` has them.
  private struct BlockProducts<K: PanelKind> {
    let header: BlockHeader<K>
    let products: FloatQuad

    /// `sums` adds to what it is given the products of a part of the block. `copies` says that they start with a
    /// copy of a register: where loads are as many as products, some of each are best.
    @inline(__always) init(
      _ header: BlockHeader<K>, copies: Bool, _ sums: (IntQuad, BlockPart) -> IntQuad
    ) {
      self.header = header
      let part = K.hasHalves ? BlockPart.first : .all
      let first: FloatQuad
      if K.startsHigh {
        let start = copies ? IntQuad(repeating: 0x4B40_0000) : emend_load_anew(header.high)
        let high = unsafeBitCast(sums(start, part), to: FloatQuad.self)
        let less = unsafeBitCast(emend_load_anew(header.less), to: FloatQuad.self)
        first = less.addingProduct(high, header.step)
      } else {
        first = toFloatQuad(sums(.zero, part)) * header.step
      }
      products =
        K.hasHalves
        ? first.addingProduct(toFloatQuad(sums(.zero, .last)), header.lastStep) : first
    }

    /// `offset` gives what the minimum multiplies, of the first half or of the last.
    @inline(__always) func added(
      to acc: FloatQuad, _ scale: FloatQuad, _ offset: (Bool) -> FloatQuad
    ) -> FloatQuad {
      let sum = acc.addingProduct(products, scale)
      guard K.hasMinimum else { return emend_then(sum) }
      let first = sum.addingProduct(header.minimum, offset(false))
      guard K.hasHalves else { return emend_then(first) }
      return emend_then(first.addingProduct(header.lastMinimum, offset(true)))
    }
  }

  /// All four quarters; `pairs` pairs of rows of activations.
  @inline(__always) private func groupTile<K: PanelKind>(
    _ kind: K.Type, _ panel: UnsafeRawPointer, _ headers: UnsafeRawPointer,
    _ tile: ActivationTile, _ blocks: Int, _ out: UnsafeMutablePointer<Float>, _ pairs: Int
  ) {
    for q in 0..<4 {
      quarterTile(
        kind, panel + 128 &* q, headers + headerFloats &* q, tile, blocks, out + 32 &* q, pairs)
    }
  }

  /// Not inlined: one copy for all formats of a kind, and registers that are its own.
  @inline(never) private func panelTile<K: PanelKind>(
    _ kind: K.Type, _ panel: UnsafeRawPointer, _ headers: UnsafeRawPointer,
    _ tile: ActivationTile, _ blocks: Int, _ out: UnsafeMutablePointer<Float>, _ columns: Int
  ) {
    if columns > 6 {
      groupTile(kind, panel, headers, tile, blocks, out, 4)
    } else if columns > 4 {
      groupTile(kind, panel, headers, tile, blocks, out, 3)
    } else if columns > 2 {
      groupTile(kind, panel, headers, tile, blocks, out, 2)
    } else {
      groupTile(kind, panel, headers, tile, blocks, out, 1)
    }
  }

  /// A tile's sixteen rows of result `n`.
  @inline(__always) private func result(_ sums: UnsafePointer<Float>, _ n: Int) -> FloatVector {
    let p = UnsafeRawPointer(sums)
    func quarter(_ q: Int) -> FloatQuad {
      #if KERNELS_I8MM
        let low = p.floatQuad(128 &* q &+ 32 &* (n &>> 1))
        let high = p.floatQuad(128 &* q &+ 32 &* (n &>> 1) &+ 16)
        return n & 1 == 0
          ? FloatQuad(lowHalf: low.evenHalf, highHalf: high.evenHalf)
          : FloatQuad(lowHalf: low.oddHalf, highHalf: high.oddHalf)
      #else
        return p.floatQuad(128 &* q &+ 16 &* n)
      #endif
    }
    return FloatVector(
      lowHalf: SIMD8(lowHalf: quarter(0), highHalf: quarter(1)),
      highHalf: SIMD8(lowHalf: quarter(2), highHalf: quarter(3)))
  }

  /// Tiles of eight rows of activations, the last of which may hold fewer, by groups of weights.
  @inline(__always) func runPanels<F: IntegerBlock, K: PanelKind>(
    _: F.Type, _ kind: K.Type, _ weights: UnsafeRawPointer, _ blocks: Int,
    _ codes: UnsafeRawPointer, _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer,
    _ columns: Int, _ firstGroup: Int, _ endGroup: Int, _ rows: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ accumulate: Bool
  ) {
    let headerBytes = panelBlocks &* mostHeaders &* headerFloats &* 4
    let byteCount = panelBlocks &* codeBytes &+ headerBytes &+ panelTiles &* tileFloats &* 4
    let panel = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { panel.deallocate() }
    let headers = (panel + panelBlocks &* codeBytes).assumingMemoryBound(to: Float.self)
    let sums = (panel + (panelBlocks &* codeBytes &+ headerBytes)).assumingMemoryBound(
      to: Float.self)
    let groupBytes = blocks &* F.blockBytes
    var start = 0
    while start < columns {
      let some = min(8 &* panelTiles, columns &- start)
      let tiles = (some &+ 7) &>> 3
      for group in firstGroup..<endGroup {
        for i in 0..<tiles &* tileFloats / 16 { sums.store(.zero, at: 16 &* i) }
        var b = 0
        while b < blocks {
          let count = min(panelBlocks, blocks &- b)
          unpack(F.self, weights + group &* groupBytes, b, count, panel, headers)
          for t in 0..<tiles {
            let at = (start &+ 8 &* t) &* blocks &+ 8 &* b
            panelTile(
              kind, panel, UnsafeRawPointer(headers),
              ActivationTile(
                codes: codes + 32 &* at, scales: scales + 4 &* at,
                offsets: offsets + 4 &* K.offsetCount &* at),
              count, sums + t &* tileFloats, some &- 8 &* t)
          }
          b &+= count
        }
        for n in 0..<some {
          storeRows(
            result(sums + (n &>> 3) &* tileFloats, n & 7),
            out + ((start &+ n) &* outStride &+ 16 &* group), rows &- 16 &* group, accumulate)
        }
      }
      start &+= some
    }
  }
#endif
