/// Attention over a cache, and the cache itself. Part of a `KernelTable`, whose rules hold
/// here too.
public struct AttentionKernels: Sendable {
  /// Writes one position's key and value of one kv head into its cache.
  /// (cacheKind, key, value, position, headSize, keys, values)
  public typealias StoreKeyValue =
    @convention(c) (
      Int, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, UnsafeMutableRawPointer,
      UnsafeMutableRawPointer
    ) -> Void

  /// Reads back what `StoreKeyValue` wrote, as floats; storing them again gives the same bytes.
  /// (cacheKind, keys, values, position, headSize, key, value)
  public typealias LoadKeyValue =
    @convention(c) (
      Int, UnsafeRawPointer, UnsafeRawPointer, Int, Int, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>
    ) -> Void

  /// Causal attention of up to `CacheLayout.mostQueries` queries (column c sees positions
  /// 0..<visible + c * step) over one kv head's cache, by online softmax over fixed blocks of
  /// positions. (cacheKind, queries, queryStride, columns, visible, step, headSize, scale, keys,
  /// values, out, outStride, scratch)
  public typealias Attend =
    @convention(c) (
      Int, UnsafePointer<Float>, Int, Int, Int, Int, Int, Float, UnsafeRawPointer, UnsafeRawPointer,
      UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// The part of `Attend`, of up to 8 queries, that belongs to block `block` of
  /// `CacheLayout.softmaxBlock` positions, as a partial result. (cacheKind, queries, queryStride,
  /// columns, visible, step, headSize, scale, keys, values, block, partial, scratch)
  public typealias AttendBlock =
    @convention(c) (
      Int, UnsafePointer<Float>, Int, Int, Int, Int, Int, Float, UnsafeRawPointer, UnsafeRawPointer,
      Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// Partial results of consecutive blocks, in order, to what `Attend` gives.
  /// (partials, blocks, columns, headSize, out, outStride)
  public typealias MergeAttention =
    @convention(c) (
      UnsafeMutablePointer<Float>, Int, Int, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void

  /// One position into the KV cache.
  public let storeKeyValue: StoreKeyValue
  /// One position out of the KV cache.
  public let loadKeyValue: LoadKeyValue
  /// Attention of a tile of queries.
  public let attend: Attend
  /// One block of positions of attention.
  public let attendBlock: AttendBlock
  /// Blocks put together.
  public let mergeAttention: MergeAttention

  /// Every entry, in the order of the declarations.
  public init(
    storeKeyValue: StoreKeyValue, loadKeyValue: LoadKeyValue, attend: Attend,
    attendBlock: AttendBlock, mergeAttention: MergeAttention
  ) {
    self.storeKeyValue = storeKeyValue
    self.loadKeyValue = loadKeyValue
    self.attend = attend
    self.attendBlock = attendBlock
    self.mergeAttention = mergeAttention
  }
}
