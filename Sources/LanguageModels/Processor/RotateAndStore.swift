import KernelInterface
import TensorKernels

extension ProcessorConfiguration {
  /// Adds `bias` `[A + 2 KV]`, where there is one, to every row of `projected` `[rows][A + 2 KV]`, rotates the
  /// queries and keys in place by the angles of their rows, and puts keys and values where `place` says in a
  /// layer of a cache; by every thread of a run. (row, kv head) pairs, each with the query heads it serves, are
  /// shared out.
  @inline(__always) func rotateAndStore(
    _ worker: Worker, _ kernels: KernelTable, _ projected: UnsafeMutablePointer<Float>, rows: Int,
    bias: UnsafePointer<Float>?, cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>,
    layer: Int, place: (_ row: Int) -> (cache: KeyValueView, position: Int)
  ) {
    let queryWidth = headCount * headSize
    let keyWidth = kvHeadCount * headSize
    for item in worker.each(rows * kvHeadCount) {
      let row = item / kvHeadCount
      let head = item % kvHeadCount
      let projected = projected + row * (queryWidth + 2 * keyWidth)
      let cosines = cosines + row * (rotatedSize / 2)
      let sines = sines + row * (rotatedSize / 2)
      if let bias {
        let first = head * headsPerKVHead * headSize
        addBias(bias + first, headsPerKVHead * headSize, to: projected + first)
        let key = queryWidth + head * headSize
        addBias(bias + key, headSize, to: projected + key)
        addBias(bias + key + keyWidth, headSize, to: projected + key + keyWidth)
      }
      kernels.rows.rotatePairs(
        projected + head * headsPerKVHead * headSize, headsPerKVHead, headSize, rotatedSize,
        cosines, sines)
      let key = projected + queryWidth + head * headSize
      kernels.rows.rotatePairs(key, 1, headSize, rotatedSize, cosines, sines)
      let (cache, position) = place(row)
      kernels.attention.storeKeyValue(
        cache.kind, key, key + keyWidth, position, headSize,
        cache.keys(layer: layer, head: head), cache.values(layer: layer, head: head))
    }
  }
}
