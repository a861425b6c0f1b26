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

  package init(type: CacheType, layers: Int, kvHeads: Int, headSize: Int, capacity: Int)
    throws(KernelError)
  {
    self.type = type
    self.layers = layers
    self.kvHeads = kvHeads
    self.headSize = headSize
    self.capacity = capacity
    let tiles = KeyValueCache.tiles(capacity)
    let keyBytes = tiles * CacheLayout.keyTileBytes(type.kind, headSize)
    let valueBytes =
      tiles * CacheLayout.tilePositions * CacheLayout.valueBytes(type.kind, headSize)
    // A token adds a little to every head of every layer: on large pages the first would take it all.
    storage = try PageBuffer(
      byteCount: layers * kvHeads * (keyBytes + valueBytes), largePages: false)
    view = KeyValueView(
      kind: type.kind.rawValue, start: storage.address, kvHeads: kvHeads, keyBytes: keyBytes,
      headBytes: keyBytes + valueBytes)
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

  /// Where everything lies.
  package let view: KeyValueView

  package func keys(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    view.keys(layer: layer, head: head)
  }

  package func values(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    view.values(layer: layer, head: head)
  }

  /// Takes the keys and values of the first `count` positions from a cache of the same type and shape, whose
  /// capacity may be another.
  package func copy(positions count: Int, of other: KeyValueCache) {
    precondition(
      type == other.type && layers == other.layers && kvHeads == other.kvHeads
        && headSize == other.headSize, "the caches are of different kinds")
    precondition(count <= capacity && count <= other.capacity)
    // Of the last tile of keys the positions behind them come too, and are never read.
    let keys = KeyValueCache.tiles(count) * CacheLayout.keyTileBytes(type.kind, headSize)
    let values = count * CacheLayout.valueBytes(type.kind, headSize)
    for layer in 0..<layers {
      for head in 0..<kvHeads {
        self.keys(layer: layer, head: head).copyMemory(
          from: other.keys(layer: layer, head: head), byteCount: keys)
        self.values(layer: layer, head: head).copyMemory(
          from: other.values(layer: layer, head: head), byteCount: values)
      }
    }
  }

  private static func tiles(_ capacity: Int) -> Int {
    (capacity + CacheLayout.tilePositions - 1) / CacheLayout.tilePositions
  }
}

/// A cache as the threads of a pass see it: plain pointers, so that none counts references. Valid while its
/// cache lives.
package struct KeyValueView {
  /// The type's number among the kernels.
  package let kind: Int
  private let start: UnsafeMutableRawPointer
  private let kvHeads: Int
  private let keyBytes: Int
  private let headBytes: Int

  fileprivate init(
    kind: Int, start: UnsafeMutableRawPointer, kvHeads: Int, keyBytes: Int, headBytes: Int
  ) {
    self.kind = kind
    self.start = start
    self.kvHeads = kvHeads
    self.keyBytes = keyBytes
    self.headBytes = headBytes
  }

  package func keys(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    start + (layer * kvHeads + head) * headBytes
  }

  package func values(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    keys(layer: layer, head: head) + keyBytes
  }
}
