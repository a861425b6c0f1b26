// The gradient of a linear layer's input: dx[n, k] (+)= sum_m W[m, k] g[n, m]. Lanes are rows n, so a
// weight is broadcast and packed groups need not be transposed; each result is one chain of fused
// multiply-adds in the order of m, whoever computes it and whatever stands beside it.

import BlockFormats
import KernelInterface

/// Columns of a block of results, and groups whose panels meet it together.
private let blockColumns = KernelTable.transposedColumns
private let blockRows = KernelTable.transposedRows
private let panelGroups = KernelTable.transposedGroups
private let panelStride = KernelTable.transposedPanel

/// `LinearGradientKernels.PackGradients`: 32 rows to `[M][32]`; missing rows, and m from `outputs` to the end of
/// the last group of 16, are zero.
func packGradients(
  _ g: UnsafePointer<Float>, _ gStride: Int, _ validRows: Int, _ outputs: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var m = 0
  while m < outputs {
    let valid = outputs &- m
    for half in 0..<2 {
      let first = 16 &* half
      let square = Square.load { row in
        first &+ row < validRows ? loadRows(g + ((first &+ row) &* gStride &+ m), valid) : .zero
      }
      let target = out + (m &* 32 &+ first)
      square.transposed.forFirst(16) { i, value in target.store(value, at: i &* 32) }
    }
    m &+= 16
  }
}

/// `LinearGradientKernels.LinearTransposedF32`. `scratch` holds `transposedScratch` floats.
@inline(__always) func linearTransposedF32(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ k: Int, _ outputs: Int,
  _ g: UnsafePointer<Float>, _ rows: Int, _ firstColumn: Int, _ endColumn: Int,
  _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let groups = PackedLayout.groupCount(rows: outputs)
  let groupBytes = PackedLayout.groupBytes(format, columns: k)
  let sums = scratch
  let panels = scratch + blockRows &* blockColumns
  var n0 = 0
  while n0 < rows {
    let tiles = (min(blockRows, rows &- n0) &+ 31) / 32
    var k0 = firstColumn
    while k0 < endColumn {
      let count = min(blockColumns, endColumn &- k0)
      // Whole tiles of plain weights are read where they are.
      let inPlace = format == .f32 && count % 8 == 0
      // Plain groups are often a multiple of 4 KB apart, which leaves the first-level cache room for
      // few of them.
      let stride = inPlace ? groupBytes / 4 : panelStride
      let together = inPlace ? panelGroups / 2 : panelGroups
      for i in 0..<tiles &* blockColumns &* 2 { sums.store(.zero, at: 16 &* i) }
      var group = 0
      while group < groups {
        let some = min(together, groups &- group)
        let packed = weights + group &* groupBytes
        if !inPlace {
          for i in 0..<some {
            dequantizePanel(
              format, packed + i &* groupBytes, k, k0, count, panels + i &* stride, 16)
          }
        }
        let panel =
          inPlace
          ? (packed + 64 &* k0).assumingMemoryBound(to: Float.self) : UnsafePointer(panels)
        for tile in 0..<tiles {
          let gradients = g + ((n0 / 32 &+ tile) &* groups &* 512 &+ group &* 512)
          let narrow = rows &- n0 &- 32 &* tile <= 16
          var column = 0
          while column < count {
            let target = sums + (tile &* blockColumns &+ column) &* 32
            if narrow {
              narrowTile(panel + 16 &* column, stride, some, gradients, target)
            } else {
              fullTile(panel + 16 &* column, stride, some, gradients, target)
            }
            column &+= 8
          }
        }
        group &+= some
      }
      for tile in 0..<tiles {
        let first = n0 &+ 32 &* tile
        storeTransposed(
          sums + tile &* blockColumns &* 32, count, min(32, rows &- first),
          dx + (first &* dxStride &+ k0), dxStride, accumulate)
      }
      k0 &+= count
    }
    n0 &+= blockRows
  }
}

/// Eight columns by 32 rows.
@inline(__always) private func fullTile(
  _ panel: UnsafePointer<Float>, _ stride: Int, _ groups: Int, _ g: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>
) {
  #if KERNELS_AVX512
    var a = Eight()
    var b = Eight()
    a.update { i, _ in sums.vector(32 &* i) }
    b.update { i, _ in sums.vector(32 &* i &+ 16) }
    for group in 0..<groups {
      let weights = panel + group &* stride
      let gradients = g + 512 &* group
      for m in 0..<16 {
        let u = gradients.vector(32 &* m)
        let v = gradients.vector(32 &* m &+ 16)
        a.update { i, acc in multiplyAdd(u, weights.broadcast(16 &* i &+ m), acc) }
        b.update { i, acc in multiplyAdd(v, weights.broadcast(16 &* i &+ m), acc) }
      }
    }
    a.forFirst(8) { i, value in sums.store(value, at: 32 &* i) }
    b.forFirst(8) { i, value in sums.store(value, at: 32 &* i &+ 16) }
  #else
    narrowTile(panel, stride, groups, g, sums)
    narrowTile(panel, stride, groups, g + 16, sums + 16)
  #endif
}

/// Eight columns by the first 16 of 32 rows.
@inline(__always) private func narrowTile(
  _ panel: UnsafePointer<Float>, _ stride: Int, _ groups: Int, _ g: UnsafePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>
) {
  #if KERNELS_AVX512
    var a = Eight()
    a.update { i, _ in sums.vector(32 &* i) }
    for group in 0..<groups {
      let weights = panel + group &* stride
      let gradients = g + 512 &* group
      for m in 0..<16 {
        let u = gradients.vector(32 &* m)
        a.update { i, acc in multiplyAdd(u, weights.broadcast(16 &* i &+ m), acc) }
      }
    }
    a.forFirst(8) { i, value in sums.store(value, at: 32 &* i) }
  #else
    for half in 0..<2 {
      let target = sums + 128 &* half
      var a = Four()
      a.update { i, _ in target.vector(32 &* i) }
      for group in 0..<groups {
        let weights = panel + (group &* stride &+ 64 &* half)
        let gradients = g + 512 &* group
        #if KERNELS_NEON
          for m in 0..<4 {
            a.addFourProducts(weights + 4 &* m, 16) { t in gradients.vector(128 &* m &+ 32 &* t) }
          }
        #else
          for m in 0..<16 {
            let u = gradients.vector(32 &* m)
            a.update { i, acc in multiplyAdd(u, weights.broadcast(16 &* i &+ m), acc) }
          }
        #endif
      }
      a.forFirst(4) { i, value in target.store(value, at: 32 &* i) }
    }
  #endif
}
