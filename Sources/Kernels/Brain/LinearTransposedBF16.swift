// dx[n, k] (+)= sum_m W[m, k] g[n, m] with both factors rounded to bf16 and the sums in f32: as
// LinearTransposedF32.swift, with pairs of outputs m in a lane.

import BlockFormats
import KernelInterface

private let blockColumns = KernelTable.transposedColumns
private let blockRows = KernelTable.transposedRows

/// Groups whose panels meet a block of results together, and words from one's panel to the next:
/// half the bytes of a plain panel, twice as many.
private let panelGroups = 2 * KernelTable.transposedGroups
private let panelStride = KernelTable.transposedPanel / 2

/// `BrainKernelTable.PackGradients`: 32 rows to `[M / 2][32]` pairs; missing rows, and m from `outputs`
/// to the end of the last group of 16, are zero.
func packBrainGradients(
  _ g: UnsafePointer<Float>, _ gStride: Int, _ validRows: Int, _ outputs: Int,
  _ out: UnsafeMutablePointer<UInt32>
) {
  var m = 0
  while m < outputs {
    let valid = outputs &- m
    for half in 0..<2 {
      let first = 16 &* half
      let square = Square.load { row in
        first &+ row < validRows ? rowPairs(g + ((first &+ row) &* gStride &+ m), valid) : .zero
      }
      let target = out + (m &* 16 &+ first)
      square.transposed.forFirst(valid > 16 ? 16 : 8) { i, value in
        target.store(unsafeBitCast(value, to: WordVector.self), at: i &* 32)
      }
    }
    m &+= 32
  }
}

/// `BrainKernelTable.LinearTransposed`. `scratch` holds `KernelTable.transposedScratch` floats.
func linearTransposedBF16(
  _ format: BlockFormat, _ weights: UnsafeRawPointer, _ k: Int, _ outputs: Int,
  _ g: UnsafePointer<UInt32>, _ rows: Int, _ firstColumn: Int, _ endColumn: Int,
  _ dx: UnsafeMutablePointer<Float>, _ dxStride: Int, _ accumulate: Bool,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let groups = PackedLayout.groupCount(rows: outputs)
  let groupBytes = PackedLayout.groupBytes(format, columns: k)
  let sums = scratch
  let room = sums + blockRows &* blockColumns
  let panels = UnsafeMutableRawPointer(room + 16 &* blockColumns).assumingMemoryBound(
    to: UInt32.self)
  var n0 = 0
  while n0 < rows {
    let tiles = (min(blockRows, rows &- n0) &+ 31) / 32
    var k0 = firstColumn
    while k0 < endColumn {
      let count = min(blockColumns, endColumn &- k0)
      for i in 0..<tiles &* blockColumns &* 2 { sums.store(.zero, at: 16 &* i) }
      var group = 0
      while group < groups {
        let some = min(panelGroups, groups &- group)
        for i in 0..<some {
          fillPanel(
            format, weights + (group &+ i) &* groupBytes, k, k0, count, room,
            panels + i &* panelStride)
        }
        for tile in 0..<tiles {
          let gradients = g + ((n0 / 32 &+ tile) &* groups &* 256 &+ group &* 256)
          let narrow = rows &- n0 &- 32 &* tile <= 16
          var column = 0
          while column < count {
            let target = sums + (tile &* blockColumns &+ column) &* 32
            if narrow {
              narrowTile(panels + 8 &* column, some, gradients, target)
            } else {
              fullTile(panels + 8 &* column, some, gradients, target)
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

/// Columns k0..<k0+count of a group to `[column][8]` pairs of rows.
@inline(__always) private func fillPanel(
  _ format: BlockFormat, _ group: UnsafeRawPointer, _ k: Int, _ k0: Int, _ count: Int,
  _ room: UnsafeMutablePointer<Float>, _ panel: UnsafeMutablePointer<UInt32>
) {
  dequantizePanel(format, group, k, k0, count, room, 16)
  for i in 0..<count {
    UnsafeMutableRawPointer(panel + 8 &* i)
      .storeBytes(of: adjacentPairs(room.vector(16 &* i)), as: SIMD8<UInt32>.self)
  }
}

#if KERNELS_NEON
  /// Eight columns by 32 rows.
  @inline(__always) private func fullTile(
    _ panel: UnsafePointer<UInt32>, _ groups: Int, _ g: UnsafePointer<UInt32>,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    narrowTile(panel, groups, g, sums)
    narrowTile(panel, groups, g + 16, sums + 16)
  }

  /// Eight columns, four at a time, by 16 of 32 rows.
  @inline(__always) private func narrowTile(
    _ panel: UnsafePointer<UInt32>, _ groups: Int, _ g: UnsafePointer<UInt32>,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    for half in 0..<2 {
      let target = sums + 128 &* half
      var a = Four()
      a.update { i, _ in target.vector(32 &* i) }
      for group in 0..<groups {
        let weights = panel + (group &* panelStride &+ 32 &* half)
        let gradients = g + 256 &* group
        for m in 0..<2 {
          a.addFourPairs(weights + 4 &* m, 8) { t in gradients.vector(128 &* m &+ 32 &* t) }
        }
      }
      a.forFirst(4) { i, value in target.store(value, at: 32 &* i) }
    }
  }
#else
  /// Eight columns by 32 rows.
  @inline(__always) private func fullTile(
    _ panel: UnsafePointer<UInt32>, _ groups: Int, _ g: UnsafePointer<UInt32>,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    var a = Eight()
    var b = Eight()
    a.update { i, _ in sums.vector(32 &* i) }
    b.update { i, _ in sums.vector(32 &* i &+ 16) }
    for group in 0..<groups {
      let weights = panel + group &* panelStride
      let gradients = g + 256 &* group
      for m in 0..<8 {
        let u = gradients.vector(32 &* m)
        let v = gradients.vector(32 &* m &+ 16)
        a.update { i, acc in dotPairs(acc, u, weights.broadcast(8 &* i &+ m)) }
        b.update { i, acc in dotPairs(acc, v, weights.broadcast(8 &* i &+ m)) }
      }
    }
    a.forFirst(8) { i, value in sums.store(value, at: 32 &* i) }
    b.forFirst(8) { i, value in sums.store(value, at: 32 &* i &+ 16) }
  }

  /// Eight columns by the first 16 of 32 rows.
  @inline(__always) private func narrowTile(
    _ panel: UnsafePointer<UInt32>, _ groups: Int, _ g: UnsafePointer<UInt32>,
    _ sums: UnsafeMutablePointer<Float>
  ) {
    var a = Eight()
    a.update { i, _ in sums.vector(32 &* i) }
    for group in 0..<groups {
      let weights = panel + group &* panelStride
      let gradients = g + 256 &* group
      for m in 0..<8 {
        let u = gradients.vector(32 &* m)
        a.update { i, acc in dotPairs(acc, u, weights.broadcast(8 &* i &+ m)) }
      }
    }
    a.forFirst(8) { i, value in sums.store(value, at: 32 &* i) }
  }
#endif
