import CPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A whole regular file, mapped into memory for reading.
///
/// Nothing is read until it is touched, and pages that were touched can be given back with
/// `releasePages(_:)`. The file is expected to stay as it is: if another program shortens it while
/// it is mapped, touching the bytes that are gone ends the process, with SIGBUS or, after
/// `FileFaults.install()`, with an error that names the file. Replacing the file by renaming another over
/// it is safe.
public final class MappedFile: @unchecked Sendable {
  // Unchecked only because the pointer is not Sendable: everything here is set once, and the bytes
  // are read-only.

  /// The file as the caller named it.
  public let path: String

  /// The file's bytes, from the first to the last. Valid while this object lives.
  public let bytes: UnsafeRawBufferPointer

  private let release: (@Sendable () -> Void)?

  /// Size of the file in bytes, at least 1.
  public var byteCount: Int { bytes.count }

  /// Maps the file at `path`.
  ///
  /// Throws `noSuchFile`, `noPermission`, `isFolder`, `notRegularFile`, `emptyFile` or
  /// `systemFailure`.
  public init(path: String) throws(ModelFileError) {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT, ENOTDIR: throw .noSuchFile(path: path)
      case EACCES, EPERM: throw .noPermission(path: path)
      case ENXIO: throw .notRegularFile(path: path)
      case let number: throw .systemFailure(path: path, call: "open", errno: number)
      }
    }
    defer { close(descriptor) }

    self.bytes = try Self.map(descriptor, path: path)
    self.path = path
    self.release = nil
  }

  /// Maps what the open file `descriptor` holds now, under the name `path`. The descriptor may be
  /// closed afterwards.
  init(path: String, descriptor: Int32) throws(ModelFileError) {
    self.bytes = try Self.map(descriptor, path: path)
    self.path = path
    self.release = nil
  }

  private static func map(
    _ descriptor: Int32, path: String
  ) throws(ModelFileError) -> UnsafeRawBufferPointer {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .systemFailure(path: path, call: "fstat", errno: errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .isFolder(path: path)
    default: throw .notRegularFile(path: path)
    }
    let count = Int(status.st_size)
    guard count > 0 else { throw .emptyFile(path: path) }

    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
      base != UnsafeMutableRawPointer(bitPattern: -1)
    else { throw .systemFailure(path: path, call: "mmap", errno: errno) }
    emend_mapping_added(base, count, path)
    return UnsafeRawBufferPointer(start: base, count: count)
  }

  /// Presents bytes that are already in memory as if they were the file `path`. `release` is called
  /// when they are no longer needed: pages of it are never given back before.
  ///
  /// Throws `emptyFile`.
  package init(
    path: String, contents: UnsafeRawBufferPointer, release: @escaping @Sendable () -> Void
  ) throws(ModelFileError) {
    guard !contents.isEmpty else { throw .emptyFile(path: path) }
    self.path = path
    self.bytes = contents
    self.release = release
  }

  /// As above with a copy of `bytes`.
  package convenience init(path: String, bytes: [UInt8]) throws(ModelFileError) {
    guard !bytes.isEmpty else { throw .emptyFile(path: path) }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    let address = UInt(bitPattern: copy.baseAddress)
    try self.init(path: path, contents: UnsafeRawBufferPointer(copy)) {
      UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
    }
  }

  deinit {
    if let release {
      release()
    } else {
      emend_mapping_removed(bytes.baseAddress)
      munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }
  }

  /// Says that the bytes of `range` will not be read again soon: the pages that lie wholly inside it
  /// no longer count as this process's memory. Reading them later is allowed, and reads the file.
  public func releasePages(_ range: Range<Int>) {
    checkInside(range)
    let first = Self.roundUp(range.lowerBound, to: Self.pageSize)
    // The last page of the file is whole even where the file ends inside it.
    let last =
      range.upperBound == byteCount
      ? byteCount : range.upperBound / Self.pageSize * Self.pageSize
    advise(first, last, MADV_DONTNEED)
  }

  /// Hands `body` all bytes in order, some megabytes at a time, and gives the pages of each piece back after
  /// it; ends early where `body` answers false.
  public func readOnce(_ body: (_ piece: UnsafeRawBufferPointer) -> Bool) {
    let pieceBytes = 16 << 20
    for start in stride(from: 0, to: byteCount, by: pieceBytes) {
      let piece = start..<min(start + pieceBytes, byteCount)
      let goesOn = body(UnsafeRawBufferPointer(rebasing: bytes[piece]))
      releasePages(piece)
      guard goesOn else { return }
    }
  }

  /// Says that the bytes of `range` will be read soon, so that the system may fetch them ahead.
  public func willNeed(_ range: Range<Int>) {
    checkInside(range)
    advise(range.lowerBound / Self.pageSize * Self.pageSize, range.upperBound, MADV_WILLNEED)
  }

  private func advise(_ first: Int, _ end: Int, _ advice: Int32) {
    guard release == nil, first < end, let base = bytes.baseAddress else { return }
    // Advice is not a promise: where the system refuses it, nothing is lost but speed or memory.
    _ = madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, advice)
  }

  private func checkInside(_ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= byteCount, "the range is not inside the file")
  }

  /// Bytes of a page of memory: 4 KiB on most machines, 16 KiB on those of Apple.
  package static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  private static func roundUp(_ value: Int, to multiple: Int) -> Int {
    (value + multiple - 1) / multiple * multiple
  }
}
