// Values of one block of positions (`attendBlock`), weighted by its scores' softmax, by how many queries there are.

import KernelInterface

/// Positions whose values are asked for before they are used: as many as a memory access takes.
private let rowsAhead = 32

/// Asks for the first values while scores are computed: the loops over values ask for later ones alone, and those of a few
/// heads of one token have little else to do meanwhile.
@inline(__always) func askForValues<C: CacheElements>(
  _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int
) {
  let first = tile.values(cache, at: start)
  let bytes = min(rowsAhead, end &- start) &* CacheLayout.valueBytes(C.kind, tile.headSize)
  var line = 0
  while line < bytes {
    prefetch(first + line)
    line &+= 64
  }
}

/// Whether eight vectors of sixteen lanes find room in registers, or are as well elsewhere (AVX2).
private var hasManyRegisters: Bool {
  #if KERNELS_NEON
    return false
  #else
    return true
  #endif
}

/// Weighted sum of the values for one query, eight vectors of dimensions at a time.
@inline(__always) func addValuesOne<C: CacheElements>(
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
  /// Weighted sums of the values for up to four queries, four vectors of dimensions at a time.
  @inline(__always) func addValuesFour<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ weights: UnsafePointer<Float>, _ partial: AttentionPartial
  ) {
    let stride = CacheLayout.valueBytes(C.kind, tile.headSize)
    let width = partial.width
    let row = tile.values(cache, at: start)
    var d = 0
    while d &+ 64 <= width {
      var f0 = Four()
      var f1 = Four()
      var f2 = Four()
      var f3 = Four()
      for i in 0..<(end &- start) {
        let value = row + i &* stride
        let ahead = value + (rowsAhead &* stride &+ d &* C.bytesPerDimension / 16)
        prefetch(ahead)
        prefetch(ahead + 2 &* C.bytesPerDimension)
        let a = C.values(value, tile.headSize, d)
        let b = C.values(value, tile.headSize, d &+ 16)
        let c = C.values(value, tile.headSize, d &+ 32)
        let e = C.values(value, tile.headSize, d &+ 48)
        let weight = weights + i
        @inline(__always) func add(_ a: FloatVector, to f: inout Four) {
          f.update { n, acc in
            multiplyAdd(a, weight.broadcast(n &* CacheLayout.scoreStride), acc)
          }
        }
        add(a, to: &f0)
        add(b, to: &f1)
        add(c, to: &f2)
        add(e, to: &f3)
      }
      let sums = partial.sums + d
      f0.forFirst(4) { n, value in sums.store(value, at: n &* width) }
      f1.forFirst(4) { n, value in sums.store(value, at: n &* width &+ 16) }
      f2.forFirst(4) { n, value in sums.store(value, at: n &* width &+ 32) }
      f3.forFirst(4) { n, value in sums.store(value, at: n &* width &+ 48) }
      d &+= 64
    }
    while d < width {
      var f = Four()
      for i in 0..<(end &- start) {
        let a = C.values(row + i &* stride, tile.headSize, d)
        let weight = weights + i
        f.update { n, acc in
          multiplyAdd(a, weight.broadcast(n &* CacheLayout.scoreStride), acc)
        }
      }
      f.forFirst(4) { n, value in partial.sums.store(value, at: n &* width &+ d) }
      d &+= 16
    }
  }

  /// Weighted sums of the values for eight queries, two vectors of dimensions at a time where the
  /// head is that wide: each weight is then fetched once for both.
  @inline(__always) func addValuesEight<C: CacheElements>(
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
  @inline(__always) func addValuesEight<C: CacheElements>(
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

  /// Weighted sums of the values for up to four queries.
  @inline(__always) func addValuesFour<C: CacheElements>(
    _ cache: C.Type, _ tile: AttentionTile, _ start: Int, _ end: Int,
    _ weights: UnsafePointer<Float>, _ partial: AttentionPartial
  ) { addValuesEight(cache, tile, start, end, weights, partial) }
#endif
