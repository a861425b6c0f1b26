/// Reads JSON from a part of a mapped file, one value after the other, without building a tree: a
/// header may have many megabytes, and a name that stands there twice must be seen twice.
///
/// Source: RFC 8259.
package struct JSONCursor {
  private let file: MappedFile
  package private(set) var offset: Int
  private let end: Int
  /// Whether values that are passed over may be `NaN`, `Infinity` and `-Infinity` too.
  private let passesOverNonFinite: Bool

  /// Values of values that are passed over may be nested this deep.
  private static let mostNested = 64

  /// A byte order mark at the start of the file is passed over; with `passesOverNonFinite` so are the
  /// numbers that Python writes and RFC 8259 does not have.
  package init(_ file: MappedFile, _ range: Range<Int>, passesOverNonFinite: Bool = false) {
    self.file = file
    self.passesOverNonFinite = passesOverNonFinite
    let mark = range.lowerBound == 0 ? TextFile.markLength(file.bytes[range]) : 0
    offset = range.lowerBound + mark
    end = range.upperBound
  }

  /// Reads an object; `body` is to read, or pass over, the value of each key.
  package mutating func readObject(
    _ body: (inout JSONCursor, String) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    try expect("{", "object")
    if takeIf("}") { return }
    repeat {
      let key = try readString()
      try expect(":", "\":\"")
      try body(&self, key)
    } while takeIf(",")
    try expect("}", "\",\" or \"}\"")
  }

  /// Reads an array; `body` is to read each element.
  package mutating func readArray(
    _ body: (inout JSONCursor) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    try expect("[", "array")
    if takeIf("]") { return }
    repeat { try body(&self) } while takeIf(",")
    try expect("]", "\",\" or \"]\"")
  }

  /// Reads a whole number from 0 to 2^63 - 1, written without point and exponent.
  package mutating func readCount() throws(ModelFileError) -> Int {
    skipSpace()
    let start = offset
    var value = 0
    while let digit = peek(), (0x30...0x39).contains(digit) {
      let (shifted, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (next, overflow) = shifted.addingReportingOverflow(Int(digit - 0x30))
      guard !tooLarge, !overflow else { throw wrong(start, "number below 2^63") }
      value = next
      offset += 1
    }
    let isWhole = peek().map { !UInt8.numberCharacters.contains($0) } ?? true
    guard offset > start, isWhole, offset == start + 1 || byte(start) != 0x30 else {
      throw wrong(start, "whole number")
    }
    return value
  }

  /// Reads a string.
  package mutating func readString() throws(ModelFileError) -> String {
    try expect("\"", "string")
    let start = offset
    while let next = peek(), next != UInt8(ascii: "\""), next != UInt8(ascii: "\\"), next >= 0x20 {
      offset += 1
    }
    // Nearly all strings have no escapes, and are where they lie.
    if peek() == UInt8(ascii: "\"") {
      defer { offset += 1 }
      return try text(file.bytes[start..<offset], at: start)
    }
    var bytes = Array(file.bytes[start..<offset])
    while let next = peek(), next >= 0x20 {
      offset += 1
      switch next {
      case UInt8(ascii: "\""): return try text(bytes, at: start)
      case UInt8(ascii: "\\"): try readEscape(&bytes)
      default: bytes.append(next)
      }
    }
    throw wrong(offset, "end of a string")
  }

  /// Passes over a value of any kind.
  package mutating func skipValue(depth: Int = 0) throws(ModelFileError) {
    guard depth < Self.mostNested else {
      throw wrong(offset, "value nested less than \(Self.mostNested) deep")
    }
    skipSpace()
    switch peek() {
    case UInt8(ascii: "{"):
      try readObject { cursor, _ throws(ModelFileError) in try cursor.skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      try readArray { cursor throws(ModelFileError) in try cursor.skipValue(depth: depth + 1) }
    case UInt8(ascii: "\""):
      _ = try readString()
    default:
      for word in ["true", "false", "null"]
        + (passesOverNonFinite ? ["NaN", "Infinity", "-Infinity"] : [])
      where file.bytes[offset..<end].starts(with: word.utf8) {
        offset += word.utf8.count
        return
      }
      let start = offset
      while let next = peek(), UInt8.numberCharacters.contains(next) { offset += 1 }
      guard offset > start else { throw wrong(start, "value") }
    }
  }

  /// Checks that nothing but white space follows.
  package mutating func expectEnd() throws(ModelFileError) {
    skipSpace()
    guard offset == end else { throw wrong(offset, "end") }
  }

  private mutating func readEscape(_ bytes: inout [UInt8]) throws(ModelFileError) {
    let start = offset - 1
    guard let letter = peek() else { throw wrong(start, "escape") }
    offset += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"):
      var code = try readHex(start)
      if (0xD800..<0xDC00).contains(code), peek() == UInt8(ascii: "\\") {
        offset += 1
        guard peek() == UInt8(ascii: "u") else { throw wrong(start, "pair of surrogates") }
        offset += 1
        let low = try readHex(start)
        guard (0xDC00..<0xE000).contains(low) else { throw wrong(start, "pair of surrogates") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw wrong(start, "character") }
      bytes += Array(String(scalar).utf8)
    default: throw wrong(start, "escape")
    }
  }

  private mutating func readHex(_ start: Int) throws(ModelFileError) -> UInt32 {
    guard end - offset >= 4,
      let code = UInt32(
        String(decoding: file.bytes[offset..<offset + 4], as: UTF8.self), radix: 16),
      peek() != UInt8(ascii: "+")
    else { throw wrong(start, "escape") }
    offset += 4
    return code
  }

  private func text(_ bytes: some Collection<UInt8>, at start: Int) throws(ModelFileError) -> String
  {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw wrong(start, "string in UTF-8")
    }
    return text
  }

  private mutating func expect(
    _ character: Unicode.Scalar, _ wanted: String
  ) throws(ModelFileError) {
    guard takeIf(character) else { throw wrong(offset, wanted) }
  }

  private mutating func takeIf(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skipSpace() {
    while let next = peek(), next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 {
      offset += 1
    }
  }

  private func peek() -> UInt8? { offset < end ? byte(offset) : nil }

  private func byte(_ offset: Int) -> UInt8 { file.load(UInt8.self, at: offset) }

  private func wrong(_ offset: Int, _ wanted: String) -> ModelFileError {
    .invalidJSON(path: file.path, offset: offset, wanted: wanted)
  }
}

extension UInt8 {
  /// What a number can be made of, after its first character too.
  fileprivate static let numberCharacters = Set("0123456789+-.eE".utf8)
}
