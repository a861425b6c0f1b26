/// Reads the operands of a pickle's opcodes, each checked against the bytes that are left.
struct PickleCursor {
  private let file: MappedFile
  private let range: Range<Int>
  /// Where the next byte is, from the start of the pickle.
  private(set) var offset = 0
  /// Where the opcode that is being read began.
  private(set) var opcodeOffset = 0

  init(_ file: MappedFile, _ range: Range<Int>) {
    self.file = file
    self.range = range
  }

  mutating func readOpcode() throws(ModelFileError) -> UInt8 {
    opcodeOffset = offset
    return try read(UInt8.self)
  }

  mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type
  ) throws(ModelFileError) -> T {
    let place = try take(UInt64(MemoryLayout<T>.size))
    return file.load(T.self, at: place.lowerBound)
  }

  /// Steps over `count` bytes and returns where they are in the file.
  mutating func take(_ count: UInt64) throws(ModelFileError) -> Range<Int> {
    let left = range.count - offset
    guard count <= UInt64(left) else { throw wrong("\(count) bytes needed and \(left) left") }
    let start = range.lowerBound + offset
    offset += Int(count)
    return start..<start + Int(count)
  }

  /// Reads `count` bytes of UTF-8.
  mutating func readText(_ count: UInt64) throws(ModelFileError) -> String {
    let place = try take(count)
    guard let text = String(validating: file.bytes[place], as: UTF8.self) else {
      throw wrong("a string is not UTF-8")
    }
    return text
  }

  /// Reads text up to a line feed.
  mutating func readLine() throws(ModelFileError) -> String {
    let rest = file.bytes[range.lowerBound + offset..<range.upperBound]
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
      throw wrong("a line without end")
    }
    let text = try readText(UInt64(end - rest.startIndex))
    offset += 1
    return text
  }

  /// Reads a signed integer of `count` bytes; nil where it has more than 64 bits.
  mutating func readInteger(_ count: UInt8) throws(ModelFileError) -> Int? {
    let place = try take(UInt64(count))
    guard count > 0 else { return 0 }
    guard count <= 8 else { return nil }
    let isNegative = file.load(UInt8.self, at: place.upperBound - 1) >= 0x80
    return file.bytes[place].reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) }
  }

  /// The error of the opcode that is being read.
  func wrong(_ problem: String) -> ModelFileError {
    .invalidPickle(path: file.path, offset: opcodeOffset, problem: problem)
  }
}
