// The gradient of plain f32 weights in the packed layout: dW[m, k] (+)= sum_n g[n, m] x[n, k]. Lanes are
// outputs m, as the layout has them; each result is one chain of fused multiply-adds in the order of
// n.

import KernelInterface

/// Rows of a panel of gradients that stays in the first-level cache, and columns of weights that stay
/// in the second while the panels of a pair of groups go by.
private let panelRows = 128
private let blockColumns = 256

/// `LinearGradientKernels.PackInputs`: rows to `[K / 8][rows][8]`, columns past K zero.
func packInputs(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ firstRow: Int, _ endRow: Int, _ rows: Int, _ k: Int,
  _ out: UnsafeMutablePointer<Float>
) {
  var start = firstRow
  while start < endRow {
    // Sixteen rows at a time: what is read and what is written both stay in the first-level cache.
    let end = min(start &+ 16, endRow)
    var column = 0
    while column < k {
      let valid = min(8, k &- column)
      for row in start..<end {
        let source = x + (row &* xStride &+ column)
        var values = SIMD8<Float>.zero
        if valid == 8 {
          values = UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Float>.self)
        } else {
          for i in 0..<valid { values[i] = source[i] }
        }
        UnsafeMutableRawPointer(out + (column &* rows &+ row &* 8))
          .storeBytes(of: values, as: SIMD8<Float>.self)
      }
      column &+= 8
    }
    start = end
  }
}

/// `LinearGradientKernels.LinearGradientF32`. `scratch` holds `gradientScratch` floats.
func linearGradientF32(
  _ g: UnsafePointer<Float>, _ gStride: Int, _ x: UnsafePointer<Float>, _ rows: Int,
  _ firstGroup: Int, _ endGroup: Int, _ outputs: Int, _ k: Int,
  _ dw: UnsafeMutablePointer<Float>, _ accumulate: Bool, _ scratch: UnsafeMutablePointer<Float>
) {
  var n0 = 0
  while n0 < rows {
    let end = min(n0 &+ KernelTable.gradientRows, rows)
    var group = firstGroup
    while group < endGroup {
      let pair = group &+ 1 < endGroup
      for n in n0..<end {
        let source = g + (n &* gStride &+ 16 &* group)
        let target = scratch + (n &- n0) &* 32
        target.store(loadRows(source, outputs &- 16 &* group))
        if pair {
          target.store(loadRows(source + 16, outputs &- 16 &* group &- 16), at: 16)
        }
      }
      var k0 = 0
      while k0 < k {
        let endColumn = min(k0 &+ blockColumns, k)
        var n = n0
        while n < end {
          let count = min(panelRows, end &- n)
          let panel = scratch + (n &- n0) &* 32
          let keep = accumulate || n > 0
          var column = k0
          while column < endColumn {
            let low = dw + (group &* k &+ column) &* 16
            let inputs = x + (column &* rows &+ n &* 8)
            let valid = min(8, endColumn &- column)
            if pair && valid == 8 {
              fullTile(panel, inputs, count, low, low + 16 &* k, keep, inputs + 8 &* rows)
            } else {
              partialTile(panel, inputs, count, low, keep, valid)
              if pair { partialTile(panel + 16, inputs, count, low + 16 &* k, keep, valid) }
            }
            column &+= 8
          }
          n &+= count
        }
        k0 = endColumn
      }
      group &+= 2
    }
    n0 = end
  }
}

/// 32 outputs by eight columns.
@inline(__always) private func fullTile(
  _ panel: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int,
  _ low: UnsafeMutablePointer<Float>, _ high: UnsafeMutablePointer<Float>, _ keep: Bool,
  _ next: UnsafePointer<Float>
) {
  #if KERNELS_AVX512
    var a = Eight()
    var b = Eight()
    if keep {
      a.update { i, _ in low.vector(16 &* i) }
      b.update { i, _ in high.vector(16 &* i) }
    }
    // The weights' gradients two tiles on: few rows leave no time to wait for them.
    for i in 0..<8 {
      prefetch(low + (256 &+ 16 &* i))
      prefetch(high + (256 &+ 16 &* i))
    }
    for n in 0..<count {
      prefetch(next + 8 &* n)
      let u = panel.vector(32 &* n)
      let v = panel.vector(32 &* n &+ 16)
      a.update { i, acc in multiplyAdd(u, x.broadcast(8 &* n &+ i), acc) }
      b.update { i, acc in multiplyAdd(v, x.broadcast(8 &* n &+ i), acc) }
    }
    a.forFirst(8) { i, value in low.store(value, at: 16 &* i) }
    b.forFirst(8) { i, value in high.store(value, at: 16 &* i) }
  #else
    partialTile(panel, x, count, low, keep, 8)
    partialTile(panel + 16, x, count, high, keep, 8)
  #endif
}

/// 16 outputs by up to eight columns.
@inline(__always) private func partialTile(
  _ panel: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int,
  _ dw: UnsafeMutablePointer<Float>, _ keep: Bool, _ validColumns: Int
) {
  var column = 0
  while column < validColumns {
    let target = dw + 16 &* column
    let valid = validColumns &- column
    var a = Four()
    if keep { a.update { i, _ in i < valid ? target.vector(16 &* i) : .zero } }
    for n in 0..<count {
      let u = panel.vector(32 &* n)
      a.addProducts(u, x + (8 &* n &+ column))
    }
    a.forFirst(valid) { i, value in target.store(value, at: 16 &* i) }
    column &+= 4
  }
}
