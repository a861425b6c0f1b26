// The partial result of up to eight queries over one block of positions: scores, their softmax, and
// the values weighted by it. Every sum is one chain in a fixed order, over the dimensions for a score
// and over the positions for an output, whatever the shape of the register tile that computes it.

import KernelInterface

/// One block of positions, from `start` on. `scores` holds `[8][scoreStride]`.
@inline(__always) func attendBlock<C: CacheElements>(
  _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ partial: AttentionPartial,
  _ scores: UnsafeMutablePointer<Float>
) {
  let end = min(start &+ CacheLayout.softmaxBlock, tile.end)
  if tile.columns == 1 {
    scoreOne(cache, tile, start, end, scores)
  } else {
    scoreEight(cache, tile, start, end, scores)
  }
  let positions = (end &- start &+ 15) & ~15
  for n in 0..<tile.columns {
    let seen = max(0, min(end, tile.visible &+ n &* tile.step) &- start)
    softmax(scores + n &* CacheLayout.scoreStride, seen, positions, n, partial)
  }
  if tile.columns == 1 {
    addValuesOne(cache, tile, start, end, scores, partial)
  } else {
    addValuesEight(cache, tile, start, end, scores, partial)
  }
}

extension AttentionTile {
  /// The keys of sixteen positions, the first of them `position`.
  @inline(__always) fileprivate func keys<C: CacheElements>(
    _: C.Type, at position: Int
  ) -> UnsafeRawPointer {
    keys + ((position &- origin) / 16) &* CacheLayout.keyTileBytes(C.kind, headSize)
  }

  /// The values of one position.
  @inline(__always) fileprivate func values<C: CacheElements>(
    _: C.Type, at position: Int
  ) -> UnsafeRawPointer {
    values + (position &- origin) &* CacheLayout.valueBytes(C.kind, headSize)
  }
}

// MARK: Scores

/// Scores of one query, four tiles of positions at a time: a chain of multiply-adds waits for itself.
@inline(__always) private func scoreOne<C: CacheElements>(
  _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
  _ scores: UnsafeMutablePointer<Float>
) {
  let tileBytes = CacheLayout.keyTileBytes(C.kind, tile.headSize)
  let q = tile.queries
  var position = start
  while position &+ 48 < end {
    let k = tile.keys(cache, at: position)
    var f0 = FloatVector.zero
    var f1 = FloatVector.zero
    var f2 = FloatVector.zero
    var f3 = FloatVector.zero
    for d in 0..<tile.headSize {
      let value = q.broadcast(d &* 8)
      f0 = multiplyAdd(C.keys(k, tile.headSize, d), value, f0)
      f1 = multiplyAdd(C.keys(k + tileBytes, tile.headSize, d), value, f1)
      f2 = multiplyAdd(C.keys(k + 2 &* tileBytes, tile.headSize, d), value, f2)
      f3 = multiplyAdd(C.keys(k + 3 &* tileBytes, tile.headSize, d), value, f3)
    }
    let target = scores + (position &- start)
    target.store(f0)
    target.store(f1, at: 16)
    target.store(f2, at: 32)
    target.store(f3, at: 48)
    position &+= 64
  }
  while position < end {
    let k = tile.keys(cache, at: position)
    var f = FloatVector.zero
    for d in 0..<tile.headSize {
      f = multiplyAdd(C.keys(k, tile.headSize, d), q.broadcast(d &* 8), f)
    }
    scores.store(f, at: position &- start)
    position &+= 16
  }
}

#if KERNELS_AVX512
  /// Scores of eight queries, two tiles of positions at a time: each query's number is fetched once
  /// for both, and sixteen chains hide the latency of a multiply-add.
  @inline(__always) private func scoreEight<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ scores: UnsafeMutablePointer<Float>
  ) {
    let tileBytes = CacheLayout.keyTileBytes(C.kind, tile.headSize)
    var position = start
    while position < end {
      let k = tile.keys(cache, at: position)
      // The last tile of an odd number is computed twice rather than by a loop of its own.
      let second = position &+ 16 < end ? k + tileBytes : k
      var low = Eight()
      var high = Eight()
      for d in 0..<tile.headSize {
        // The next two tiles: one token's heads meet a cache that comes from memory.
        prefetch(k + (2 &* tileBytes &+ d &* C.bytesPerDimension))
        prefetch(k + (3 &* tileBytes &+ d &* C.bytesPerDimension))
        let a = C.keys(k, tile.headSize, d)
        let b = C.keys(second, tile.headSize, d)
        let values = tile.queries + d &* 8
        low.update { n, acc in multiplyAdd(a, values.broadcast(n), acc) }
        high.update { n, acc in multiplyAdd(b, values.broadcast(n), acc) }
      }
      let target = scores + (position &- start)
      low.forFirst(8) { n, value in target.store(value, at: n &* CacheLayout.scoreStride) }
      high.forFirst(8) { n, value in target.store(value, at: n &* CacheLayout.scoreStride &+ 16) }
      position &+= 32
    }
  }
#else
  /// Scores of eight queries, four at a time: there are sixteen registers of eight lanes.
  @inline(__always) private func scoreEight<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ scores: UnsafeMutablePointer<Float>
  ) {
    var position = start
    while position < end {
      let k = tile.keys(cache, at: position)
      var column = 0
      while column < tile.columns {
        var f = Four()
        for d in 0..<tile.headSize {
          let key = C.keys(k, tile.headSize, d)
          let values = tile.queries + (d &* 8 &+ column)
          f.addProducts(key, values)
        }
        let target = scores + (column &* CacheLayout.scoreStride &+ position &- start)
        f.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride) }
        column &+= 4
      }
      position &+= 16
    }
  }
#endif

// MARK: Softmax

/// Scores to weights e^(score - peak), zero past the `seen` positions, with their peak and total.
@inline(__always) private func softmax(
  _ row: UnsafeMutablePointer<Float>, _ seen: Int, _ positions: Int, _ n: Int,
  _ partial: AttentionPartial
) {
  guard seen > 0 else {
    for i in 0..<positions { row[i] = 0 }
    partial.peaks[n] = -.infinity
    partial.totals[n] = 0
    return
  }
  for i in seen..<positions { row[i] = -.infinity }
  var peaks = row.vector()
  var i = 16
  while i < positions {
    peaks = maximum(peaks, row.vector(i))
    i &+= 16
  }
  let peak = largest(peaks)
  partial.peaks[n] = peak
  partial.totals[n] = exponentiate(row, positions, peak)
}

/// row = e^(row - peak); returns its sum. A function of its own, or the exponential becomes one that
/// is called for every vector.
private func exponentiate(
  _ row: UnsafeMutablePointer<Float>, _ positions: Int, _ peak: Float
) -> Float {
  let shift = FloatVector(repeating: peak)
  var total = FloatVector.zero
  var i = 0
  while i < positions {
    let weight = exponentialOfNegative(row.vector(i) - shift)
    row.store(weight, at: i)
    total = total + weight
    i &+= 16
  }
  return sum(total)
}

// MARK: Values

/// Positions whose values are asked for before they are used: as many as a memory access takes.
private let rowsAhead = 32

/// Whether eight vectors of sixteen lanes find room in registers, or are as well elsewhere (AVX2).
private var hasManyRegisters: Bool {
  #if KERNELS_NEON
    return false
  #else
    return true
  #endif
}

/// Weighted sum of the values for one query, eight vectors of dimensions at a time.
@inline(__always) private func addValuesOne<C: CacheElements>(
  _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
  _ weights: UnsafePointer<Float>, _ partial: AttentionPartial
) {
  let stride = CacheLayout.valueBytes(C.kind, tile.headSize)
  let row = tile.values(cache, at: start)
  var d = 0
  while d < partial.width {
    if hasManyRegisters && d &+ 128 <= partial.width {
      var f = Eight()
      for i in 0..<(end &- start) {
        let weight = weights.broadcast(i)
        let value = row + i &* stride
        f.update { n, acc in
          multiplyAdd(C.values(value, tile.headSize, d &+ 16 &* n), weight, acc)
        }
      }
      f.forFirst(8) { n, value in partial.sums.store(value, at: d &+ 16 &* n) }
      d &+= 128
    } else if d &+ 64 <= partial.width {
      var f = Four()
      for i in 0..<(end &- start) {
        let weight = weights.broadcast(i)
        let value = row + i &* stride
        f.update { n, acc in
          multiplyAdd(C.values(value, tile.headSize, d &+ 16 &* n), weight, acc)
        }
      }
      f.forFirst(4) { n, value in partial.sums.store(value, at: d &+ 16 &* n) }
      d &+= 64
    } else {
      var f = FloatVector.zero
      for i in 0..<(end &- start) {
        f = multiplyAdd(C.values(row + i &* stride, tile.headSize, d), weights.broadcast(i), f)
      }
      partial.sums.store(f, at: d)
      d &+= 16
    }
  }
}

#if KERNELS_AVX512
  /// Weighted sums of the values for eight queries, two vectors of dimensions at a time where the
  /// head is that wide: each weight is then fetched once for both.
  @inline(__always) private func addValuesEight<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ weights: UnsafePointer<Float>, _ partial: AttentionPartial
  ) {
    let stride = CacheLayout.valueBytes(C.kind, tile.headSize)
    let width = partial.width
    let row = tile.values(cache, at: start)
    var d = 0
    while d &+ 32 <= width {
      var low = Eight()
      var high = Eight()
      for i in 0..<(end &- start) {
        let value = row + i &* stride
        prefetch(value + (rowsAhead &* stride &+ d &* C.bytesPerDimension / 16))
        let a = C.values(value, tile.headSize, d)
        let b = C.values(value, tile.headSize, d &+ 16)
        let weight = weights + i
        low.update { n, acc in
          multiplyAdd(a, weight.broadcast(n &* CacheLayout.scoreStride), acc)
        }
        high.update { n, acc in
          multiplyAdd(b, weight.broadcast(n &* CacheLayout.scoreStride), acc)
        }
      }
      low.forFirst(8) { n, value in partial.sums.store(value, at: n &* width &+ d) }
      high.forFirst(8) { n, value in partial.sums.store(value, at: n &* width &+ d &+ 16) }
      d &+= 32
    }
    guard d < width else { return }
    var last = Eight()
    for i in 0..<(end &- start) {
      let a = C.values(row + i &* stride, tile.headSize, d)
      let weight = weights + i
      last.update { n, acc in
        multiplyAdd(a, weight.broadcast(n &* CacheLayout.scoreStride), acc)
      }
    }
    last.forFirst(8) { n, value in partial.sums.store(value, at: n &* width &+ d) }
  }
#else
  /// Weighted sums of the values for eight queries, four at a time.
  @inline(__always) private func addValuesEight<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ weights: UnsafePointer<Float>, _ partial: AttentionPartial
  ) {
    let stride = CacheLayout.valueBytes(C.kind, tile.headSize)
    let row = tile.values(cache, at: start)
    var column = 0
    while column < tile.columns {
      let some = weights + column &* CacheLayout.scoreStride
      let sums = partial.sums + column &* partial.width
      var d = 0
      while d < partial.width {
        var f = Four()
        var first = 0
        #if KERNELS_NEON
          while first &+ 4 <= end &- start {
            f.addFourProducts(some + first, CacheLayout.scoreStride) { t in
              C.values(row + (first &+ t) &* stride, tile.headSize, d)
            }
            first &+= 4
          }
        #endif
        for i in first..<(end &- start) {
          let a = C.values(row + i &* stride, tile.headSize, d)
          let weight = some + i
          f.update { n, acc in
            multiplyAdd(a, weight.broadcast(n &* CacheLayout.scoreStride), acc)
          }
        }
        f.forFirst(4) { n, value in sums.store(value, at: n &* partial.width &+ d) }
        d &+= 16
      }
      column &+= 4
    }
  }
#endif
