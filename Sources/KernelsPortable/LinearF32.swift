// Quantized (or plain) weights by f32 activations: the exact path. A panel of 32 rows by 256 columns
// is dequantized into the first-level cache's neighbourhood and meets every tile of eight rows of
// activations before the next panel is made. Each result is one chain of fused multiply-adds in
// column order, for one row of activations and for many, so chunking never changes a result.

import BlockFormats
import KernelInterface

/// Columns of a dequantized panel.
let panelColumns = 256

/// `KernelTable.PackActivationsF32`: rows to `[K][T]`, missing rows zero.
func packActivationsF32(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ validRows: Int, _ tile: Int, _ k: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  for row in 0..<tile {
    if row < validRows {
      let source = x + row &* xStride
      for i in 0..<k { out[i &* tile &+ row] = source[i] }
    } else {
      for i in 0..<k { out[i &* tile &+ row] = 0 }
    }
  }
}

/// `KernelTable.LinearF32`. `scratch` holds `32 * panelColumns` floats.
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
      var f = accumulate ? loadRows(target, validRows) : .zero
      var k0 = 0
      while k0 < k {
        let count = min(panelColumns, k &- k0)
        dequantizePanel(format, packed, k, k0, count, scratch, 16)
        for i in 0..<count { f = multiplyAdd(scratch.vector(i &* 16), x.broadcast(k0 &+ i), f) }
        k0 &+= count
      }
      storeRows(f, target, validRows, false)
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
      dequantizePanel(format, packed, k, k0, count, scratch, 32)
      if pair { dequantizePanel(format, packed + groupBytes, k, k0, count, scratch + 16, 32) }
      var column = 0
      while column < columns {
        let target = out + (column &* outStride &+ 16 &* group)
        let activations = x + (column &* k &+ k0 &* 8)
        let validColumns = min(8, columns &- column)
        let validRows = rows &- 16 &* group
        if pair && validColumns == 8 && validRows >= 32 {
          fullTile(scratch, activations, count, target, outStride, keep)
        } else {
          partialTile(
            scratch, activations, count, target, outStride, keep, validColumns, validRows)
          if pair {
            partialTile(
              scratch + 16, activations, count, target + 16, outStride, keep, validColumns,
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

/// 32 rows by 8: two vectors of weights and sixteen accumulators.
@inline(__always) private func fullTile(
  _ panel: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool
) {
  var low = Eight()
  var high = Eight()
  if keep {
    low.update { n, _ in out.vector(n &* outStride) }
    high.update { n, _ in out.vector(n &* outStride &+ 16) }
  }
  for i in 0..<count {
    let a = panel.vector(i &* 32)
    let b = panel.vector(i &* 32 &+ 16)
    low.update { n, acc in multiplyAdd(a, x.broadcast(i &* 8 &+ n), acc) }
    high.update { n, acc in multiplyAdd(b, x.broadcast(i &* 8 &+ n), acc) }
  }
  low.forFirst(8) { n, value in out.store(value, at: n &* outStride) }
  high.forFirst(8) { n, value in out.store(value, at: n &* outStride &+ 16) }
}

/// 16 rows by 8 at the edges, of which only the valid ones are read and written.
@inline(__always) private func partialTile(
  _ panel: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ keep: Bool, _ validColumns: Int,
  _ validRows: Int
) {
  var f = Eight()
  if keep {
    f.update { n, _ in n < validColumns ? loadRows(out + n &* outStride, validRows) : .zero }
  }
  for i in 0..<count {
    let a = panel.vector(i &* 32)
    f.update { n, acc in multiplyAdd(a, x.broadcast(i &* 8 &+ n), acc) }
  }
  f.forFirst(validColumns) { n, value in
    storeRows(value, out + n &* outStride, validRows, false)
  }
}
