import KernelInterface
import TensorKernels

extension Workload {
  /// A tile of eight queries, and one query over more heads than any cache holds.
  static var attention: [Workload] {
    var all: [Workload] = []
    for headSize in [64, 128] {
      for length in [512, 4096] {
        for kind in [CacheKind.f16, .q8_0, .f32] {
          all.append(attend(kind, headSize: headSize, length: length, queries: 8))
          all.append(attend(kind, headSize: headSize, length: length, queries: 1))
        }
      }
    }
    return all
  }

  private static func attend(_ kind: CacheKind, headSize: Int, length: Int, queries: Int)
    -> Workload
  {
    let tiles = (length + 15) / 16
    let keyBytes = tiles * CacheLayout.keyTileBytes(kind, headSize)
    let headBytes = keyBytes + tiles * 16 * CacheLayout.valueBytes(kind, headSize)
    let isDecode = queries == 1
    // Heads of a prefill stay in the second-level cache from one tile of queries to the next.
    let heads = isDecode ? (256 << 20) / headBytes : 32
    let bytes = heads * headBytes
    return Workload(
      name: isDecode ? "attention decode \(kind)" : "attention tile \(kind)",
      shape: "head \(headSize), \(length) positions",
      limit: isDecode ? .stream(bytes: bytes) : .multiplyAdd,
      amount: isDecode ? Double(bytes) : 4 * Double(heads * queries * length * headSize)
    ) { set, pool, memory in
      let kernels = set.kernels
      let cache = memory.allocate(bytes: isDecode ? bytes : pool.threadCount * headBytes)
      var numbers = FixedNumbers()
      let rows = numbers.floats(memory, 2 * headSize)
      let q = numbers.floats(memory, 8 * headSize)
      for head in 0..<(isDecode ? heads : pool.threadCount) {
        for position in 0..<length {
          kernels.storeKeyValue(
            kind.rawValue, rows, rows + headSize, position, headSize, cache + head * headBytes,
            cache + head * headBytes + keyBytes)
        }
      }
      let scratchSize = CacheLayout.attentionScratch(headSize)
      let scratch = memory.allocate(Float.self, pool.threadCount * scratchSize)
      let out = memory.allocate(Float.self, pool.threadCount * 8 * headSize)
      return {
        pool.run { worker in
          for head in worker.share(of: heads) {
            let keys = cache + (isDecode ? head : worker.index) * headBytes
            kernels.attend(
              kind.rawValue, q, headSize, queries, length - queries + 1, 1, headSize, 0.125, keys,
              keys + keyBytes, out + worker.index * 8 * headSize, headSize,
              scratch + worker.index * scratchSize)
          }
        }
      }
    }
  }
}
