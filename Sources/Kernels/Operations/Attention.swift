// Causal attention over the cache of one kv head (`CacheLayout`).
//
// Positions are taken in blocks that start at multiples of `CacheLayout.softmaxBlock`. Each block
// gives a partial result of its own (`AttentionBlock.swift`): the largest score, the sum of the
// weights and the weighted sum of the values. Partial results are merged in order of position (online
// softmax, arXiv 1805.02867). Blocks can therefore be shared out among threads, and a result depends
// neither on that nor on how a prompt was cut into chunks nor on the queries beside it: a position
// that a query may not see adds an exact zero.

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
  /// The position that `keys` and `values` begin with, a multiple of `CacheLayout.softmaxBlock`.
  let origin: Int
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
  let factor = FloatVector(repeating: scale)
  var d = 0
  while d < headSize {
    let left = headSize &- d
    var eight = Eight()
    eight.update { n, _ in
      n < columns ? loadRows(queries + (n &* stride &+ d), left) * factor : .zero
    }
    // Two dimensions to a vector.
    eight.transposed.forFirst((min(left, 16) &+ 1) / 2) { i, vector in
      let place = out + (8 &* d &+ 16 &* i)
      if 2 &* i &+ 1 < left {
        place.store(vector)
      } else {
        UnsafeMutableRawPointer(place).storeBytes(of: vector.lowHalf, as: SIMD8<Float>.self)
      }
    }
    d &+= 16
  }
}

/// `AttentionKernels.Attend` for one type of cache; `scratch` holds `CacheLayout.attentionScratch`.
///
/// Every block of positions meets all tiles of queries before the next one is touched. With more than
/// one tile its elements become floats first, once for them all.
@inline(__always) func attend<C: CacheElements>(
  _ cache: C.Type, _ queries: UnsafePointer<Float>, _ queryStride: Int, _ columns: Int,
  _ visible: Int, _ step: Int, _ headSize: Int, _ scale: Float, _ keys: UnsafeRawPointer,
  _ values: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let width = CacheLayout.paddedSize(headSize)
  let partialSize = CacheLayout.attentionPartial(headSize)
  let tiles = (columns &+ 7) / 8
  let scores = scratch
  let next = AttentionPartial(sums: scores + 8 &* CacheLayout.scoreStride, width: width)
  let partials = next.sums + partialSize
  let transposed = partials + tiles &* partialSize
  let block = FloatBlock(transposed + tiles &* headSize &* 8, headSize)
  for t in 0..<tiles {
    prepare(
      queries + 8 &* t &* queryStride, queryStride, min(8, columns &- 8 &* t), headSize, scale,
      transposed + t &* headSize &* 8)
  }
  let end = visible &+ (columns &- 1) &* step
  var start = 0
  while start < end {
    if tiles > 1 {
      block.fill(cache, keys, values, start, min(start &+ CacheLayout.softmaxBlock, end))
    }
    for t in 0..<tiles {
      let tileColumns = min(8, columns &- 8 &* t)
      let tileVisible = visible &+ 8 &* t &* step
      guard start < tileVisible &+ (tileColumns &- 1) &* step else { continue }
      let all = AttentionPartial(sums: partials + t &* partialSize, width: width)
      let result = start == 0 ? all : next
      if tiles > 1 {
        attendBlock(
          F32Cache.self,
          AttentionTile(
            queries: transposed + t &* headSize &* 8, columns: tileColumns, visible: tileVisible,
            step: step, headSize: headSize, origin: start, keys: UnsafeRawPointer(block.keys),
            values: UnsafeRawPointer(block.values)),
          start, result, scores)
      } else {
        attendBlock(
          cache,
          AttentionTile(
            queries: transposed, columns: columns, visible: visible, step: step,
            headSize: headSize, origin: 0, keys: keys, values: values),
          start, result, scores)
      }
      if start > 0 { all.merge(next, columns: tileColumns) }
    }
    start &+= CacheLayout.softmaxBlock
  }
  for t in 0..<tiles {
    AttentionPartial(sums: partials + t &* partialSize, width: width).finish(
      columns: min(8, columns &- 8 &* t), headSize: headSize, out + 8 &* t &* outStride, outStride)
  }
}

/// `AttentionKernels.AttendBlock` for one type of cache.
@inline(__always) func attendOneBlock<C: CacheElements>(
  _ cache: C.Type, _ queries: UnsafePointer<Float>, _ queryStride: Int, _ columns: Int,
  _ visible: Int, _ step: Int, _ headSize: Int, _ scale: Float, _ keys: UnsafeRawPointer,
  _ values: UnsafeRawPointer, _ block: Int, _ partial: UnsafeMutablePointer<Float>,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let transposed = scratch + 8 &* CacheLayout.scoreStride
  prepare(queries, queryStride, columns, headSize, scale, transposed)
  attendBlock(
    cache,
    AttentionTile(
      queries: transposed, columns: columns, visible: visible, step: step, headSize: headSize,
      origin: 0, keys: keys, values: values),
    block &* CacheLayout.softmaxBlock,
    AttentionPartial(sums: partial, width: CacheLayout.paddedSize(headSize)), scratch)
}

/// `AttentionKernels.MergeAttention`: partial results of `blocks` blocks, which lie one after the other, to
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

/// One block of positions as floats, laid out as an f32 cache: keys `[tile][headSize][16]`, values
/// `[position][width]`.
private struct FloatBlock {
  let keys: UnsafeMutablePointer<Float>
  let values: UnsafeMutablePointer<Float>
  let headSize: Int

  @inline(__always) init(_ memory: UnsafeMutablePointer<Float>, _ headSize: Int) {
    keys = memory
    values = memory + CacheLayout.softmaxBlock &* headSize
    self.headSize = headSize
  }

  /// Takes positions start..<end of a cache.
  @inline(__always) func fill<C: CacheElements>(
    _: C.Type, _ cacheKeys: UnsafeRawPointer, _ cacheValues: UnsafeRawPointer, _ start: Int,
    _ end: Int
  ) {
    let tileBytes = CacheLayout.keyTileBytes(C.kind, headSize)
    var position = start
    while position < end {
      let from = cacheKeys + (position / 16) &* tileBytes
      let to = keys + (position &- start) &* headSize
      for d in 0..<headSize { to.store(C.keys(from, headSize, d), at: d &* 16) }
      position &+= 16
    }
    let width = CacheLayout.paddedSize(headSize)
    let stride = CacheLayout.valueBytes(C.kind, headSize)
    for position in start..<end {
      let from = cacheValues + position &* stride
      let to = values + (position &- start) &* width
      var d = 0
      while d < width {
        to.store(C.values(from, headSize, d), at: d)
        d &+= 16
      }
    }
  }
}
