// The backward pass of causal attention within one sequence, the query heads of a kv head one after the other, in f32.
//
//   s = scale q k^T, p = softmax(s) over the positions up to the query's, o = p v
//   dv = p^T do,  dp = do v^T,  ds = p (dp - sum(do o)) scale,  dq = ds k,  dk = ds^T q
//
// Scores are computed again for eight queries at a time (FlashAttention, arXiv 2205.14135), so that
// no more than 8 x positions of them ever exist. Keys and values are taken sixteen positions at a
// time, once with positions in the lanes (for s and dp) and once with dimensions (for dq, dk, dv).
//
// More than 400 lines in one file, so that its parts can be private: what is inlined leaves no function behind.

import KernelInterface

/// Where things are in the scratch of `attendBackward`.
private struct BackwardScratch {
  let keyTiles: UnsafeMutablePointer<Float>  // [tile][headSize][16]
  let valueTiles: UnsafeMutablePointer<Float>  // [tile][headSize][16]
  let keys: UnsafeMutablePointer<Float>  // [positions][width]
  let dKeys: UnsafeMutablePointer<Float>  // [positions][width]
  let dValues: UnsafeMutablePointer<Float>  // [positions][width]
  let weights: UnsafeMutablePointer<Float>  // [8][positions], p
  let queries: UnsafeMutablePointer<Float>  // [8][width]
  let dOut: UnsafeMutablePointer<Float>  // [8][width]
  let dQueries: UnsafeMutablePointer<Float>  // [8][width]
  let deltas: UnsafeMutablePointer<Float>  // [8], sum(do o) of each query
  let tile: UnsafeMutablePointer<Float>  // [8][16], ds
  let positions: Int  // of the sequence, up to whole tiles
  let width: Int  // of a head, up to whole vectors

  @inline(__always) init(_ memory: UnsafeMutablePointer<Float>, _ count: Int, _ headSize: Int) {
    positions = (count &+ 15) & ~15
    width = CacheLayout.paddedSize(headSize)
    keyTiles = memory
    valueTiles = keyTiles + positions &* headSize
    keys = valueTiles + positions &* headSize
    dKeys = keys + positions &* width
    dValues = dKeys + positions &* width
    weights = dValues + positions &* width
    queries = weights + 8 &* positions
    dOut = queries + 8 &* width
    dQueries = dOut + 8 &* width
    deltas = dQueries + 8 &* width
    tile = deltas + 16
  }
}

/// `GradientKernels.AttendBackward`.
func attendBackward(
  _ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
  _ stride: Int, _ count: Int, _ shared: Int, _ sharedOffset: Int, _ heads: Int, _ headSize: Int,
  _ scale: Float, _ out: UnsafePointer<Float>, _ dOut: UnsafePointer<Float>, _ outStride: Int,
  _ dQueries: UnsafeMutablePointer<Float>, _ dKeys: UnsafeMutablePointer<Float>,
  _ dValues: UnsafeMutablePointer<Float>, _ dShared: UnsafeMutablePointer<Float>?,
  _ memory: UnsafeMutablePointer<Float>
) {
  let scratch = BackwardScratch(memory, shared &+ count, headSize)
  prepareKeys(keys, values, stride, count, shared, sharedOffset, headSize, scratch)
  for head in 0..<heads {
    let column = head &* headSize
    var first = 0
    while first < count {
      let columns = min(8, count &- first)
      // What is next, rows that are far apart, is asked for: nothing else would in time.
      let ahead = first &+ 8 < count ? column : head &+ 1 < heads ? column &+ headSize : -1
      if ahead >= 0 {
        let row = first &+ 8 < count ? first &+ 8 : 0
        let some = min(8, count &- row)
        askFor(queries + (row &* stride &+ ahead), stride, some, headSize)
        askFor(out + (row &* outStride &+ ahead), outStride, some, headSize)
        askFor(dOut + (row &* outStride &+ ahead), outStride, some, headSize)
      }
      differentiate(
        scratch, queries + (first &* stride &+ column), stride,
        out + (first &* outStride &+ column), dOut + (first &* outStride &+ column), outStride,
        shared &+ first, columns, headSize, scale, dQueries + (first &* stride &+ column))
      first &+= 8
    }
  }
  @inline(__always) func store(
    _ position: Int, _ dKey: UnsafeMutablePointer<Float>, _ dValue: UnsafeMutablePointer<Float>
  ) {
    let row = position &* scratch.width
    var d = 0
    while d < headSize {
      storeRows(scratch.dKeys.vector(row &+ d), dKey + d, headSize &- d, false)
      storeRows(scratch.dValues.vector(row &+ d), dValue + d, headSize &- d, false)
      d &+= 16
    }
  }
  for row in 0..<count { store(shared &+ row, dKeys + row &* stride, dValues + row &* stride) }
  guard let dShared else { return }
  for position in 0..<shared {
    let target = dShared + 2 &* position &* headSize
    store(position, target, target + headSize)
  }
}

/// Of `columns` queries of a head, the first of which is at position `first`: their gradients, and what
/// they add to those of keys and values.
@inline(__always) private func differentiate(
  _ scratch: BackwardScratch, _ queries: UnsafePointer<Float>, _ stride: Int,
  _ out: UnsafePointer<Float>, _ dOut: UnsafePointer<Float>, _ outStride: Int, _ first: Int,
  _ columns: Int, _ headSize: Int, _ scale: Float, _ dQueries: UnsafeMutablePointer<Float>
) {
  let end = first &+ columns  // positions that the last of these queries sees
  copyRows(queries, stride, columns, headSize, scratch.width, scratch.queries)
  copyRows(dOut, outStride, columns, headSize, scratch.width, scratch.dOut)
  for i in 0..<8 &* scratch.width / 16 { scratch.dQueries.store(.zero, at: 16 &* i) }
  computeWeights(scratch, first, columns, end, headSize, scale)
  for n in 0..<columns {
    let o = out + n &* outStride
    var total = FloatVector.zero
    var d = 0
    while d < headSize {
      let g = scratch.dOut.vector(n &* scratch.width &+ d)
      total = multiplyAdd(g, loadRows(o + d, headSize &- d), total)
      d &+= 16
    }
    scratch.deltas[n] = sum(total)
  }
  for n in columns..<8 { scratch.deltas[n] = 0 }
  var position = 0
  while position < end {
    scoreGradients(scratch, position, headSize, scale)
    accumulate(scratch, position, min(16, end &- position))
    position &+= 16
  }
  for n in 0..<columns {
    let target = dQueries + n &* stride
    var d = 0
    while d < headSize {
      storeRows(
        scratch.dQueries.vector(n &* scratch.width &+ d), target + d, headSize &- d, false)
      d &+= 16
    }
  }
}

/// Asks for a head's numbers in some rows.
@inline(__always) private func askFor(
  _ p: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ headSize: Int
) {
  for row in 0..<rows {
    var d = 0
    while d < headSize {
      prefetch(p + (row &* stride &+ d))
      d &+= 16
    }
  }
}

/// Keys and values in their layouts, zeros past the sequence and past the head; their gradients zero. Sixteen
/// positions by sixteen dimensions at a time.
@inline(__always) private func prepareKeys(
  _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ stride: Int, _ count: Int,
  _ shared: Int, _ sharedOffset: Int, _ headSize: Int, _ scratch: BackwardScratch
) {
  let end = shared &+ count
  /// Where a position's row begins.
  @inline(__always) func place(_ position: Int) -> Int {
    position < shared
      ? sharedOffset &+ position &* stride : (position &- shared) &* stride
  }
  var position = 0
  while position < scratch.positions {
    for next in position &+ 16..<max(position &+ 16, min(position &+ 32, end)) {
      askFor(keys + place(next), stride, 1, headSize)
      askFor(values + place(next), stride, 1, headSize)
    }
    var d = 0
    while d < scratch.width {
      let left = headSize &- d
      func tile(_ rows: UnsafePointer<Float>) -> Square {
        .load { i in
          position &+ i < end && left > 0
            ? loadRows(rows + (place(position &+ i) &+ d), left) : .zero
        }
      }
      let key = tile(keys)
      let row = position &* scratch.width &+ d
      key.forFirst(16) { i, vector in scratch.keys.store(vector, at: row &+ i &* scratch.width) }
      let column = position &* headSize &+ 16 &* d
      key.transposed.forFirst(left) { i, vector in
        scratch.keyTiles.store(vector, at: column &+ 16 &* i)
      }
      tile(values).transposed.forFirst(left) { i, vector in
        scratch.valueTiles.store(vector, at: column &+ 16 &* i)
      }
      for i in 0..<16 {
        scratch.dKeys.store(.zero, at: row &+ i &* scratch.width)
        scratch.dValues.store(.zero, at: row &+ i &* scratch.width)
      }
      d &+= 16
    }
    position &+= 16
  }
}

/// Up to eight rows of a head, `width` numbers each, zeros where there are fewer.
@inline(__always) private func copyRows(
  _ source: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ headSize: Int, _ width: Int,
  _ target: UnsafeMutablePointer<Float>
) {
  for n in 0..<8 {
    var d = 0
    while d < width {
      let left = headSize &- d
      target.store(
        n < rows && left > 0 ? loadRows(source + (n &* stride &+ d), left) : .zero,
        at: n &* width &+ d)
      d &+= 16
    }
  }
}

/// Sixteen positions by eight queries: the products of a tile with eight rows, to `body`.
@inline(__always) private func tileProducts(
  _ tile: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ width: Int, _ headSize: Int,
  _ body: (Int, FloatVector) -> Void
) {
  #if KERNELS_NEON
    // Four at a time, as there are registers for no more.
    fourProducts(tile, rows, width, headSize).forFirst(4, body)
    fourProducts(tile, rows + 4 &* width, width, headSize).forFirst(4) { n, value in
      body(4 &+ n, value)
    }
  #else
    var f = Eight()
    for d in 0..<headSize {
      let value = tile.vector(d &* 16)
      let column = rows + d
      f.update { n, acc in multiplyAdd(value, column.broadcast(n &* width), acc) }
    }
    f.forFirst(8, body)
  #endif
}

#if KERNELS_NEON
  /// Half of `tileProducts`, as much as there are registers for. A function of its own: what its callers multiply by
  /// would take a register of it.
  @inline(never) private func fourProducts(
    _ tile: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, _ width: Int, _ headSize: Int
  ) -> Four {
    var f = Four()
    var d = 0
    while d &+ 4 <= headSize {
      f.addFourProducts(rows + d, width) { t in tile.vector((d &+ t) &* 16) }
      d &+= 4
    }
    while d < headSize {
      let value = tile.vector(d &* 16)
      f.update { n, acc in multiplyAdd(value, rows.broadcast(n &* width &+ d), acc) }
      d &+= 1
    }
    return f
  }
#endif

/// p of eight queries over all positions up to `end`, zero where a query sees nothing; rows past
/// `columns` are zero.
@inline(__always) private func computeWeights(
  _ scratch: BackwardScratch, _ first: Int, _ columns: Int, _ end: Int, _ headSize: Int,
  _ scale: Float
) {
  let tiles = (end &+ 15) & ~15
  var position = 0
  while position < tiles {
    let target = scratch.weights + position
    tileProducts(
      scratch.keyTiles + position &* headSize, scratch.queries, scratch.width, headSize
    ) { n, value in
      target.store(value * FloatVector(repeating: scale), at: n &* scratch.positions)
    }
    position &+= 16
  }
  for n in 0..<8 {
    let row = scratch.weights + n &* scratch.positions
    guard n < columns else {
      for i in 0..<tiles / 16 { row.store(.zero, at: 16 &* i) }
      continue
    }
    // What a query does not see lies in the last two tiles.
    let lanes = IntVector(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    var tile = first & ~15
    while tile < tiles {
      let seen = IntVector(repeating: Int32(truncatingIfNeeded: first &+ n &- tile))
      row.store(row.vector(tile).replacing(with: -.infinity, where: lanes .> seen), at: tile)
      tile &+= 16
    }
    softmax(row, tiles)
  }
}

/// A row's scores to p. A function of its own, or the exponential becomes one that is called for every vector.
@inline(never) private func softmax(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
  var peaks = row.vector()
  var i = 16
  while i < count {
    peaks = maximum(peaks, row.vector(i))
    i &+= 16
  }
  let peak = FloatVector(repeating: largest(peaks))
  var total = FloatVector.zero
  i = 0
  while i < count {
    let weight = exponentialOfNegative(row.vector(i) - peak)
    row.store(weight, at: i)
    total = total + weight
    i &+= 16
  }
  let inverse = FloatVector(repeating: 1 / sum(total))
  i = 0
  while i < count {
    row.store(row.vector(i) * inverse, at: i)
    i &+= 16
  }
}

/// ds of eight queries and the sixteen positions from `position` on.
@inline(__always) private func scoreGradients(
  _ scratch: BackwardScratch, _ position: Int, _ headSize: Int, _ scale: Float
) {
  let weights = scratch.weights + position
  tileProducts(scratch.valueTiles + position &* headSize, scratch.dOut, scratch.width, headSize) {
    n, value in
    let p = weights.vector(n &* scratch.positions)
    let centred = value - FloatVector(repeating: scratch.deltas[n])
    scratch.tile.store(p * centred * FloatVector(repeating: scale), at: 16 &* n)
  }
}

#if KERNELS_NEON
  /// dq += ds k, dk += ds^T q, dv += p^T do, over those eight queries and sixteen positions: four queries, or
  /// four positions, by sixteen dimensions at a time.
  @inline(__always) private func accumulate(
    _ scratch: BackwardScratch, _ position: Int, _: Int
  ) {
    let width = scratch.width
    var d = 0
    while d < width {
      let keys = scratch.keys + (position &* width &+ d)
      for half in 0..<2 {
        let n = 4 &* half
        let target = scratch.dQueries + (n &* width &+ d)
        var dq = Four()
        dq.update { i, _ in target.vector(i &* width) }
        for j in 0..<4 {
          dq.addFourProducts(scratch.tile + (16 &* n &+ 4 &* j), 16) { t in
            keys.vector((4 &* j &+ t) &* width)
          }
        }
        dq.forFirst(4) { i, value in target.store(value, at: i &* width) }
      }
      addOverQueries(
        scratch.queries + d, scratch.tile, 16, width, scratch.dKeys + (position &* width &+ d))
      addOverQueries(
        scratch.dOut + d, scratch.weights + position, scratch.positions, width,
        scratch.dValues + (position &* width &+ d))
      d &+= 16
    }
  }

  /// Adds to sixteen rows of `out` the eight rows, each by one of the sixteen numbers in its row of `factors`.
  @inline(__always) private func addOverQueries(
    _ rows: UnsafePointer<Float>, _ factors: UnsafePointer<Float>, _ stride: Int, _ width: Int,
    _ out: UnsafeMutablePointer<Float>
  ) {
    for j in 0..<4 {
      let target = out + 4 &* j &* width
      var sums = Four()
      sums.update { i, _ in target.vector(i &* width) }
      for n in 0..<8 {
        sums.addProducts(rows.vector(n &* width), factors + (n &* stride &+ 4 &* j))
      }
      sums.forFirst(4) { i, value in target.store(value, at: i &* width) }
    }
  }
#else
  /// dq += ds k, dk += ds^T q, dv += p^T do, over those eight queries and up to sixteen positions.
  @inline(__always) private func accumulate(
    _ scratch: BackwardScratch, _ position: Int, _ positions: Int
  ) {
    let width = scratch.width
    let weights = scratch.weights + position
    var d = 0
    while d < width {
      let keys = scratch.keys + (position &* width &+ d)
      var dq = Eight()
      dq.update { n, _ in scratch.dQueries.vector(n &* width &+ d) }
      var q = Eight()
      q.update { n, _ in scratch.queries.vector(n &* width &+ d) }
      for j in 0..<positions {
        let key = keys.vector(j &* width)
        let ds = scratch.tile + j
        dq.update { n, acc in multiplyAdd(key, FloatVector(repeating: ds[16 &* n]), acc) }
        let target = scratch.dKeys + ((position &+ j) &* width &+ d)
        var sum = target.vector()
        q.forFirst(8) { n, value in
          sum = multiplyAdd(value, FloatVector(repeating: ds[16 &* n]), sum)
        }
        target.store(sum)
      }
      dq.forFirst(8) { n, value in scratch.dQueries.store(value, at: n &* width &+ d) }
      var g = Eight()
      g.update { n, _ in scratch.dOut.vector(n &* width &+ d) }
      for j in 0..<positions {
        let target = scratch.dValues + ((position &+ j) &* width &+ d)
        var sum = target.vector()
        g.forFirst(8) { n, value in
          sum = multiplyAdd(
            value, FloatVector(repeating: weights[n &* scratch.positions &+ j]), sum)
        }
        target.store(sum)
      }
      d &+= 16
    }
  }
#endif
