/// Many short byte strings in one allocation.
///
/// A vocabulary has up to some hundred thousand pieces; an array for each would cost more in headers
/// than in text.
public struct PieceTable: Sendable, RandomAccessCollection {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// An empty table.
  public init() {}

  /// A table of the UTF-8 text of `strings`.
  public init(_ strings: some Sequence<String>) {
    for string in strings { append(string.utf8) }
  }

  /// Adds one string at the end.
  public mutating func append(_ piece: some Sequence<UInt8>) {
    bytes.append(contentsOf: piece)
    ends.append(bytes.count)
  }

  /// Makes room for `count` strings of `bytes` bytes together.
  public mutating func reserveCapacity(_ count: Int, bytes byteCount: Int) {
    ends.reserveCapacity(count)
    bytes.reserveCapacity(byteCount)
  }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of strings.
  public var endIndex: Int { ends.count }

  /// The string at `index`, in constant time.
  public subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  /// The string as text, invalid UTF-8 replaced by U+FFFD.
  public func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

  /// Bytes of all strings together.
  public var byteCount: Int { bytes.count }

  /// Calls `body` with the bytes of one string; they are valid during the call only.
  func withBytes<R>(of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let range = (index == 0 ? 0 : ends[index - 1])..<ends[index]
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }
}
