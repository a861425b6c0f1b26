import CPlatform

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file that is there whole or not at all: the bytes go to a temporary file beside it,
/// which `commit` brings to the disk and then renames. Without `commit` the temporary file is
/// removed; a process that is killed leaves it, never a part of a file under the final name, and the
/// next one that writes the same file removes it: `UnfinishedFile`.
public struct AtomicFileWriter: ~Copyable {
  /// The file that will be there. Of a symbolic link it is what that leads to.
  public let path: String
  private let target: String
  private let folder: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// Bytes appended so far.
  public private(set) var byteCount = 0
  private let expectedBytes: UInt64
  private let onAppend: ((UnsafeRawBufferPointer) -> Void)?

  /// Bytes that are in the file, and those of them that the disk has begun to write.
  private var written = 0
  private var handedOver = 0

  private static var bufferSize: Int { 1 << 20 }
  private static var writeBackSize: Int { 32 << 20 }

  /// Starts writing what will be the file at `path`, of `expectedBytes` where that is known.
  /// `onAppend` sees all bytes in their order, as they are appended: for checksums.
  ///
  /// Throws before anything is written: `isFolder`, `notRegularFile`, `noSuchFolder`, `notWritable`,
  /// `systemFailure`, or `noSpace` where the disk has less than `expectedBytes` free.
  public init(
    path: String, expectedBytes: UInt64 = 0,
    onAppend: ((UnsafeRawBufferPointer) -> Void)? = nil
  ) throws(ModelFileError) {
    self.path = path
    self.onAppend = onAppend
    self.expectedBytes = expectedBytes
    target = OutputFile.resolved(path)
    folder = ModelFiles.folder(of: target)
    try OutputFile.checkTarget(path)
    try DiskSpace.check(expectedBytes, in: folder, for: path)
    (temporaryPath, descriptor) = try Self.openTemporary(for: target, in: folder)
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
      emend_temporary_removed(temporaryPath)
    }
  }

  /// A file that no other process, and no other writer of this one, has.
  private static func openTemporary(
    for path: String, in folder: String
  ) throws(ModelFileError) -> (path: String, descriptor: Int32) {
    for number in 0..<1000 {
      let temporary = UnfinishedFile.path(of: path, number)
      // Twice, since what a killed process left is removed where it is met.
      for _ in 0..<2 {
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if descriptor >= 0 {
          if UnfinishedFile.claim(descriptor, at: temporary) {
            emend_temporary_added(temporary)
            return (temporary, descriptor)
          }
          close(descriptor)
        } else if errno != EEXIST {
          throw DiskSpace.error(errno, call: "open", needed: 1, in: folder, for: path)
        }
        UnfinishedFile.removeUnlessClaimed(temporary)
      }
    }
    throw .systemFailure(path: path, call: "open", errno: EEXIST)
  }

  /// Adds `bytes` at the end.
  public mutating func append(_ bytes: RawSpan) throws(ModelFileError) {
    byteCount += bytes.byteCount
    if let onAppend { bytes.withUnsafeBytes(onAppend) }
    if buffer.count + bytes.byteCount <= Self.bufferSize {
      bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
    } else {
      try flush()
      try write(bytes)
      written += bytes.byteCount
      startWriteBack()
    }
  }

  /// Adds the bytes of `text` in UTF-8.
  public mutating func append(_ text: String) throws(ModelFileError) {
    let bytes = Array(text.utf8)
    try append(bytes.span.bytes)
  }

  /// Adds the bytes of `value`, least significant first.
  public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value
  ) throws(ModelFileError) {
    let bytes = [value.littleEndian]
    try append(bytes.span.bytes)
  }

  /// Puts the finished file in its place.
  public mutating func commit() throws(ModelFileError) {
    precondition(descriptor >= 0, "the file was committed before")
    try flush()
    try check(fsync(descriptor), "fsync")
    let closed = close(descriptor)
    descriptor = -1
    defer { emend_temporary_removed(temporaryPath) }
    do {
      try check(closed, "close")
      try check(rename(temporaryPath, target), "rename")
    } catch {
      unlink(temporaryPath)
      throw error
    }
    syncFolder()
  }

  /// Brings the new name to the disk too. The file is complete under it already: where the file
  /// system cannot do this, only a power cut could bring the old state back.
  private func syncFolder() {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private mutating func flush() throws(ModelFileError) {
    try write(buffer.span.bytes)
    written += buffer.count
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: RawSpan) throws(ModelFileError) {
    let number = bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
    guard number != 0 else { return }
    throw DiskSpace.error(
      number, call: "write", needed: max(expectedBytes, UInt64(byteCount)), in: folder, for: path)
  }

  /// Lets the disk begin with what was written: left to itself, Linux collects gigabytes, which then
  /// all wait for `fsync`.
  private mutating func startWriteBack() {
    guard written - handedOver >= Self.writeBackSize else { return }
    emend_start_write_back(descriptor, Int64(handedOver), Int64(written - handedOver))
    handedOver = written
  }

  private func check(_ result: Int32, _ call: String) throws(ModelFileError) {
    guard result != 0 else { return }
    let number = errno
    if number == EISDIR { throw .isFolder(path: path) }
    throw DiskSpace.error(
      number, call: call, needed: max(expectedBytes, UInt64(byteCount)), in: folder, for: path)
  }
}
