#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A copy of some bytes whose last one is followed by memory that must not be touched: reading past
/// the end ends the process at once, instead of finding something by chance.
public final class GuardedBytes: @unchecked Sendable {
  // Unchecked only because of the pointers, which are set once.

  /// The copy. Valid while this object lives.
  public let bytes: UnsafeRawBufferPointer
  private let region: UnsafeMutableRawBufferPointer

  /// Copies `contents`.
  public init(_ contents: some Collection<UInt8>) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = (contents.count + page - 1) / page * page
    guard
      let base = mmap(
        nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != UnsafeMutableRawPointer(bitPattern: -1), mprotect(base + size, page, PROT_NONE) == 0
    else { fatalError("no memory for \(contents.count) bytes") }
    region = UnsafeMutableRawBufferPointer(start: base, count: size + page)
    let start = base + (size - contents.count)
    let copy = UnsafeMutableRawBufferPointer(start: start, count: contents.count)
    copy.copyBytes(from: contents)
    bytes = UnsafeRawBufferPointer(copy)
  }

  deinit { munmap(region.baseAddress, region.count) }
}
