// The backward pass of causal attention within one sequence, one head at a time, in f32.
//
//   s = scale q k^T, p = softmax(s) over the positions up to the query's, o = p v
//   dv = p^T do,  dp = do v^T,  ds = p (dp - sum(do o)) scale,  dq = ds k,  dk = ds^T q
//
// Scores are computed again for eight queries at a time (FlashAttention, arXiv 2205.14135), so that
// no more than 8 x positions of them ever exist. Keys and values are taken sixteen positions at a
// time, once with positions in the lanes (for s and dp) and once with dimensions (for dq, dk, dv).

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
  let queryColumns: UnsafeMutablePointer<Float>  // [headSize][8]
  let dOutColumns: UnsafeMutablePointer<Float>  // [headSize][8]
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
    queryColumns = dQueries + 8 &* width
    dOutColumns = queryColumns + 8 &* headSize
    tile = dOutColumns + 8 &* headSize
  }
}

/// `GradientKernels.AttendBackward`.
func attendBackward(
  _ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
  _ stride: Int, _ count: Int, _ headSize: Int, _ scale: Float, _ out: UnsafePointer<Float>,
  _ dOut: UnsafePointer<Float>, _ outStride: Int, _ dQueries: UnsafeMutablePointer<Float>,
  _ dKeys: UnsafeMutablePointer<Float>, _ dValues: UnsafeMutablePointer<Float>,
  _ adds: Bool, _ memory: UnsafeMutablePointer<Float>
) {
  let scratch = BackwardScratch(memory, count, headSize)
  prepareKeys(keys, values, stride, count, headSize, scratch)
  var first = 0
  while first < count {
    let columns = min(8, count &- first)
    let end = first &+ columns  // positions that the last of these queries sees
    prepareQueries(
      queries + first &* stride, stride, dOut + first &* outStride, outStride, columns, headSize,
      scratch)
    computeWeights(scratch, first, columns, end, headSize, scale)
    var deltas = FloatVector.zero  // sum(do o) of each query
    for n in 0..<columns {
      let o = out + (first &+ n) &* outStride
      var total = FloatVector.zero
      var d = 0
      while d < headSize {
        let g = scratch.dOut.vector(n &* scratch.width &+ d)
        total = multiplyAdd(g, loadRows(o + d, headSize &- d), total)
        d &+= 16
      }
      deltas[n] = sum(total)
    }
    var position = 0
    while position < end {
      scoreGradients(scratch, position, headSize, scale, deltas)
      accumulate(scratch, position)
      position &+= 16
    }
    for n in 0..<columns {
      let target = dQueries + (first &+ n) &* stride
      var d = 0
      while d < headSize {
        storeRows(
          scratch.dQueries.vector(n &* scratch.width &+ d), target + d, headSize &- d, false)
        d &+= 16
      }
    }
    first &+= 8
  }
  for position in 0..<count {
    let dKey = dKeys + position &* stride
    let dValue = dValues + position &* stride
    let row = position &* scratch.width
    var d = 0
    while d < headSize {
      storeRows(scratch.dKeys.vector(row &+ d), dKey + d, headSize &- d, adds)
      storeRows(scratch.dValues.vector(row &+ d), dValue + d, headSize &- d, adds)
      d &+= 16
    }
  }
}

/// Keys and values in their layouts, zeros past the sequence and past the head; their gradients zero. Sixteen
/// positions by sixteen dimensions at a time.
@inline(__always) private func prepareKeys(
  _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ stride: Int, _ count: Int,
  _ headSize: Int, _ scratch: BackwardScratch
) {
  var position = 0
  while position < scratch.positions {
    var d = 0
    while d < scratch.width {
      let left = headSize &- d
      func tile(_ rows: UnsafePointer<Float>) -> Square {
        .load { i in
          position &+ i < count && left > 0
            ? loadRows(rows + ((position &+ i) &* stride &+ d), left) : .zero
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

/// Eight queries and their output gradients in both layouts, zeros where there are fewer.
@inline(__always) private func prepareQueries(
  _ queries: UnsafePointer<Float>, _ stride: Int, _ dOut: UnsafePointer<Float>, _ outStride: Int,
  _ columns: Int, _ headSize: Int, _ scratch: BackwardScratch
) {
  var d = 0
  while d < scratch.width {
    let left = headSize &- d
    func both(
      _ source: UnsafePointer<Float>, _ stride: Int, _ rows: UnsafeMutablePointer<Float>,
      _ byColumn: UnsafeMutablePointer<Float>
    ) {
      var eight = Eight()
      eight.update { n, _ in
        n < columns && left > 0 ? loadRows(source + (n &* stride &+ d), left) : .zero
      }
      eight.forFirst(8) { n, vector in rows.store(vector, at: n &* scratch.width &+ d) }
      // Two dimensions to a vector.
      eight.transposed.forFirst((min(left, 16) &+ 1) / 2) { i, vector in
        let place = byColumn + (8 &* d &+ 16 &* i)
        if 2 &* i &+ 1 < left {
          place.store(vector)
        } else {
          UnsafeMutableRawPointer(place).storeBytes(of: vector.lowHalf, as: SIMD8<Float>.self)
        }
      }
    }
    both(queries, stride, scratch.queries, scratch.queryColumns)
    both(dOut, outStride, scratch.dOut, scratch.dOutColumns)
    for n in 0..<8 { scratch.dQueries.store(.zero, at: n &* scratch.width &+ d) }
    d &+= 16
  }
}

/// Sixteen positions by eight queries: the products of a tile with eight columns, to `body`.
@inline(__always) private func tileProducts(
  _ tile: UnsafePointer<Float>, _ columns: UnsafePointer<Float>, _ headSize: Int,
  _ body: (Int, FloatVector) -> Void
) {
  #if KERNELS_NEON
    // Four at a time, as there are registers for no more.
    fourProducts(tile, columns, headSize).forFirst(4, body)
    fourProducts(tile, columns + 4, headSize).forFirst(4) { n, value in body(4 &+ n, value) }
  #else
    var f = Eight()
    for d in 0..<headSize {
      let value = tile.vector(d &* 16)
      let column = columns + d &* 8
      f.update { n, acc in multiplyAdd(value, column.broadcast(n), acc) }
    }
    f.forFirst(8, body)
  #endif
}

#if KERNELS_NEON
  /// Half of `tileProducts`, as much as there are registers for.
  @inline(__always) private func fourProducts(
    _ tile: UnsafePointer<Float>, _ columns: UnsafePointer<Float>, _ headSize: Int
  ) -> Four {
    var f = Four()
    for d in 0..<headSize { f.addProducts(tile.vector(d &* 16), columns + d &* 8) }
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
    tileProducts(scratch.keyTiles + position &* headSize, scratch.queryColumns, headSize) {
      n, value in
      target.store(value * FloatVector(repeating: scale), at: n &* scratch.positions)
    }
    position &+= 16
  }
  for n in 0..<8 {
    let row = scratch.weights + n &* scratch.positions
    let seen = n < columns ? first &+ n &+ 1 : 0
    for i in seen..<tiles { row[i] = -.infinity }
    guard seen > 0 else {
      for i in 0..<tiles { row[i] = 0 }
      continue
    }
    var peaks = row.vector()
    var i = 16
    while i < tiles {
      peaks = maximum(peaks, row.vector(i))
      i &+= 16
    }
    let peak = FloatVector(repeating: largest(peaks))
    var total = FloatVector.zero
    i = 0
    while i < tiles {
      let weight = exponential(row.vector(i) - peak)
      row.store(weight, at: i)
      total = total + weight
      i &+= 16
    }
    let inverse = FloatVector(repeating: 1 / sum(total))
    i = 0
    while i < tiles {
      row.store(row.vector(i) * inverse, at: i)
      i &+= 16
    }
  }
}

/// ds of eight queries and the sixteen positions from `position` on.
@inline(__always) private func scoreGradients(
  _ scratch: BackwardScratch, _ position: Int, _ headSize: Int, _ scale: Float,
  _ deltas: FloatVector
) {
  let weights = scratch.weights + position
  tileProducts(scratch.valueTiles + position &* headSize, scratch.dOutColumns, headSize) {
    n, value in
    let p = weights.vector(n &* scratch.positions)
    let centred = value - FloatVector(repeating: deltas[n])
    scratch.tile.store(p * centred * FloatVector(repeating: scale), at: 16 &* n)
  }
}

#if KERNELS_NEON
  /// dq += ds k, dk += ds^T q, dv += p^T do, over those eight queries and sixteen positions: four queries, or
  /// four positions, by sixteen dimensions at a time.
  @inline(__always) private func accumulate(_ scratch: BackwardScratch, _ position: Int) {
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
  /// dq += ds k, dk += ds^T q, dv += p^T do, over those eight queries and sixteen positions.
  @inline(__always) private func accumulate(_ scratch: BackwardScratch, _ position: Int) {
    let width = scratch.width
    let weights = scratch.weights + position
    var d = 0
    while d < width {
      let keys = scratch.keys + (position &* width &+ d)
      var dq = Eight()
      dq.update { n, _ in scratch.dQueries.vector(n &* width &+ d) }
      var q = Eight()
      q.update { n, _ in scratch.queries.vector(n &* width &+ d) }
      for j in 0..<16 {
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
      for j in 0..<16 {
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
