/// Element types of the KV cache as the kernels number them.
public enum CacheKind: Int, Sendable {
  case f32
  case f16
  case q8_0
}

/// How one kv head's keys and values lie in memory, so that neither product of attention sums across
/// lanes:
/// - keys in tiles of 16 positions, `[tile][dimension][16]`: the scores of sixteen positions are a
///   chain of multiply-adds over the dimensions;
/// - values `[position][dimensions, padded to 16]`: the output is a chain over the positions.
///
/// Q8_0 puts f16 scales for every 32 dimensions of a position first: `[chunk][16]` in a tile of
/// keys, `[chunk]` in a position's values.
public enum CacheLayout {
  /// Positions in a tile of keys.
  public static let tilePositions = 16

  /// Positions of one block of the online softmax: 8 rows of scores stay in the first-level cache.
  public static let softmaxBlock = 512

  /// Floats between two rows of scores: not a power of two, or the rows would share cache lines' sets.
  public static let scoreStride = softmaxBlock + 16

  /// Most queries of one call of `AttentionKernels.Attend`.
  public static let mostQueries = 64

  /// Dimensions of a position's values, padded to whole vectors.
  @inline(__always) public static func paddedSize(_ headSize: Int) -> Int { (headSize &+ 15) & ~15 }

  /// Scales of one position with Q8_0.
  @inline(__always) public static func chunks(_ headSize: Int) -> Int { (headSize &+ 31) / 32 }

  /// Bytes of the keys of one tile.
  @inline(__always) public static func keyTileBytes(_ kind: CacheKind, _ headSize: Int) -> Int {
    switch kind {
    case .f32: headSize &* 64
    case .f16: headSize &* 32
    case .q8_0: chunks(headSize) &* 32 &+ headSize &* 16
    }
  }

  /// Bytes of the values of one position.
  @inline(__always) public static func valueBytes(_ kind: CacheKind, _ headSize: Int) -> Int {
    switch kind {
    case .f32: paddedSize(headSize) &* 4
    case .f16: paddedSize(headSize) &* 2
    case .q8_0: chunks(headSize) &* 2 &+ paddedSize(headSize)
    }
  }

  /// Floats of a partial result of eight queries over one block: sums `[8][paddedSize]`, peaks `[8]`
  /// and totals `[8]`.
  @inline(__always) public static func attentionPartial(_ headSize: Int) -> Int {
    8 &* paddedSize(headSize) &+ 16
  }

  /// Floats of scratch for one call of `AttentionKernels.Attend`: scores `[8][scoreStride]`; a partial
  /// result, and one more for every eight queries; the queries `[headSize][8]`; keys and values of one
  /// block of positions as floats.
  public static func attentionScratch(_ headSize: Int) -> Int {
    let tiles = mostQueries / 8
    return 8 * scoreStride + (tiles + 1) * attentionPartial(headSize) + tiles * headSize * 8
      + softmaxBlock * (headSize + paddedSize(headSize))
  }
}
