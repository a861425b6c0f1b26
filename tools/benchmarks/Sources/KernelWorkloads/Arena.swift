import CLimits

/// Memory as a model's weights have it, on large pages where the system offers them and written once;
/// given back all at once.
public final class Arena {
  private var blocks: [(address: UnsafeMutableRawPointer, byteCount: Int)] = []

  /// An empty one.
  public init() {}

  deinit { for block in blocks { limits_free(block.address, block.byteCount) } }

  func allocate(bytes: Int) -> UnsafeMutableRawPointer {
    guard let address = limits_allocate(max(bytes, 1)) else {
      fatalError("the system refused \(bytes) bytes for a benchmark")
    }
    blocks.append((address, max(bytes, 1)))
    return address
  }

  func allocate<T>(_: T.Type = T.self, _ count: Int) -> UnsafeMutablePointer<T> {
    allocate(bytes: count * MemoryLayout<T>.stride).assumingMemoryBound(to: T.self)
  }
}
