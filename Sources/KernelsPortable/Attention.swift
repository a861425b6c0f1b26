// Causal attention over the cache of one kv head (`CacheLayout`), with an online softmax (arXiv
// 1805.02867) over blocks of positions. Blocks start at multiples of `softmaxBlock` however the
// prompt was cut into chunks, and a position that a query may not see adds an exact zero, so a
// result depends on neither.

import KernelInterface

/// Element access for each type of cache; the kernels are written once over it.
protocol CacheElements {
  static var kind: CacheKind { get }
  /// Keys of sixteen positions, into `[dimension][16]`.
  static func unpackKeys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ out: UnsafeMutablePointer<Float>)
  /// Values of dimensions d..<d+16 of one position.
  static func values(_ position: UnsafeRawPointer, _ headSize: Int, _ d: Int) -> FloatVector
  static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>)
  static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>)
}

/// Sixteen values from `p`, zeros past `count`.
@inline(__always) private func loadPadded(_ p: UnsafePointer<Float>, _ count: Int) -> FloatVector {
  if count >= 16 { return p.vector() }
  var v = FloatVector.zero
  for i in 0..<count { v[i] = p[i] }
  return v
}

enum F32Cache: CacheElements {
  static let kind = CacheKind.f32
  @inline(__always) static func unpackKeys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    for d in 0..<headSize { out.store((tile + d &* 64).floats(), at: d &* 16) }
  }
  @inline(__always) static func values(
    _ position: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector { (position + d &* 4).floats() }
  @inline(__always) static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>
  ) {
    for d in 0..<headSize {
      tile.storeBytes(of: key[d], toByteOffset: d &* 64 &+ lane &* 4, as: Float.self)
    }
  }
  @inline(__always) static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>
  ) {
    var d = 0
    while d < headSize {
      (position + d &* 4).storeBytes(
        of: loadPadded(value + d, headSize &- d), as: FloatVector.self)
      d &+= 16
    }
  }
}

enum F16Cache: CacheElements {
  static let kind = CacheKind.f16
  @inline(__always) static func unpackKeys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    for d in 0..<headSize { out.store(halves(tile + d &* 32), at: d &* 16) }
  }
  @inline(__always) static func values(
    _ position: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector { halves(position + d &* 2) }
  @inline(__always) static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>
  ) {
    for d in 0..<headSize {
      tile.storeBytes(
        of: halfBits(key[d]), toByteOffset: d &* 32 &+ lane &* 2, as: UInt16.self)
    }
  }
  @inline(__always) static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>
  ) {
    var d = 0
    while d < headSize {
      storeHalves(loadPadded(value + d, headSize &- d), position + d &* 2)
      d &+= 16
    }
  }
}

enum Q8_0Cache: CacheElements {
  static let kind = CacheKind.q8_0
  @inline(__always) static func unpackKeys(
    _ tile: UnsafeRawPointer, _ headSize: Int, _ out: UnsafeMutablePointer<Float>
  ) {
    let codes = tile + CacheLayout.chunks(headSize) &* 32
    for d in 0..<headSize {
      let scale = halves(tile + (d / 32) &* 32)
      out.store(signedBytes(codes + d &* 16) * scale, at: d &* 16)
    }
  }
  @inline(__always) static func values(
    _ position: UnsafeRawPointer, _ headSize: Int, _ d: Int
  ) -> FloatVector {
    let scale = FloatVector(repeating: half(position + (d / 32) &* 2))
    return signedBytes(position + (CacheLayout.chunks(headSize) &* 2 &+ d)) * scale
  }
  @inline(__always) static func storeKey(
    _ tile: UnsafeMutableRawPointer, _ lane: Int, _ headSize: Int, _ key: UnsafePointer<Float>
  ) {
    let codes = tile + CacheLayout.chunks(headSize) &* 32
    for chunk in 0..<CacheLayout.chunks(headSize) {
      let block = Block(key + chunk &* 32, min(32, headSize &- chunk &* 32))
      tile.storeBytes(
        of: block.scaleBits, toByteOffset: chunk &* 32 &+ lane &* 2, as: UInt16.self)
      for i in 0..<min(32, headSize &- chunk &* 32) {
        let code = Int8(truncatingIfNeeded: i < 16 ? block.low[i] : block.high[i &- 16])
        codes.storeBytes(
          of: code, toByteOffset: (chunk &* 32 &+ i) &* 16 &+ lane, as: Int8.self)
      }
    }
  }
  @inline(__always) static func storeValue(
    _ position: UnsafeMutableRawPointer, _ headSize: Int, _ value: UnsafePointer<Float>
  ) {
    let codes = position + CacheLayout.chunks(headSize) &* 2
    for chunk in 0..<CacheLayout.chunks(headSize) {
      let count = min(32, headSize &- chunk &* 32)
      let block = Block(value + chunk &* 32, count)
      position.storeBytes(of: block.scaleBits, toByteOffset: chunk &* 2, as: UInt16.self)
      for i in 0..<CacheLayout.paddedSize(count) {
        let code = Int8(truncatingIfNeeded: i < 16 ? block.low[i] : block.high[i &- 16])
        codes.storeBytes(of: code, toByteOffset: chunk &* 32 &+ i, as: Int8.self)
      }
    }
  }

  /// 32 values by one f16 scale, as ggml's Q8_0: the codes are made with the exact scale.
  private struct Block {
    let scaleBits: UInt16
    let low: IntVector
    let high: IntVector

    @inline(__always) init(_ p: UnsafePointer<Float>, _ count: Int) {
      let a = loadPadded(p, count)
      let b = count > 16 ? loadPadded(p + 16, count &- 16) : .zero
      let peak = largest(maximum(magnitude(a), magnitude(b)))
      let inverse = FloatVector(repeating: peak > 0 ? 127 / peak : 0)
      scaleBits = halfBits(peak / 127)
      low = roundToInt(a * inverse)
      high = roundToInt(b * inverse)
    }
  }

  @inline(__always) private static func signedBytes(_ p: UnsafeRawPointer) -> FloatVector {
    let b = p.loadUnaligned(as: SIMD16<Int8>.self)
    var r = FloatVector()
    for i in 0..<16 { r[i] = Float(Int32(b[i])) }
    return r
  }
}

/// `KernelTable.StoreKeyValue` for one type of cache.
@inline(__always) func storeKeyValue<C: CacheElements>(
  _: C.Type, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, _ position: Int,
  _ headSize: Int, _ keys: UnsafeMutableRawPointer, _ values: UnsafeMutableRawPointer
) {
  C.storeKey(
    keys + (position / 16) &* CacheLayout.keyTileBytes(C.kind, headSize), position & 15, headSize,
    key)
  C.storeValue(values + position &* CacheLayout.valueBytes(C.kind, headSize), headSize, value)
}

/// `KernelTable.Attend` for one type of cache; `scratch` holds `CacheLayout.attentionScratch`.
@inline(__always) func attend<C: CacheElements>(
  _: C.Type, _ queries: UnsafePointer<Float>, _ queryStride: Int, _ columns: Int,
  _ visible: Int, _ step: Int, _ headSize: Int, _ scale: Float, _ keys: UnsafeRawPointer,
  _ values: UnsafeRawPointer, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let width = CacheLayout.paddedSize(headSize)
  let q = scratch  // [headSize][8], scaled
  let keyTile = q + headSize &* 8  // [headSize][16]
  let scores = keyTile + headSize &* 16  // [8][CacheLayout.softmaxBlock]
  let sums = scores + 8 &* CacheLayout.softmaxBlock  // [8][width]
  for n in 0..<8 {
    for d in 0..<headSize {
      q[d &* 8 &+ n] = n < columns ? queries[n &* queryStride &+ d] * scale : 0
    }
  }
  for i in 0..<8 &* width { sums[i] = 0 }
  var peaks = InlineArray<8, Float>(repeating: -.infinity)
  var totals = InlineArray<8, Float>(repeating: 0)

  let last = visible &+ (columns &- 1) &* step
  var start = 0
  while start < last {
    let end = min(start &+ CacheLayout.softmaxBlock, last)
    // Scores, 16 positions at a time.
    var position = start
    while position < end {
      C.unpackKeys(
        keys + (position / 16) &* CacheLayout.keyTileBytes(C.kind, headSize), headSize, keyTile)
      scoreTile(q, keyTile, headSize, columns, scores + (position &- start))
      position &+= 16
    }
    // Softmax of the block, and what it makes of the blocks before.
    let positions = (end &- start &+ 15) & ~15
    for n in 0..<columns {
      let row = scores + n &* CacheLayout.softmaxBlock
      let seen = max(0, min(end, visible &+ n &* step) &- start)
      for i in seen..<positions { row[i] = -.infinity }
      if seen == 0 {
        for i in 0..<positions { row[i] = 0 }
        continue
      }
      var peakVector = row.vector(0)
      var i = 16
      while i < positions {
        peakVector = maximum(peakVector, row.vector(i))
        i &+= 16
      }
      let peak = max(peaks[n], largest(peakVector))
      var totalVector = FloatVector.zero
      i = 0
      while i < positions {
        let weight = exponential(row.vector(i) - FloatVector(repeating: peak))
        row.store(weight, at: i)
        totalVector = totalVector + weight
        i &+= 16
      }
      let decay = start == 0 ? 0 : exponential(FloatVector(repeating: peaks[n] - peak))[0]
      totals[n] = totals[n] * decay + sum(totalVector)
      peaks[n] = peak
      if decay != 1 {
        var d = 0
        while d < width {
          sums.store(
            sums.vector(n &* width &+ d) * FloatVector(repeating: decay), at: n &* width &+ d)
          d &+= 16
        }
      }
    }
    addValues(C.self, values, start, end, headSize, width, columns, scores, sums)
    start = end
  }
  for n in 0..<columns {
    let inverse = 1 / totals[n]
    for d in 0..<headSize { out[n &* outStride &+ d] = sums[n &* width &+ d] * inverse }
  }
}

/// 16 positions by eight queries (one, when there is but one).
@inline(__always) private func scoreTile(
  _ q: UnsafePointer<Float>, _ keyTile: UnsafePointer<Float>, _ headSize: Int, _ columns: Int,
  _ scores: UnsafeMutablePointer<Float>
) {
  if columns == 1 {
    var f = FloatVector.zero
    for d in 0..<headSize { f = multiplyAdd(keyTile.vector(d &* 16), q.broadcast(d &* 8), f) }
    scores.store(f)
    return
  }
  var f = InlineArray<8, FloatVector>(repeating: .zero)
  for d in 0..<headSize {
    let k = keyTile.vector(d &* 16)
    for n in 0..<8 { f[n] = multiplyAdd(k, q.broadcast(d &* 8 &+ n), f[n]) }
  }
  for n in 0..<columns { scores.store(f[n], at: n &* CacheLayout.softmaxBlock) }
}

/// sums[n] += sum over positions of weight[n, position] * value[position]; 32 dimensions and eight
/// queries at a time.
@inline(__always) private func addValues<C: CacheElements>(
  _: C.Type, _ values: UnsafeRawPointer, _ start: Int, _ end: Int, _ headSize: Int, _ width: Int,
  _ columns: Int, _ weights: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
) {
  let stride = CacheLayout.valueBytes(C.kind, headSize)
  var d = 0
  while d < width {
    if columns == 1 {
      var f = sums.vector(d)
      var position = start
      while position < end {
        f = multiplyAdd(
          C.values(values + position &* stride, headSize, d),
          weights.broadcast(position &- start), f)
        position &+= 1
      }
      sums.store(f, at: d)
    } else {
      var f = InlineArray<8, FloatVector>(repeating: .zero)
      for n in 0..<8 { f[n] = sums.vector(n &* width &+ d) }
      var position = start
      while position < end {
        let v = C.values(values + position &* stride, headSize, d)
        for n in 0..<8 {
          f[n] = multiplyAdd(
            v, weights.broadcast(n &* CacheLayout.softmaxBlock &+ position &- start), f[n])
        }
        position &+= 1
      }
      for n in 0..<columns { sums.store(f[n], at: n &* width &+ d) }
    }
    d &+= 16
  }
}
