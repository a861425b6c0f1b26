// dx[n, k] (+)= sum_m W[m, k] g[n, m] in bytes: see `ByteGradientKernels`. Lanes are columns k, four outputs m to a
// lane, so that one word of a gradient meets sixteen columns and no sum runs across lanes.

import BlockFormats
import CPlatform
import KernelInterface

/// `ByteGradientKernels.LinearTransposed`.
func linearTransposedBytes(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ k: Int, _ outputs: Int, _ slices: Int,
  _ tiles: UnsafePointer<Float>, _ rows: Int, _ firstColumn: Int, _ endColumn: Int,
  _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  func run<F: IntegerBlock>(_: F.Type) {
    multiplyPasses(
      F.self, weights, k / 32, outputs, slices, tiles, rows, firstColumn / 32, endColumn / 32, dx,
      dxStride, accumulate, scratch)
  }
  switch format {
  case .q4_0: run(Q4_0Block.self)
  case .q4_1: run(Q4_1Block.self)
  case .q5_0: run(Q5_0Block.self)
  case .q5_1: run(Q5_1Block.self)
  case .iq4_NL: run(IQ4_NLBlock.self)
  case .mxfp4: run(MXFP4Block.self)
  case .q2_K: run(Q2_KBlock.self)
  case .q3_K: run(Q3_KBlock.self)
  case .q4_K: run(Q4_KBlock.self)
  case .q5_K: run(Q5_KBlock.self)
  case .q6_K: run(Q6_KBlock.self)
  case .iq4_XS: run(IQ4_XSBlock.self)
  default: run(Q8_0Block.self)  // the only format left that has blocks
  }
}

/// Some sums' panels are made, and all rows meet them, before the next ones.
@inline(__always) private func multiplyPasses<F: IntegerBlock>(
  _: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ outputs: Int, _ slices: Int,
  _ tiles: UnsafePointer<Float>, _ rows: Int, _ firstBlock: Int, _ endBlock: Int,
  _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let groups = PackedLayout.groupCount(rows: outputs)
  let groupBytes = blocks &* F.blockBytes
  let perSum = ByteGradientKernels.groupsPerSum(groups)
  let sums = ByteGradientKernels.sumCount(groups)
  let tileFloats = ByteGradientKernels.tileFloats(outputs: outputs, slices: slices)
  let most = ByteGradientKernels.sumsTogether
  let room = scratch + most &* (8 &* ByteGradientKernels.sumOutputs &+ 32)
  // A value for each, not an array, which would be memory of its own.
  var steps = SIMD8<Float>.zero
  var firstSum = 0
  while firstSum < sums {
    let endSum = min(firstSum &+ most, sums)
    for block in firstBlock..<endBlock {
      for sum in firstSum..<endSum {
        var panel = RoundedPanel(scratch, sum &- firstSum)
        let first = sum &* perSum
        panel.fill(
          F.self, weights + first &* groupBytes, groupBytes: groupBytes,
          groups: min(perSum, groups &- first), block: block)
        steps[sum &- firstSum] = panel.step
      }
      // While the rows go by, what the next panels are made of comes: it is in pieces, a few lines of each group.
      if block &+ 1 < endBlock {
        for group in firstSum &* perSum..<min(endSum &* perSum, groups) {
          askForBlock(F.self, weights + group &* groupBytes, block &+ 1)
        }
      }
      var row = 0
      while row < rows {
        if row &+ 8 < rows { askFor(dx + ((row &+ 8) &* dxStride &+ 32 &* block), dxStride) }
        let tile = tiles + (row &>> 3) &* tileFloats
        let out = dx + (row &* dxStride &+ 32 &* block)
        for sum in firstSum..<endSum {
          let first = sum &* perSum
          for slice in 0..<slices {
            let codes = UnsafeRawPointer(tile + (8 &* sums &+ 32 &* (slice &* groups &+ first)))
            multiplyTile(
              RoundedPanel(scratch, sum &- firstSum), 4 &* min(perSum, groups &- first), codes,
              tile + 8 &* sum,
              steps[sum &- firstSum] * (slice &+ 1 == slices ? 1 : 256)
                * (slices == 2 ? 0x1p-8 : 1), out,
              dxStride, min(8, rows &- row), accumulate || sum > 0 || slice > 0, 4 &* tileFloats,
              room)
          }
        }
        row &+= 8
      }
    }
    firstSum = endSum
  }
}

/// A block's weights; of a superblock, those of all its blocks, with its first.
@inline(__always) private func askForBlock<F: IntegerBlock>(
  _: F.Type, _ group: UnsafeRawPointer, _ block: Int
) {
  guard block & (F.blocksTogether &- 1) == 0 else { return }
  let start = group + block &* F.blockBytes
  var ahead = 0
  while ahead < F.blocksTogether &* F.blockBytes {
    prefetch(start + ahead)
    ahead &+= 64
  }
}

/// The results of the next tile are far apart, and nothing else would ask for them in time.
@inline(__always) private func askFor(_ dx: UnsafeMutablePointer<Float>, _ dxStride: Int) {
  for row in 0..<8 {
    prefetch(dx + row &* dxStride)
    prefetch(dx + (row &* dxStride &+ 16))
  }
}

/// Sixteen columns' results of one row.
@inline(__always) private func store(
  _ sums: IntVector, _ scale: Float, _ out: UnsafeMutablePointer<Float>, _ accumulate: Bool
) {
  let value = toFloat(sums) * FloatVector(repeating: scale)
  out.store(accumulate ? out.vector() + value : value)
}

#if KERNELS_NEON
  /// A tile of eight rows by a panel: eight columns at a time, sixteen registers of sums.
  @inline(__always) private func multiplyTile(
    _ panel: RoundedPanel, _ steps: Int, _ codes: UnsafeRawPointer, _ scales: UnsafePointer<Float>,
    _ step: Float, _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ rows: Int,
    _ accumulate: Bool, _ nextTile: Int, _ room: UnsafeMutablePointer<Float>
  ) {
    for eight in 0..<4 {
      var a = EightQuads()
      var b = EightQuads()
      var words = UnsafeRawPointer(panel.codes) + 32 &* eight
      var gradients = codes
      for _ in 0..<steps {
        let first = words.byteQuad(0)
        let last = words.byteQuad(16)
        let low = gradients.byteQuad(0)
        let high = gradients.byteQuad(16)
        func dot(_ sum: FloatQuad, _ w: ByteQuad, _ row: Int) -> FloatQuad {
          unsafeBitCast(
            dotWord(unsafeBitCast(sum, to: IntQuad.self), w, row < 4 ? low : high, row & 3),
            to: FloatQuad.self)
        }
        a.update(8) { row, sum in dot(sum, first, row) }
        b.update(8) { row, sum in dot(sum, last, row) }
        words += 128
        gradients += 32
      }
      let out = dx + 8 &* eight
      func store(_ row: Int) {
        guard row < rows else { return }
        let scale = FloatQuad(repeating: scales[row] * step)
        func put(_ sums: FloatQuad, _ i: Int) {
          let value = toFloatQuad(unsafeBitCast(sums, to: IntQuad.self)) * scale
          let p = UnsafeMutableRawPointer(out + (row &* dxStride &+ i))
          p.storeBytes(
            of: accumulate ? UnsafeRawPointer(p).floatQuad() + value : value, as: FloatQuad.self)
        }
        put(a[row], 0)
        put(b[row], 4)
      }
      store(0)
      store(1)
      store(2)
      store(3)
      store(4)
      store(5)
      store(6)
      store(7)
    }
  }
#elseif KERNELS_AVX2
  /// Four rows' sums of sixteen columns.
  private struct Sums {
    var a = (SIMD8<Int32>.zero, SIMD8<Int32>.zero)
    var b = (SIMD8<Int32>.zero, SIMD8<Int32>.zero)
    var c = (SIMD8<Int32>.zero, SIMD8<Int32>.zero)
    var d = (SIMD8<Int32>.zero, SIMD8<Int32>.zero)
  }

  /// Pairs of products in 16 bits would saturate, so both factors are widened to 16 bits, even and odd bytes apart:
  /// the gradients once for a tile and panel.
  @inline(__always) private func multiplyTile(
    _ panel: RoundedPanel, _ steps: Int, _ codes: UnsafeRawPointer, _ scales: UnsafePointer<Float>,
    _ step: Float, _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ rows: Int,
    _ accumulate: Bool, _ nextTile: Int, _ room: UnsafeMutablePointer<Float>
  ) {
    // [m / 4][even, odd][8 rows] pairs.
    let wide = UnsafeMutableRawPointer(room)
    for i in 0..<steps {
      let pairs = codes.loadUnaligned(fromByteOffset: 32 &* i, as: SIMD16<Int16>.self)
      (wide + 64 &* i).storeBytes(of: (pairs &<< 8) &>> 8, as: SIMD16<Int16>.self)
      (wide + (64 &* i &+ 32)).storeBytes(of: pairs &>> 8, as: SIMD16<Int16>.self)
    }
    for half in 0..<2 {
      for four in 0..<2 where 4 &* four < rows {
        var sums = Sums()
        var words = UnsafeRawPointer(panel.codes) + 64 &* half
        var gradients = UnsafeRawPointer(wide) + 16 &* four
        for _ in 0..<steps {
          let low = words.loadUnaligned(as: SIMD16<Int16>.self)
          let high = words.loadUnaligned(fromByteOffset: 32, as: SIMD16<Int16>.self)
          for odd in 0..<2 {
            let x = register(odd == 0 ? (low &<< 8) &>> 8 : low &>> 8)
            let y = register(odd == 0 ? (high &<< 8) &>> 8 : high &>> 8)
            func add(_ s: (SIMD8<Int32>, SIMD8<Int32>), _ row: Int) -> (SIMD8<Int32>, SIMD8<Int32>)
            {
              let g = unsafeBitCast(
                SIMD8<Int32>(
                  repeating: gradients.loadUnaligned(
                    fromByteOffset: 32 &* odd &+ 4 &* row, as: Int32.self)), to: Register.self)
              return (
                s.0 &+ unsafeBitCast(emend_madd_s16_256(x, g), to: SIMD8<Int32>.self),
                s.1 &+ unsafeBitCast(emend_madd_s16_256(y, g), to: SIMD8<Int32>.self)
              )
            }
            sums.a = add(sums.a, 0)
            sums.b = add(sums.b, 1)
            sums.c = add(sums.c, 2)
            sums.d = add(sums.d, 3)
          }
          words += 128
          gradients += 64
        }
        func put(_ s: (SIMD8<Int32>, SIMD8<Int32>), _ i: Int) {
          let row = 4 &* four &+ i
          guard row < rows else { return }
          store(
            IntVector(lowHalf: s.0, highHalf: s.1), scales[row] * step,
            dx + (row &* dxStride &+ 16 &* half), accumulate)
        }
        put(sums.a, 0)
        put(sums.b, 1)
        put(sums.c, 2)
        put(sums.d, 3)
      }
    }
  }

  @inline(__always) private func register(_ v: SIMD16<Int16>) -> Register {
    unsafeBitCast(v, to: Register.self)
  }
#else
  /// A tile of eight rows by a panel. Sums are bits of Int32.
  @inline(__always) private func multiplyTile(
    _ panel: RoundedPanel, _ steps: Int, _ codes: UnsafeRawPointer, _ scales: UnsafePointer<Float>,
    _ step: Float, _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ rows: Int,
    _ accumulate: Bool, _ nextTile: Int, _ room: UnsafeMutablePointer<Float>
  ) {
    var a = Eight()
    var b = Eight()
    var words = UnsafeRawPointer(panel.codes)
    var gradients = codes
    for _ in 0..<steps {
      prefetch(gradients + nextTile)
      let first = words.loadUnaligned(as: IntVector.self)
      let last = words.loadUnaligned(fromByteOffset: 64, as: IntVector.self)
      func dot(_ sum: FloatVector, _ row: Int, _ w: IntVector) -> FloatVector {
        let word = gradients.loadUnaligned(fromByteOffset: 4 &* row, as: UInt32.self)
        return unsafeBitCast(
          dotCodes(unsafeBitCast(sum, to: IntVector.self), WordVector(repeating: word), w),
          to: FloatVector.self)
      }
      a.update { row, sum in dot(sum, row, first) }
      b.update { row, sum in dot(sum, row, last) }
      words += 128
      gradients += 32
    }
    @inline(__always) func finish(_ sums: Eight, _ half: Int) {
      let excess = panel.codeSums(half)
      sums.forFirst(rows) { row, sum in
        store(
          unsafeBitCast(sum, to: IntVector.self) &- excess, scales[row] * step,
          dx + (row &* dxStride &+ 16 &* half), accumulate)
      }
    }
    finish(a, 0)
    finish(b, 1)
  }
#endif
