/// Reads little-endian fields from the front of a file to its end. Every read is checked against the
/// bytes that are left before anything is touched; `field` names what is read, for the error.
struct ByteCursor {
  let file: MappedFile
  private(set) var offset = 0

  init(_ file: MappedFile) { self.file = file }

  /// Bytes from here to the end of the file.
  var left: Int { file.byteCount - offset }

  /// Steps over `count` bytes and returns where they are.
  mutating func take(
    _ count: UInt64, _ field: @autoclosure () -> String
  ) throws(ModelFileError) -> Range<Int> {
    guard let size = Int(exactly: count), size <= left else {
      throw .truncated(
        path: file.path, field: field(), offset: offset, needed: count, left: left)
    }
    let start = offset
    offset += size
    return start..<offset
  }

  /// Reads one integer.
  mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ field: @autoclosure () -> String
  ) throws(ModelFileError) -> T {
    let range = try take(UInt64(MemoryLayout<T>.size), field())
    return file.load(T.self, at: range.lowerBound)
  }

  /// Reads a name: a 64-bit length and that many bytes of UTF-8.
  mutating func readName(
    atMost limit: Int, _ field: @autoclosure () -> String
  ) throws(ModelFileError) -> String {
    let length = try read(UInt64.self, "the length of " + field())
    guard length <= UInt64(limit) else {
      // Beyond the end of the file, what is wrong is more likely the file than the name.
      if length > UInt64(left) { _ = try take(length, field()) }
      throw .nameTooLong(path: file.path, field: field(), length: length, most: limit)
    }
    let range = try take(length, field())
    guard let name = String(validating: file.bytes[range], as: UTF8.self) else {
      throw .invalidText(path: file.path, field: field())
    }
    return name
  }

  /// Checks that `count` items of at least `size` bytes each can follow, and returns it.
  func checkCount(
    _ count: UInt64, ofSize size: Int, _ field: @autoclosure () -> String
  ) throws(ModelFileError) -> Int {
    let most = left / size
    guard count <= UInt64(most) else {
      throw .countTooLarge(path: file.path, field: field(), count: count, most: most)
    }
    return Int(count)
  }
}

extension MappedFile {
  /// The little-endian integer at byte `offset`, which need not be aligned.
  func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T {
    precondition(offset >= 0 && offset <= byteCount - MemoryLayout<T>.size)
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}
