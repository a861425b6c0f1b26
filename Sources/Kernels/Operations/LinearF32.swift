// Quantized (or plain) weights by f32 activations: the exact path. A panel of 32 rows by 256 columns
// is dequantized into the first-level cache's neighbourhood (F32 weights are read where they are) and
// meets every tile of eight rows of activations before the next panel is made. Each result is
// the sum of its panels in order, each panel one chain of fused multiply-adds in column order, for one
// row of activations and for many, so chunking never changes a result. A chain does not begin with
// what is there before: a residual stream can be hundreds of times larger than what is added to it, and
// would have every step rounded at its size.

import BlockFormats
import KernelInterface

/// Columns of a dequantized panel.
let panelColumns = 256

/// `LinearKernels.PackActivationsF32`: rows to `[K][T]`, missing rows zero.
func packActivationsF32(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ validRows: Int, _ tile: Int, _ k: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var start = 0
  if tile == 8 {
    while start &+ lanes <= k {
      var rows = Eight()
      rows.update { row, zero in row < validRows ? x.vector(row &* xStride &+ start) : zero }
      let target = out + start &* 8
      rows.transposed.forFirst(8) { i, value in target.store(value, at: i &* lanes) }
      start &+= lanes
    }
  }
  for row in 0..<tile {
    let source = x + row &* xStride
    for i in start..<k { out[i &* tile &+ row] = row < validRows ? source[i] : 0 }
  }
}

/// `LinearKernels.LinearF32`. `scratch` holds `32 * panelColumns` floats.
@inline(__always) func linearF32(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ k: Int, _ x: UnsafePointer<Float>,
  _ columns: Int, _ firstGroup: Int, _ endGroup: Int, _ rows: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let groupBytes = PackedLayout.groupBytes(format, columns: k)
  if columns == 1 {
    for group in firstGroup..<endGroup {
      let packed = weights + group &* groupBytes
      let target = out + 16 &* group
      let validRows = rows &- 16 &* group
      var total = accumulate ? loadRows(target, validRows) : .zero
      var k0 = 0
      while k0 < k {
        let count = min(panelColumns, k &- k0)
        let panel = floatPanel(format, packed, k, k0, count, scratch)
        var f = FloatVector.zero
        for i in 0..<count { f = multiplyAdd(panel.vector(i &* 16), x.broadcast(k0 &+ i), f) }
        total = accumulate || k0 > 0 ? total + f : f
        k0 &+= count
      }
      storeRows(total, target, validRows, false)
    }
    return
  }
  var k0 = 0
  while k0 < k {
    let count = min(panelColumns, k &- k0)
    let keep = accumulate || k0 > 0
    var group = firstGroup
    while group < endGroup {
      let pair = group &+ 1 < endGroup
      let packed = weights + group &* groupBytes
      let low = floatPanel(format, packed, k, k0, count, scratch)
      let high =
        pair
        ? floatPanel(format, packed + groupBytes, k, k0, count, scratch + 16 &* panelColumns) : low
      // While a tile is computed, what is next is asked for: plain weights, read for the first time,
      // or the next tile's activations, whose stride is a bad one for caches.
      let ahead = packed + (2 &* groupBytes &+ 64 &* k0)
      var column = 0
      while column < columns {
        let target = out + (column &* outStride &+ 16 &* group)
        let activations = x + (column &* k &+ k0 &* 8)
        let validColumns = min(8, columns &- column)
        let validRows = rows &- 16 &* group
        if pair && validColumns == 8 && validRows >= 32 {
          if format == .f32 && column < 16 {
            fullTile(
              low, high, activations, count, target, outStride, keep,
              column == 0 ? ahead : ahead + groupBytes, 64)
          } else {
            fullTile(
              low, high, activations, count, target, outStride, keep, activations + 8 &* k, 32)
          }
        } else {
          partialTile(low, activations, count, target, outStride, keep, validColumns, validRows)
          if pair {
            partialTile(
              high, activations, count, target + 16, outStride, keep, validColumns,
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

/// Columns k0..<k0+count of a group as `[column][16]`: where they are, or in `room`.
@inline(__always) func floatPanel(
  _ format: BlockFormat, _ group: UnsafeRawPointer, _ k: Int, _ k0: Int, _ count: Int,
  _ room: UnsafeMutablePointer<Float>
) -> UnsafePointer<Float> {
  if format == .f32 { return (group + 64 &* k0).assumingMemoryBound(to: Float.self) }
  dequantizePanel(format, group, k, k0, count, room, 16)
  return UnsafePointer(room)
}

/// 32 rows by 8.
@inline(__always) private func fullTile(
  _ low: UnsafePointer<Float>, _ high: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
  _ count: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool,
  _ next: UnsafeRawPointer, _ nextStride: Int
) {
  #if KERNELS_AVX512
    // Two vectors of weights and sixteen accumulators.
    var f = Eight()
    var g = Eight()
    for n in 8..<16 {
      prefetch(out + n &* outStride)
      prefetch(out + (n &* outStride &+ 16))
    }
    for i in 0..<count {
      prefetch(next + nextStride &* i)
      let a = low.vector(i &* 16)
      let b = high.vector(i &* 16)
      f.update { n, acc in multiplyAdd(a, x.broadcast(i &* 8 &+ n), acc) }
      g.update { n, acc in multiplyAdd(b, x.broadcast(i &* 8 &+ n), acc) }
    }
    f.forFirst(8) { n, value in storeRows(value, out + n &* outStride, 16, keep) }
    g.forFirst(8) { n, value in storeRows(value, out + (n &* outStride &+ 16), 16, keep) }
  #else
    partialTile(low, x, count, out, outStride, keep, 8, 16)
    partialTile(high, x, count, out + 16, outStride, keep, 8, 16)
  #endif
}

/// 16 rows by 8 at the edges, of which only the valid ones are read and written.
@inline(__always) private func partialTile(
  _ panel: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool, _ validColumns: Int,
  _ validRows: Int
) {
  #if KERNELS_AVX512
    var f = Eight()
    for i in 0..<count {
      let a = panel.vector(i &* 16)
      f.update { n, acc in multiplyAdd(a, x.broadcast(i &* 8 &+ n), acc) }
    }
    f.forFirst(validColumns) { n, value in
      storeRows(value, out + n &* outStride, validRows, keep)
    }
  #else
    // Sixteen rows are two or four registers: four columns of them are all that there is room for.
    var column = 0
    while column < validColumns {
      let target = out + column &* outStride
      let valid = validColumns &- column
      var f = Four()
      for i in 0..<count {
        let a = panel.vector(i &* 16)
        f.addProducts(a, x + (i &* 8 &+ column))
      }
      f.forFirst(valid) { n, value in storeRows(value, target + n &* outStride, validRows, keep) }
      column &+= 4
    }
  #endif
}
