/// Reads one JSON text, strictly: nothing after it, no duplicate meaning, no depth that could exhaust a
/// thread's stack.
///
/// Source: RFC 8259. A lone half of a surrogate pair becomes U+FFFD, as there is no character for it.
package struct JSONParser {
  /// Why a text is no JSON: what was expected at which byte.
  package struct Failure: Error, Equatable {
    /// The byte.
    package let offset: Int
    /// What was needed there.
    package let expected: String
  }

  private static let mostNested = 128

  private let bytes: UnsafeBufferPointer<UInt8>
  private var offset = 0
  private var depth = 0

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The value that `bytes` are. Throws where they are no JSON, or no UTF-8.
  package static func value(of bytes: [UInt8]) throws(Failure) -> JSONValue {
    try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
      var parser = JSONParser(buffer)
      if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { parser.offset = 3 }
      let value = try parser.value()
      parser.skipSpace()
      guard parser.offset == buffer.count else { throw parser.failure("the end") }
      return value
    }
  }

  private func failure(_ expected: String) -> Failure {
    Failure(offset: offset, expected: expected)
  }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      offset += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    offset += 1
    return true
  }

  private mutating func value() throws(Failure) -> JSONValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try nested { parser throws(Failure) in try parser.object() }
    case UInt8(ascii: "["): return try nested { parser throws(Failure) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(Failure) -> JSONValue
  ) throws(Failure) -> JSONValue {
    guard depth < Self.mostNested else {
      throw failure("at most \(Self.mostNested) values in each other")
    }
    depth += 1
    offset += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue
  {
    let end = offset + word.utf8CodeUnitCount
    guard end <= bytes.count,
      (offset..<end).allSatisfy({ bytes[$0] == word.utf8Start[$0 - offset] })
    else { throw failure("a value") }
    offset = end
    return value
  }

  private mutating func object() throws(Failure) -> JSONValue {
    var object = JSONObject()
    if take(UInt8(ascii: "}")) { return .object(object) }
    // Looking for a member of the same name is quadratic: of a few that is nothing, of many it would be.
    var seen: Set<String> = []
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member's name in quotes") }
      let name = try string()
      guard take(UInt8(ascii: ":")) else { throw failure("\":\"") }
      let value = try value()
      if seen.insert(name).inserted { object.append(name, value) } else { object[name] = value }
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("\",\" or \"}\"") }
    return .object(object)
  }

  private mutating func array() throws(Failure) -> JSONValue {
    var elements: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat { elements.append(try value()) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("\",\" or \"]\"") }
    return .array(elements)
  }

  private mutating func digits() -> Int {
    let start = offset
    while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
    return offset - start
  }

  private mutating func number() throws(Failure) -> JSONValue {
    let start = offset
    if next == UInt8(ascii: "-") { offset += 1 }
    let first = next
    let whole = digits()
    guard whole > 0, whole == 1 || first != UInt8(ascii: "0") else {
      offset = start
      throw failure("a value")
    }
    var isWhole = true
    if next == UInt8(ascii: ".") {
      isWhole = false
      offset += 1
      guard digits() > 0 else { throw failure("a digit") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isWhole = false
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      guard digits() > 0 else { throw failure("a digit") }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isWhole, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw Failure(offset: start, expected: "a number that a double can hold")
    }
    return .number(value)
  }

  private mutating func string() throws(Failure) -> String {
    offset += 1
    var text: [UInt8] = []
    let begin = offset
    while true {
      guard let byte = next else { throw failure("the end of a string") }
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw Failure(offset: begin, expected: "a string in UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        offset += 1
        try escape(into: &text)
      case 0..<0x20: throw failure("a control character written as an escape")
      default:
        text.append(byte)
        offset += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(Failure) {
    guard let byte = next else { throw failure("an escape") }
    offset += 1
    switch byte {
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), offset + 1 < bytes.count,
        bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
      {
        let back = offset
        offset += 2
        let low = try hexadecimal()
        if (0xDC00..<0xE000).contains(low) {
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        } else {
          offset = back
        }
      }
      let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
      text += Array(String(Character(scalar)).utf8)
    default:
      offset -= 1
      throw failure("an escape")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    guard offset + 4 <= bytes.count,
      let code = UInt32(
        String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16),
      bytes[offset] != UInt8(ascii: "+")
    else { throw failure("four hexadecimal digits") }
    offset += 4
    return code
  }
}
