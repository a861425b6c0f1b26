/// A piece of a template's source.
struct JinjaToken: Sendable {
  enum Kind: Equatable, Sendable {
    /// Text outside of all tags.
    case data(MarkedText)
    case blockBegin
    case blockEnd
    case variableBegin
    case variableEnd
    case name(String)
    case string(MarkedText)
    case integer(Int)
    case float(Double)
    case symbol(String)
    case end
  }

  var kind: Kind
  /// The first character's index in the source.
  var offset: Int

  /// The token as a message names it.
  var description: String {
    switch kind {
    case .data: "text"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .name(let name): name
    case .string(let text): shortened(text.quoted.string)
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .symbol(let symbol): symbol
    case .end: "the end"
    }
  }
}

/// A template's source, with its ends of lines all as "\n", and without the last one.
struct JinjaSource: Sendable {
  let units: [UInt32]

  init(_ text: String) {
    var units: [UInt32] = []
    units.reserveCapacity(text.utf8.count)
    var followsReturn = false
    for scalar in text.unicodeScalars {
      if scalar == "\n", followsReturn {
        followsReturn = false
        continue
      }
      followsReturn = scalar == "\r"
      units.append(followsReturn ? 10 : scalar.value)
    }
    if units.last == 10 { units.removeLast() }
    self.units = units
  }

  func position(of offset: Int) -> JinjaPosition {
    let before = units.prefix(offset)
    let lineStart = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
    return JinjaPosition(
      line: 1 + before.count { $0 == 10 }, column: 1 + before.count - lineStart)
  }

  func error(_ kind: JinjaError.Kind, _ reason: String, at offset: Int) -> JinjaError {
    JinjaError(kind: kind, reason: reason, position: position(of: offset))
  }

  func text(_ range: Range<Int>) -> String {
    String(String.UnicodeScalarView(units[range].map(MarkedText.scalar)))
  }
}

/// The text, or its beginning, on one line and without control characters.
func shortened(_ text: String) -> String {
  let scalars = text.unicodeScalars.prefix(60).map { $0.escaped(asASCII: false) }.joined()
  return scalars + (text.unicodeScalars.count > 60 ? "..." : "")
}
