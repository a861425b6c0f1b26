/// Memory for many matrices out of few large regions, so that large pages hold all of them: the system
/// backs with large pages only what fills one, and a matrix on pages of its own has small ones at both
/// ends.
package struct PageArena {
  /// What large pages are aligned to on the systems that have them.
  private static let alignment = 2 << 20

  private let regionBytes: Int
  private var region: PageBuffer?
  /// Bytes of the region that are taken.
  private var used = 0

  /// Regions of `regionBytes`, or of a single matrix where that is more. Of a region, memory is used
  /// for what is written.
  package init(regionBytes: Int = 256 << 20) {
    self.regionBytes = regionBytes
  }

  /// `byteCount` zeroed bytes that begin on a cache line, and what keeps them alive. Throws
  /// `outOfMemory`.
  package mutating func allocate(
    byteCount: Int
  ) throws(KernelError) -> (address: UnsafeMutableRawPointer, owner: PageBuffer) {
    let size = (byteCount + 63) / 64 * 64
    let owner: PageBuffer
    if let region, used + size <= region.byteCount - PageArena.alignment {
      owner = region
    } else {
      owner = try PageBuffer(byteCount: max(size, regionBytes) + PageArena.alignment)
      region = owner
      used = 0
    }
    defer { used += size }
    return (owner.address.alignedUp(toMultipleOf: PageArena.alignment) + used, owner)
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func alignedUp(toMultipleOf unit: Int) -> UnsafeMutableRawPointer {
    self + (unit - Int(bitPattern: self) % unit) % unit
  }
}
