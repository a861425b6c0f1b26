#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a file that is there whole or not at all: the bytes go to a temporary file beside it,
/// which `commit` renames. Without `commit` the temporary file is removed.
public struct AtomicFileWriter: ~Copyable {
  /// The file that will be there.
  public let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// Bytes appended so far.
  public private(set) var byteCount = 0

  private static var bufferSize: Int { 1 << 20 }

  /// Starts writing what will be the file at `path`.
  public init(path: String) throws(ModelFileError) {
    self.path = path
    temporaryPath = "\(path).partial-\(getpid())"
    // A file left behind by an earlier process of the same number is in the way.
    unlink(temporaryPath)
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      switch errno {
      case EACCES, EPERM, EROFS: throw .noPermission(path: path)
      case let number: throw .systemFailure(path: path, call: "open", errno: number)
      }
    }
    buffer.reserveCapacity(Self.bufferSize)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
    }
  }

  /// Adds `bytes` at the end.
  public mutating func append(_ bytes: RawSpan) throws(ModelFileError) {
    byteCount += bytes.byteCount
    if buffer.count + bytes.byteCount <= Self.bufferSize {
      bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
    } else {
      try flush()
      try write(bytes)
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
    do {
      try check(closed, "close")
      try check(rename(temporaryPath, path), "rename")
    } catch {
      unlink(temporaryPath)
      throw error
    }
  }

  private mutating func flush() throws(ModelFileError) {
    try write(buffer.span.bytes)
    buffer.removeAll(keepingCapacity: true)
  }

  private func write(_ bytes: RawSpan) throws(ModelFileError) {
    var number: Int32 = 0
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        #if canImport(Glibc)
          let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #elseif canImport(Musl)
          let count = Musl.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #elseif canImport(Darwin)
          let count = Darwin.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        #endif
        if count >= 0 {
          done += count
        } else if errno != EINTR {
          number = errno
          return
        }
      }
    }
    if number != 0 { throw .systemFailure(path: path, call: "write", errno: number) }
  }

  private func check(_ result: Int32, _ call: String) throws(ModelFileError) {
    guard result != 0 else { return }
    let number = errno
    if number == EISDIR { throw .isFolder(path: path) }
    throw .systemFailure(path: path, call: call, errno: number)
  }
}
