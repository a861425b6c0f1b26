import KernelInterface
import TensorKernels

extension Workload {
  /// Consecutive queries of a prompt; the eight query heads of a token that share a kv head, and one
  /// query, both over more heads than any cache holds.
  static var attention: [Workload] {
    var all: [Workload] = []
    for headSize in [64, 128] {
      for length in [512, 4096] {
        for kind in [CacheKind.f16, .q8_0, .f32] {
          all.append(prefill(kind, headSize: headSize, length: length))
          all.append(decode(kind, headSize: headSize, length: length, queries: 8))
          all.append(decode(kind, headSize: headSize, length: length, queries: 1))
        }
      }
    }
    return all
  }

  /// Sixty-four consecutive queries that see up to `length` positions.
  private static func prefill(_ kind: CacheKind, headSize: Int, length: Int) -> Workload {
    let queries = CacheLayout.mostQueries
    let seen = queries * (length - queries) + queries * (queries + 1) / 2
    let heads = 16
    return attend(
      "attention prefill \(kind)", kind, headSize: headSize, length: length, queries: queries,
      step: 1, heads: heads, distinct: 1, limit: .multiplyAdd,
      amount: 4 * Double(heads * seen * headSize))
  }

  /// `queries` heads of one token, against the arithmetic of eight or the bandwidth of one.
  private static func decode(_ kind: CacheKind, headSize: Int, length: Int, queries: Int)
    -> Workload
  {
    let bytes = 256 << 20
    let heads = bytes / headBytes(kind, headSize, length)
    let isShared = queries > 1
    return attend(
      "attention decode \(kind), \(queries) to a kv head", kind, headSize: headSize,
      length: length, queries: queries, step: 0, heads: heads, distinct: heads,
      limit: isShared ? .multiplyAdd : .stream(bytes: bytes),
      amount: isShared
        ? 4 * Double(heads * queries * length * headSize)
        : Double(heads * headBytes(kind, headSize, length)))
  }

  private static func keyBytes(_ kind: CacheKind, _ headSize: Int, _ length: Int) -> Int {
    (length + 15) / 16 * CacheLayout.keyTileBytes(kind, headSize)
  }

  private static func headBytes(_ kind: CacheKind, _ headSize: Int, _ length: Int) -> Int {
    keyBytes(kind, headSize, length)
      + (length + 15) / 16 * 16 * CacheLayout.valueBytes(kind, headSize)
  }

  /// `heads` kv heads in turn; `distinct` of them have a cache of their own for each thread.
  private static func attend(
    _ name: String, _ kind: CacheKind, headSize: Int, length: Int, queries: Int, step: Int,
    heads: Int, distinct: Int, limit: Limit, amount: Double
  ) -> Workload {
    let keyBytes = keyBytes(kind, headSize, length)
    let headBytes = headBytes(kind, headSize, length)
    return Workload(
      name: name, shape: "head \(headSize), \(length) positions", limit: limit, amount: amount
    ) { set, pool, memory in
      let kernels = set.kernels
      let caches = distinct == 1 ? pool.threadCount : distinct
      let cache = memory.allocate(bytes: caches * headBytes)
      var numbers = FixedNumbers()
      let rows = numbers.floats(memory, 2 * headSize)
      let q = numbers.floats(memory, queries * headSize)
      for head in 0..<caches {
        for position in 0..<length {
          kernels.attention.storeKeyValue(
            kind.rawValue, rows, rows + headSize, position, headSize, cache + head * headBytes,
            cache + head * headBytes + keyBytes)
        }
      }
      let scratchSize = CacheLayout.attentionScratch(headSize)
      let scratch = memory.allocate(Float.self, pool.threadCount * scratchSize)
      let out = memory.allocate(Float.self, pool.threadCount * queries * headSize)
      return {
        pool.run { worker in
          for head in worker.each(heads) {
            let keys = cache + (distinct == 1 ? worker.index : head) * headBytes
            kernels.attention.attend(
              kind.rawValue, q, headSize, queries, length - (queries - 1) * step, step, headSize,
              0.125, keys, keys + keyBytes, out + worker.index * queries * headSize, headSize,
              scratch + worker.index * scratchSize)
          }
        }
      }
    }
  }
}
