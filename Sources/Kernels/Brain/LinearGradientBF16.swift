// dW[m, k] (+)= sum_n g[n, m] x[n, k] with both factors rounded to bf16 and the sums in f32: as
// LinearGradientF32.swift, with pairs of rows n in a lane.

import KernelInterface

/// Pairs of rows of a panel that stays in the first-level cache, and columns of weights that stay in
/// the second while the panels of a pair of groups go by.
private let panelPairs = 128
private let blockColumns = 256

/// `BrainKernelTable.PackInputPairs`: pairs of rows first..<end, of `rows` rows in all, to
/// `[K / 8][pair][8]`; columns past K, and the row after an odd last one, are zero.
func packBrainInputPairs(
  _ x: UnsafePointer<Float>, _ xStride: Int, _ firstPair: Int, _ endPair: Int, _ rows: Int,
  _ k: Int, _ out: UnsafeMutablePointer<UInt32>
) {
  let pairCount = (rows &+ 1) / 2
  for pair in firstPair..<endPair {
    let source = x + 2 &* pair &* xStride
    let isWhole = 2 &* pair &+ 1 < rows
    var column = 0
    while column < k {
      let valid = k &- column
      let low = loadRows(source + column, valid)
      let high = isWhole ? loadRows(source + (xStride &+ column), valid) : .zero
      let words = pairs(low, high)
      let target = UnsafeMutableRawPointer(out + (column &* pairCount &+ pair &* 8))
      target.storeBytes(of: words.lowHalf, as: SIMD8<UInt32>.self)
      if valid > 8 {
        (target + 32 &* pairCount).storeBytes(of: words.highHalf, as: SIMD8<UInt32>.self)
      }
      column &+= 16
    }
  }
}

/// `BrainKernelTable.LinearGradient`. `scratch` holds `KernelTable.gradientScratch` floats.
func linearGradientBF16(
  _ g: UnsafePointer<Float>, _ gStride: Int, _ x: UnsafePointer<UInt32>, _ rows: Int,
  _ firstGroup: Int, _ endGroup: Int, _ outputs: Int, _ k: Int,
  _ dw: UnsafeMutablePointer<Float>, _ accumulate: Bool, _ scratch: UnsafeMutablePointer<Float>
) {
  let panels = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt32.self)
  let pairCount = (rows &+ 1) / 2
  var p0 = 0
  while p0 < pairCount {
    let end = min(p0 &+ KernelTable.gradientRows, pairCount)
    var group = firstGroup
    while group < endGroup {
      let isPair = group &+ 1 < endGroup
      for p in p0..<end {
        let source = g + (2 &* p &* gStride &+ 16 &* group)
        let isWhole = 2 &* p &+ 1 < rows
        for half in 0..<(isPair ? 2 : 1) {
          let valid = outputs &- 16 &* (group &+ half)
          let low = loadRows(source + 16 &* half, valid)
          let high = isWhole ? loadRows(source + (gStride &+ 16 &* half), valid) : .zero
          panels.store(pairs(low, high), at: (p &- p0) &* 32 &+ 16 &* half)
        }
      }
      var k0 = 0
      while k0 < k {
        let endColumn = min(k0 &+ blockColumns, k)
        var p = p0
        while p < end {
          let count = min(panelPairs, end &- p)
          let panel = panels + (p &- p0) &* 32
          let keep = accumulate || p > 0
          var column = k0
          while column < endColumn {
            let low = dw + (group &* k &+ column) &* 16
            let inputs = x + (column &* pairCount &+ p &* 8)
            let valid = min(8, endColumn &- column)
            if isPair && valid == 8 {
              fullTile(panel, inputs, count, low, low + 16 &* k, keep, inputs + 8 &* pairCount)
            } else {
              partialTile(panel, inputs, count, low, keep, valid)
              if isPair { partialTile(panel + 16, inputs, count, low + 16 &* k, keep, valid) }
            }
            column &+= 8
          }
          p &+= count
        }
        k0 = endColumn
      }
      group &+= 2
    }
    p0 = end
  }
}

#if KERNELS_NEON
  /// 32 outputs by eight columns.
  @inline(__always) private func fullTile(
    _ panel: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>, _ count: Int,
    _ low: UnsafeMutablePointer<Float>, _ high: UnsafeMutablePointer<Float>, _ keep: Bool,
    _ next: UnsafePointer<UInt32>
  ) {
    partialTile(panel, x, count, low, keep, 8)
    partialTile(panel + 16, x, count, high, keep, 8)
  }

  /// 16 outputs by up to eight columns, four at a time.
  @inline(__always) private func partialTile(
    _ panel: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>, _ count: Int,
    _ dw: UnsafeMutablePointer<Float>, _ keep: Bool, _ validColumns: Int
  ) {
    var column = 0
    while column < validColumns {
      let target = dw + 16 &* column
      let valid = validColumns &- column
      var a = Four()
      if keep { a.update { i, _ in i < valid ? target.vector(16 &* i) : .zero } }
      for p in 0..<count { a.addPairs(panel.vector(32 &* p), x + (8 &* p &+ column)) }
      a.forFirst(valid) { i, value in target.store(value, at: 16 &* i) }
      column &+= 4
    }
  }
#else
  /// 32 outputs by eight columns.
  @inline(__always) private func fullTile(
    _ panel: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>, _ count: Int,
    _ low: UnsafeMutablePointer<Float>, _ high: UnsafeMutablePointer<Float>, _ keep: Bool,
    _ next: UnsafePointer<UInt32>
  ) {
    var a = Eight()
    var b = Eight()
    if keep {
      a.update { i, _ in low.vector(16 &* i) }
      b.update { i, _ in high.vector(16 &* i) }
    }
    for i in 0..<8 {
      prefetch(low + (256 &+ 16 &* i))
      prefetch(high + (256 &+ 16 &* i))
    }
    for p in 0..<count {
      prefetch(next + 8 &* p)
      let u = panel.vector(32 &* p)
      let v = panel.vector(32 &* p &+ 16)
      a.update { i, acc in dotPairs(acc, u, x.broadcast(8 &* p &+ i)) }
      b.update { i, acc in dotPairs(acc, v, x.broadcast(8 &* p &+ i)) }
    }
    a.forFirst(8) { i, value in low.store(value, at: 16 &* i) }
    b.forFirst(8) { i, value in high.store(value, at: 16 &* i) }
  }

  /// 16 outputs by up to eight columns.
  @inline(__always) private func partialTile(
    _ panel: UnsafePointer<UInt32>, _ x: UnsafePointer<UInt32>, _ count: Int,
    _ dw: UnsafeMutablePointer<Float>, _ keep: Bool, _ validColumns: Int
  ) {
    var a = Eight()
    if keep { a.update { i, _ in i < validColumns ? dw.vector(16 &* i) : .zero } }
    for p in 0..<count {
      let u = panel.vector(32 &* p)
      a.update { i, acc in dotPairs(acc, u, x.broadcast(8 &* p &+ i)) }
    }
    a.forFirst(validColumns) { i, value in dw.store(value, at: 16 &* i) }
  }
#endif
