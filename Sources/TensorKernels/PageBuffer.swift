import CPlatform

/// Zeroed memory straight from the system: weights, caches and workspaces. Pages become resident when
/// first written.
public final class PageBuffer: @unchecked Sendable {
  /// Bytes asked for.
  public let byteCount: Int

  /// Page-aligned; nil only when empty. Who writes what, and when, is the owner's affair.
  package let address: UnsafeMutableRawPointer

  /// Throws `KernelError.outOfMemory` when the system has no such address space. Large pages, where the
  /// system offers them, are faster; what is filled here and there, as a cache is, takes less memory on
  /// small ones.
  public init(byteCount: Int, largePages: Bool = true) throws(KernelError) {
    precondition(byteCount >= 0, "a buffer cannot have \(byteCount) bytes")
    let size = max(byteCount, 1)
    guard let address = emend_allocate_pages(size, largePages) else {
      throw KernelError.outOfMemory(bytes: byteCount)
    }
    self.address = address
    self.byteCount = byteCount
  }

  deinit { emend_free_pages(address, max(byteCount, 1)) }

  /// The buffer as elements of one type.
  package func elements<T>(_: T.Type = T.self) -> UnsafeMutablePointer<T> {
    address.assumingMemoryBound(to: T.self)
  }
}
