// Scores of one block of positions (`attendBlock`): products of queries with keys, by how many queries there are.

import KernelInterface

/// Scores of one query, four tiles of positions at a time: a chain of multiply-adds waits for itself.
@inline(__always) func scoreOne<C: CacheElements>(
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
  /// Scores of up to four queries, which are one token's heads of a kv head in most models: four tiles of positions at a
  /// time, then two, so that no register is spent on queries that are not there.
  @inline(__always) func scoreFour<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ scores: UnsafeMutablePointer<Float>
  ) {
    let tileBytes = CacheLayout.keyTileBytes(C.kind, tile.headSize)
    var position = start
    while position &+ 48 < end {
      let k = tile.keys(cache, at: position)
      var f0 = Four()
      var f1 = Four()
      var f2 = Four()
      var f3 = Four()
      for d in 0..<tile.headSize {
        let ahead = k + (4 &* tileBytes &+ d &* C.bytesPerDimension)
        prefetch(ahead)
        prefetch(ahead + tileBytes)
        prefetch(ahead + 2 &* tileBytes)
        prefetch(ahead + 3 &* tileBytes)
        let values = tile.queries + d &* 8
        f0.addProducts(C.keys(k, tile.headSize, d), values)
        f1.addProducts(C.keys(k + tileBytes, tile.headSize, d), values)
        f2.addProducts(C.keys(k + 2 &* tileBytes, tile.headSize, d), values)
        f3.addProducts(C.keys(k + 3 &* tileBytes, tile.headSize, d), values)
      }
      let target = scores + (position &- start)
      f0.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride) }
      f1.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride &+ 16) }
      f2.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride &+ 32) }
      f3.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride &+ 48) }
      position &+= 64
    }
    while position < end {
      let k = tile.keys(cache, at: position)
      let second = position &+ 16 < end ? k + tileBytes : k
      var low = Four()
      var high = Four()
      for d in 0..<tile.headSize {
        let values = tile.queries + d &* 8
        low.addProducts(C.keys(k, tile.headSize, d), values)
        high.addProducts(C.keys(second, tile.headSize, d), values)
      }
      let target = scores + (position &- start)
      low.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride) }
      high.forFirst(4) { n, value in target.store(value, at: n &* CacheLayout.scoreStride &+ 16) }
      position &+= 32
    }
  }

  /// Scores of eight queries, two tiles of positions at a time: each query's number is fetched once
  /// for both, and sixteen chains hide the latency of a multiply-add.
  @inline(__always) func scoreEight<C: CacheElements>(
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
  @inline(__always) func scoreEight<C: CacheElements>(
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

  /// Scores of up to four queries.
  @inline(__always) func scoreFour<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ scores: UnsafeMutablePointer<Float>
  ) { scoreEight(cache, tile, start, end, scores) }
#endif
