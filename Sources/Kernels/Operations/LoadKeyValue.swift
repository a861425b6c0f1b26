import KernelInterface

/// `AttentionKernels.LoadKeyValue` for one type of cache.
@inline(__always) func loadKeyValue<C: CacheElements>(
  _: C.Type, _ keys: UnsafeRawPointer, _ values: UnsafeRawPointer, _ position: Int,
  _ headSize: Int, _ key: UnsafeMutablePointer<Float>, _ value: UnsafeMutablePointer<Float>
) {
  let tile = keys + (position / 16) &* CacheLayout.keyTileBytes(C.kind, headSize)
  let lane = position & 15
  for d in 0..<headSize { key[d] = C.keys(tile, headSize, d)[lane] }
  let row = values + position &* CacheLayout.valueBytes(C.kind, headSize)
  var d = 0
  while d < headSize {
    let v = C.values(row, headSize, d)
    for i in 0..<min(16, headSize &- d) { value[d &+ i] = v[i] }
    d &+= 16
  }
}
