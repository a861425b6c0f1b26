import KernelInterface

/// Element types of the KV cache.
public enum CacheType: String, Sendable, CaseIterable {
  case f32
  case f16
  /// Int8 with an f16 scale for every 32 dimensions of a position.
  case q8_0

  package var kind: CacheKind {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .q8_0: .q8_0
    }
  }
}

/// Keys and values of every layer, kv head and position of one sequence.
///
/// Memory: for each layer and kv head its keys, then its values (see `CacheLayout`).
package final class KeyValueCache {
  package let type: CacheType
  package let layers: Int
  package let kvHeads: Int
  package let headSize: Int
  package let capacity: Int

  private let storage: PageBuffer
  private let keyBytes: Int
  private let valueBytes: Int

  package init(type: CacheType, layers: Int, kvHeads: Int, headSize: Int, capacity: Int)
    throws(KernelError)
  {
    self.type = type
    self.layers = layers
    self.kvHeads = kvHeads
    self.headSize = headSize
    self.capacity = capacity
    let tiles = KeyValueCache.tiles(capacity)
    keyBytes = tiles * CacheLayout.keyTileBytes(type.kind, headSize)
    valueBytes =
      tiles * CacheLayout.tilePositions * CacheLayout.valueBytes(type.kind, headSize)
    // A token adds a little to every head of every layer: on large pages the first would take it all.
    storage = try PageBuffer(
      byteCount: layers * kvHeads * (keyBytes + valueBytes), largePages: false)
  }

  /// Bytes of a cache of that shape; nil when the number does not fit.
  package static func byteCount(
    type: CacheType, layers: Int, kvHeads: Int, headSize: Int, capacity: Int
  ) -> Int? {
    let tile =
      CacheLayout.keyTileBytes(type.kind, headSize)
      + CacheLayout.tilePositions * CacheLayout.valueBytes(type.kind, headSize)
    let (perHead, first) = tiles(capacity).multipliedReportingOverflow(by: tile)
    let (all, second) = perHead.multipliedReportingOverflow(by: layers * kvHeads)
    return first || second ? nil : all
  }

  package func keys(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    storage.address + (layer * kvHeads + head) * (keyBytes + valueBytes)
  }

  package func values(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    keys(layer: layer, head: head) + keyBytes
  }

  private static func tiles(_ capacity: Int) -> Int {
    (capacity + CacheLayout.tilePositions - 1) / CacheLayout.tilePositions
  }
}
