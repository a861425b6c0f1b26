// out[n, m] (+)= sum_k W[m, k] x[n, k] with both factors rounded to bf16 and the sums in f32: as
// LinearF32.swift, with pairs of columns in a lane.

import BlockFormats
import KernelInterface

/// Columns of a panel.
private let pairPanelColumns = 256

/// `BrainKernelTable.PackInputs`: eight rows to `[K / 2][8]` pairs; missing rows, and a column past an
/// odd K, are zero.
func packBrainInputs(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ validRows: Int, _ k: Int,
  _ out: UnsafeMutablePointer<UInt32>
) {
  var start = 0
  while start < k {
    var rows = Eight()
    rows.update { row, zero in
      row < validRows ? rowPairs(x + (row &* xStride &+ start), k &- start) : zero
    }
    let target = out + start &* 4
    let pairCount = min(32, k &- start &+ 1) / 2
    rows.transposed.forFirst(8) { i, value in
      let words = unsafeBitCast(value, to: WordVector.self)
      if 2 &* i &+ 2 <= pairCount {
        target.store(words, at: i &* 16)
      } else if 2 &* i < pairCount {
        for lane in 0..<8 { target[i &* 16 &+ lane] = words[lane] }
      }
    }
    start &+= 32
  }
}

/// `BrainKernelTable.Linear`. `scratch` holds `32 * pairPanelColumns` floats.
func linearBF16(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ k: Int, _ x: UnsafePointer<UInt32>,
  _ columns: Int, _ firstGroup: Int, _ endGroup: Int, _ rows: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let groupBytes = PackedLayout.groupBytes(format, columns: k)
  let xStride = (k &+ 1) / 2 &* 8
  let panel = UnsafeMutableRawPointer(scratch + 16 &* pairPanelColumns).assumingMemoryBound(
    to: UInt32.self)
  let high = panel + 8 &* pairPanelColumns
  var k0 = 0
  while k0 < k {
    let count = min(pairPanelColumns, k &- k0)
    let pairCount = (count &+ 1) / 2
    let keep = accumulate || k0 > 0
    var group = firstGroup
    while group < endGroup {
      let pair = group &+ 1 < endGroup
      let packed = weights + group &* groupBytes
      fillPanel(format, packed, k, k0, count, scratch, panel)
      if pair { fillPanel(format, packed + groupBytes, k, k0, count, scratch, high) }
      var column = 0
      while column < columns {
        let target = out + (column &* outStride &+ 16 &* group)
        let inputs = x + ((column &>> 3) &* xStride &+ k0 &* 4)
        let validColumns = min(8, columns &- column)
        let validRows = rows &- 16 &* group
        if pair && validColumns == 8 && validRows >= 32 {
          fullTile(panel, high, inputs, pairCount, target, outStride, keep, inputs + xStride)
        } else {
          partialTile(panel, inputs, pairCount, target, outStride, keep, validColumns, validRows)
          if pair {
            partialTile(
              high, inputs, pairCount, target + 16, outStride, keep, validColumns,
              validRows &- 16)
          }
        }
        column &+= 8
      }
      group &+= 2
    }
    k0 &+= count
  }
}

/// Columns k0..<k0+count of a group to `[pair of columns][16]`.
@inline(__always) private func fillPanel(
  _ format: BlockFormat, _ group: UnsafeRawPointer, _ k: Int, _ k0: Int, _ count: Int,
  _ room: UnsafeMutablePointer<Float>, _ panel: UnsafeMutablePointer<UInt32>
) {
  dequantizePanel(format, group, k, k0, count, room, 16)
  if count % 2 == 1 { room.store(.zero, at: 16 &* count) }
  for i in 0..<(count &+ 1) / 2 {
    panel.store(pairs(room.vector(32 &* i), room.vector(32 &* i &+ 16)), at: 16 &* i)
  }
}

#if KERNELS_NEON
  /// 32 rows by 8.
  @inline(__always) private func fullTile(
    _ low: UnsafePointer<UInt32>, _ high: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>,
    _ count: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool,
    _ next: UnsafePointer<UInt32>
  ) {
    partialTile(low, x, count, out, outStride, keep, 8, 16)
    partialTile(high, x, count, out + 16, outStride, keep, 8, 16)
  }

  /// 16 rows by 8, four at a time, at the edges those that are valid.
  @inline(__always) private func partialTile(
    _ panel: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>, _ count: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool, _ validColumns: Int,
    _ validRows: Int
  ) {
    var column = 0
    while column < validColumns {
      let target = out + column &* outStride
      let valid = validColumns &- column
      var f = Four()
      if keep {
        f.update { n, _ in n < valid ? loadRows(target + n &* outStride, validRows) : .zero }
      }
      for i in 0..<count { f.addPairs(panel.vector(i &* 16), x + (i &* 8 &+ column)) }
      f.forFirst(valid) { n, value in
        storeRows(value, target + n &* outStride, validRows, false)
      }
      column &+= 4
    }
  }
#else
  /// 32 rows by 8: two vectors of weights and sixteen accumulators.
  @inline(__always) private func fullTile(
    _ low: UnsafePointer<UInt32>, _ high: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>,
    _ count: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool,
    _ next: UnsafePointer<UInt32>
  ) {
    var f = Eight()
    var g = Eight()
    if keep {
      f.update { n, _ in out.vector(n &* outStride) }
      g.update { n, _ in out.vector(n &* outStride &+ 16) }
    }
    for n in 8..<16 {
      prefetch(out + n &* outStride)
      prefetch(out + (n &* outStride &+ 16))
    }
    for i in 0..<count {
      prefetch(next + 8 &* i)
      let a = low.vector(i &* 16)
      let b = high.vector(i &* 16)
      f.update { n, acc in dotPairs(acc, a, x.broadcast(i &* 8 &+ n)) }
      g.update { n, acc in dotPairs(acc, b, x.broadcast(i &* 8 &+ n)) }
    }
    f.forFirst(8) { n, value in out.store(value, at: n &* outStride) }
    g.forFirst(8) { n, value in out.store(value, at: n &* outStride &+ 16) }
  }

  /// 16 rows by 8 at the edges, of which only the valid ones are read and written.
  @inline(__always) private func partialTile(
    _ panel: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>, _ count: Int,
    _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool, _ validColumns: Int,
    _ validRows: Int
  ) {
    var f = Eight()
    if keep {
      f.update { n, _ in n < validColumns ? loadRows(out + n &* outStride, validRows) : .zero }
    }
    for i in 0..<count {
      let a = panel.vector(i &* 16)
      f.update { n, acc in dotPairs(acc, a, x.broadcast(i &* 8 &+ n)) }
    }
    f.forFirst(validColumns) { n, value in
      storeRows(value, out + n &* outStride, validRows, false)
    }
  }
#endif
