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
  if tile.columns <= 4 { askForValues(cache, tile, start, end) }
  switch tile.columns {
  case 1: scoreOne(cache, tile, start, end, scores)
  case 2...4: scoreFour(cache, tile, start, end, scores)
  default: scoreEight(cache, tile, start, end, scores)
  }
  let positions = (end &- start &+ 15) & ~15
  for n in 0..<tile.columns {
    let seen = max(0, min(end, tile.visible &+ n &* tile.step) &- start)
    softmax(scores + n &* CacheLayout.scoreStride, seen, positions, n, partial)
  }
  switch tile.columns {
  case 1: addValuesOne(cache, tile, start, end, scores, partial)
  case 2...4: addValuesFour(cache, tile, start, end, scores, partial)
  default: addValuesEight(cache, tile, start, end, scores, partial)
  }
}

extension AttentionTile {
  /// The keys of sixteen positions, the first of them `position`.
  @inline(__always) func keys<C: CacheElements>(
    _: C.Type, at position: Int
  ) -> UnsafeRawPointer {
    keys + ((position &- origin) / 16) &* CacheLayout.keyTileBytes(C.kind, headSize)
  }

  /// The values of one position.
  @inline(__always) func values<C: CacheElements>(
    _: C.Type, at position: Int
  ) -> UnsafeRawPointer {
    values + (position &- origin) &* CacheLayout.valueBytes(C.kind, headSize)
  }
}

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
