/// Memory for many matrices out of few large regions, so that large pages hold all of them: the system
/// backs with large pages only what fills one, and a matrix on pages of its own has small ones at both
/// ends.
package struct PageArena {
  /// What large pages are aligned to on the systems that have them.
  private static let alignment = 2 << 20

  private let regionBytes: Int
  private var region: PageBuffer?
  private var next: UnsafeMutableRawPointer
  private var bytesLeft = 0

  /// Regions of `regionBytes`, or of a single matrix where that is more. Of a region, memory is used
  /// for what is written.
  package init(regionBytes: Int = 256 << 20) {
    self.regionBytes = regionBytes
    next = UnsafeMutableRawPointer(bitPattern: PageArena.alignment)!
  }

  /// `byteCount` zeroed bytes that begin on a cache line, and what keeps them alive. Throws
  /// `outOfMemory`.
  package mutating func allocate(
    byteCount: Int
  ) throws(KernelError) -> (address: UnsafeMutableRawPointer, owner: PageBuffer) {
    let size = (byteCount + 63) / 64 * 64
    if region == nil || size > bytesLeft {
      let buffer = try PageBuffer(byteCount: max(size, regionBytes) + PageArena.alignment)
      region = buffer
      next = buffer.address.alignedUp(toMultipleOf: PageArena.alignment)
      bytesLeft = max(size, regionBytes)
    }
    defer {
      next += size
      bytesLeft -= size
    }
    return (next, region!)
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func alignedUp(toMultipleOf unit: Int) -> UnsafeMutableRawPointer {
    self + (unit - Int(bitPattern: self) % unit) % unit
  }
}
