// Causal attention over the cache of one kv head (`CacheLayout`).
//
// Positions are taken in blocks that start at multiples of `CacheLayout.softmaxBlock`. Each block
// gives a partial result of its own: the largest score, the sum of the weights and the weighted sum
// of the values. Partial results are merged in order of position (online softmax, arXiv 1805.02867).
// Blocks can therefore be shared out among threads, and a result depends neither on that nor on how
// a prompt was cut into chunks nor on the queries beside it: a position that a query may not see
// adds an exact zero.

import KernelInterface

/// Up to eight queries over one kv head, and where the cache of that head lies.
struct AttentionTile {
  /// Scaled and transposed, `[headSize][8]`.
  let queries: UnsafePointer<Float>
  let columns: Int
  /// Column c sees positions 0..<visible + c * step.
  let visible: Int
  let step: Int
  let headSize: Int
  let keys: UnsafeRawPointer
  let values: UnsafeRawPointer

  /// Positions that the last column sees.
  @inline(__always) var end: Int { visible &+ (columns &- 1) &* step }
}

/// A partial result of eight columns: `[8][width]` weighted sums, `[8]` peaks, `[8]` totals. A column
/// that has seen nothing has total 0, sums 0 and peak -infinity.
struct AttentionPartial {
  let sums: UnsafeMutablePointer<Float>
  let width: Int

  @inline(__always) var peaks: UnsafeMutablePointer<Float> { sums + 8 &* width }
  @inline(__always) var totals: UnsafeMutablePointer<Float> { sums + (8 &* width &+ 8) }

  /// Takes in the result of later positions.
  @inline(__always) func merge(_ later: AttentionPartial, columns: Int) {
    for n in 0..<columns where later.totals[n] != 0 {
      let peak = max(peaks[n], later.peaks[n])
      let decay = totals[n] == 0 ? 0 : exponential(FloatVector(repeating: peaks[n] - peak))[0]
      let scale = exponential(FloatVector(repeating: later.peaks[n] - peak))[0]
      totals[n] = totals[n] * decay + later.totals[n] * scale
      peaks[n] = peak
      var d = 0
      while d < width {
        let old = sums.vector(n &* width &+ d) * FloatVector(repeating: decay)
        let new = later.sums.vector(n &* width &+ d) * FloatVector(repeating: scale)
        sums.store(old + new, at: n &* width &+ d)
        d &+= 16
      }
    }
  }

  /// out = sums / total.
  @inline(__always) func finish(
    columns: Int, headSize: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int
  ) {
    for n in 0..<columns {
      let inverse = 1 / totals[n]
      for d in 0..<headSize { out[n &* outStride &+ d] = sums[n &* width &+ d] * inverse }
    }
  }
}

/// Scales and transposes queries for an `AttentionTile`.
@inline(__always) private func prepare(
  _ queries: UnsafePointer<Float>, _ stride: Int, _ columns: Int, _ headSize: Int, _ scale: Float,
  _ out: UnsafeMutablePointer<Float>
) {
  for n in 0..<8 {
    for d in 0..<headSize {
      out[d &* 8 &+ n] = n < columns ? queries[n &* stride &+ d] * scale : 0
    }
  }
}

/// `KernelTable.Attend` for one type of cache; `scratch` holds `CacheLayout.attentionScratch`.
@inline(__always) func attend<C: CacheElements>(
  _ cache: C.Type, _ queries: UnsafePointer<Float>, _ queryStride: Int, _ columns: Int,
  _ visible: Int, _ step: Int, _ headSize: Int, _ scale: Float, _ keys: UnsafeRawPointer,
  _ values: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let width = CacheLayout.paddedSize(headSize)
  let partialSize = CacheLayout.attentionPartial(headSize)
  prepare(queries, queryStride, columns, headSize, scale, scratch)
  let tile = AttentionTile(
    queries: scratch, columns: columns, visible: visible, step: step, headSize: headSize,
    keys: keys, values: values)
  let rest = scratch + headSize &* 8
  let all = AttentionPartial(sums: rest, width: width)
  let next = AttentionPartial(sums: rest + partialSize, width: width)
  attendBlock(cache, tile, 0, all, rest + 2 &* partialSize)
  var start = CacheLayout.softmaxBlock
  while start < tile.end {
    attendBlock(cache, tile, start, next, rest + 2 &* partialSize)
    all.merge(next, columns: columns)
    start &+= CacheLayout.softmaxBlock
  }
  all.finish(columns: columns, headSize: headSize, out, outStride)
}

/// `KernelTable.AttendBlock` for one type of cache.
@inline(__always) func attendOneBlock<C: CacheElements>(
  _ cache: C.Type, _ queries: UnsafePointer<Float>, _ queryStride: Int, _ columns: Int,
  _ visible: Int, _ step: Int, _ headSize: Int, _ scale: Float, _ keys: UnsafeRawPointer,
  _ values: UnsafeRawPointer, _ block: Int, _ partial: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  prepare(queries, queryStride, columns, headSize, scale, scratch)
  let tile = AttentionTile(
    queries: scratch, columns: columns, visible: visible, step: step, headSize: headSize,
    keys: keys, values: values)
  attendBlock(
    cache, tile, block &* CacheLayout.softmaxBlock,
    AttentionPartial(sums: partial, width: CacheLayout.paddedSize(headSize)),
    scratch + headSize &* 8)
}

/// `KernelTable.MergeAttention`: partial results of `blocks` blocks, which lie one after the other, to
/// the output. The first one is overwritten.
func mergeAttention(
  _ partials: UnsafeMutablePointer<Float>, _ blocks: Int, _ columns: Int, _ headSize: Int,
  _ out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
  let width = CacheLayout.paddedSize(headSize)
  let all = AttentionPartial(sums: partials, width: width)
  for block in 1..<blocks {
    let next = partials + block &* CacheLayout.attentionPartial(headSize)
    all.merge(AttentionPartial(sums: next, width: width), columns: columns)
  }
  all.finish(columns: columns, headSize: headSize, out, outStride)
}

/// One block of positions, from `start` on. `scores` holds a tile of keys `[headSize][16]` and scores
/// `[8][softmaxBlock]`.
@inline(__always) private func attendBlock<C: CacheElements>(
  _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ partial: AttentionPartial,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let end = min(start &+ CacheLayout.softmaxBlock, tile.end)
  let scores = scratch + tile.headSize &* 16
  if tile.columns == 1 {
    scoreOne(cache, tile, start, end, scores)
  } else {
    scoreEight(cache, tile, start, end, scratch, scores)
  }
  let positions = (end &- start &+ 15) & ~15
  for n in 0..<tile.columns {
    let seen = max(0, min(end, tile.visible &+ n &* tile.step) &- start)
    softmax(scores + n &* CacheLayout.softmaxBlock, seen, positions, n, partial)
  }
  if tile.columns == 1 {
    addValuesOne(cache, tile, start, end, scores, partial)
  } else {
    addValuesEight(cache, tile, start, end, scores, partial)
  }
}

/// Scores of one query, four tiles of positions at a time: a chain of multiply-adds waits for itself.
@inline(__always) private func scoreOne<C: CacheElements>(
  _: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int, _ scores: UnsafeMutablePointer<Float>
) {
  let tileBytes = CacheLayout.keyTileBytes(C.kind, tile.headSize)
  let q = tile.queries
  var position = start
  while position &+ 48 < end {
    let k = tile.keys + (position / 16) &* tileBytes
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
    let k = tile.keys + (position / 16) &* tileBytes
    var f = FloatVector.zero
    for d in 0..<tile.headSize {
      f = multiplyAdd(C.keys(k, tile.headSize, d), q.broadcast(d &* 8), f)
    }
    scores.store(f, at: position &- start)
    position &+= 16
  }
}

/// Scores of eight queries: a tile of keys is converted once and meets them all.
@inline(__always) private func scoreEight<C: CacheElements>(
  _: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
  _ keyTile: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>
) {
  let tileBytes = CacheLayout.keyTileBytes(C.kind, tile.headSize)
  var position = start
  while position < end {
    let k = tile.keys + (position / 16) &* tileBytes
    var f = Eight()
    for d in 0..<tile.headSize {
      let key = C.keys(k, tile.headSize, d)
      let values = tile.queries + d &* 8
      f.update { n, acc in multiplyAdd(key, values.broadcast(n), acc) }
    }
    let target = scores + (position &- start)
    f.forFirst(tile.columns) { n, value in
      target.store(value, at: n &* CacheLayout.softmaxBlock)
    }
    position &+= 16
  }
}

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
  var total = FloatVector.zero
  i = 0
  while i < positions {
    let weight = exponential(row.vector(i) - FloatVector(repeating: peak))
    row.store(weight, at: i)
    total = total + weight
    i &+= 16
  }
  partial.peaks[n] = peak
  partial.totals[n] = sum(total)
}

/// Weighted sum of the values for one query, eight vectors of dimensions at a time.
@inline(__always) private func addValuesOne<C: CacheElements>(
  _: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int, _ weights: UnsafePointer<Float>,
  _ partial: AttentionPartial
) {
  let stride = CacheLayout.valueBytes(C.kind, tile.headSize)
  var d = 0
  while d < partial.width {
    let row = tile.values + start &* stride
    if d &+ 128 <= partial.width {
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
    } else {
      var f = FloatVector.zero
      for i in 0..<(end &- start) {
        f = multiplyAdd(
          C.values(row + i &* stride, tile.headSize, d), weights.broadcast(i), f)
      }
      partial.sums.store(f, at: d)
      d &+= 16
    }
  }
}

/// Weighted sums of the values for eight queries, two vectors of dimensions at a time where the head
/// is that wide: each weight is then fetched once for both.
@inline(__always) private func addValuesEight<C: CacheElements>(
  _: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int, _ weights: UnsafePointer<Float>,
  _ partial: AttentionPartial
) {
  let stride = CacheLayout.valueBytes(C.kind, tile.headSize)
  let width = partial.width
  let row = tile.values + start &* stride
  var d = 0
  while d < width {
    let pair = d &+ 32 <= width
    var low = Eight()
    var high = Eight()
    if pair {
      for i in 0..<(end &- start) {
        let a = C.values(row + i &* stride, tile.headSize, d)
        let b = C.values(row + i &* stride, tile.headSize, d &+ 16)
        let weight = weights + i
        low.update { n, acc in multiplyAdd(a, weight.broadcast(n &* CacheLayout.softmaxBlock), acc)
        }
        high.update { n, acc in
          multiplyAdd(b, weight.broadcast(n &* CacheLayout.softmaxBlock), acc)
        }
      }
      high.forFirst(tile.columns) { n, value in
        partial.sums.store(value, at: n &* width &+ d &+ 16)
      }
    } else {
      for i in 0..<(end &- start) {
        let a = C.values(row + i &* stride, tile.headSize, d)
        let weight = weights + i
        low.update { n, acc in multiplyAdd(a, weight.broadcast(n &* CacheLayout.softmaxBlock), acc)
        }
      }
    }
    low.forFirst(tile.columns) { n, value in partial.sums.store(value, at: n &* width &+ d) }
    d &+= pair ? 32 : 16
  }
}
