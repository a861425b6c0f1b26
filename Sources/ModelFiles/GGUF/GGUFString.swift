import PlainText

/// A string value of a GGUF file: bytes that are usually, but not always, UTF-8 (pieces of
/// vocabularies may be parts of a character).
public struct GGUFString: Sendable {
  private let file: MappedFile
  private let range: Range<Int>

  init(file: MappedFile, range: Range<Int>) {
    self.file = file
    self.range = range
  }

  /// Number of bytes.
  public var byteCount: Int { range.count }

  /// A copy of the bytes.
  public var bytes: [UInt8] { withBytes { Array($0) } }

  /// The text, or nil where the bytes are not valid UTF-8.
  public var text: String? { withBytes { String(validating: $0, as: UTF8.self) } }

  /// The text, with U+FFFD in place of what is not valid UTF-8.
  public var lossyText: String { withBytes { String(decoding: $0, as: UTF8.self) } }

  /// Calls `body` with the bytes where they lie in the file, without a copy; they are valid during
  /// the call.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // The file must outlive the call, not just the reading of its pointer.
    defer { withExtendedLifetime(file) {} }
    return try body(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
  }
}

extension GGUFString: CustomStringConvertible {
  /// The text in quotes, with control characters escaped, cut after 60 characters.
  public var description: String {
    // 60 characters of four bytes are enough to see that there are more.
    let head = withBytes { String(decoding: $0.prefix(4 * 61), as: UTF8.self) }
    return "\"" + displayed(head, limit: 60) + "\""
  }
}

/// An array of strings of a GGUF file, which stay where they are in the file: only their places
/// are kept, eight bytes a string.
public struct GGUFStringArray: Sendable, RandomAccessCollection {
  private let file: MappedFile
  /// Where the text of each string begins, and last where the text of one more would begin: a
  /// string ends where the 64-bit length of its successor begins.
  private let starts: [Int]

  init(file: MappedFile, starts: [Int]) {
    self.file = file
    self.starts = starts
  }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of strings.
  public var endIndex: Int { starts.count - 1 }

  /// The string at `position`, in constant time.
  public subscript(position: Int) -> GGUFString {
    GGUFString(
      file: file, range: starts[position]..<starts[position + 1] - MemoryLayout<UInt64>.size)
  }
}
