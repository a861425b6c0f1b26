/// Cuts a template's source into tokens, with `trim_blocks` and `lstrip_blocks` as transformers sets
/// them: the line break after a block's tag and a comment goes, and white space before them from the
/// beginning of their line.
///
/// Source: the rules of Jinja's documentation ("Whitespace Control"), `jinja2.lexer` for what it leaves
/// open.
struct JinjaLexer {
  private let source: JinjaSource
  private var position = 0
  private var tokens: [JinjaToken] = []
  /// Whether what was read last ended a line, or nothing was read yet.
  private var startsLine = true

  private init(_ source: JinjaSource) { self.source = source }

  /// All tokens of `source`, an `end` behind them.
  static func tokens(_ source: JinjaSource) throws(JinjaError) -> [JinjaToken] {
    guard source.units.count <= JinjaLimits.sourceCharacters else {
      throw source.error(
        .limit,
        "the template has \(source.units.count) characters; at most \(JinjaLimits.sourceCharacters) "
          + "are read", at: 0)
    }
    var lexer = JinjaLexer(source)
    while try lexer.readTag() {}
    lexer.add(.end, at: source.units.count)
    return lexer.tokens
  }

  // MARK: Between tags

  /// Reads text up to a tag, and the tag; false at the end.
  private mutating func readTag() throws(JinjaError) -> Bool {
    let start = position
    guard let begin = nextTag(from: start) else {
      addData(start..<source.units.count)
      position = source.units.count
      return false
    }
    let kind = source.units[begin + 1]
    position = begin + 2
    let sign = readSign()
    addData(start..<begin, before: sign, isVariable: kind == Self.brace)
    startsLine = false
    switch kind {
    case Self.hash: try skipComment(begin)
    case Self.brace:
      add(.variableBegin, at: begin)
      try readExpression(endsWith: Self.brace, from: begin)
    default:
      if try !readRaw(begin) {
        add(.blockBegin, at: begin)
        try readExpression(endsWith: Self.percent, from: begin)
      }
    }
    return true
  }

  private static let brace: UInt32 = 0x7B  // {
  private static let closingBrace: UInt32 = 0x7D
  private static let percent: UInt32 = 0x25
  private static let hash: UInt32 = 0x23
  private static let minus: UInt32 = 0x2D
  private static let plus: UInt32 = 0x2B

  private func nextTag(from start: Int) -> Int? {
    let units = source.units
    var index = start
    while index + 1 < units.count {
      if units[index] == Self.brace {
        let next = units[index + 1]
        if next == Self.brace || next == Self.percent || next == Self.hash { return index }
      }
      index += 1
    }
    return nil
  }

  /// `-` or `+` behind the beginning of a tag, or 0.
  private mutating func readSign() -> UInt32 {
    guard position < source.units.count else { return 0 }
    let unit = source.units[position]
    guard unit == Self.minus || unit == Self.plus else { return 0 }
    position += 1
    return unit
  }

  private mutating func addData(_ range: Range<Int>, before sign: UInt32, isVariable: Bool) {
    var range = range
    if sign == Self.minus {
      while let last = range.last, MarkedText.isSpace(source.units[last]) { range.removeLast() }
    } else if sign != Self.plus, !isVariable {
      let lineStart = source.units[range].lastIndex(of: 10).map { $0 + 1 }
      if lineStart != nil || startsLine {
        let line = (lineStart ?? range.lowerBound)..<range.upperBound
        if source.units[line].allSatisfy(MarkedText.isSpace) {
          range = range.lowerBound..<line.lowerBound
        }
      }
    }
    addData(range)
  }

  private mutating func addData(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    add(.data(MarkedText(source.units[range])), at: range.lowerBound)
  }

  private mutating func add(_ kind: JinjaToken.Kind, at offset: Int) {
    tokens.append(JinjaToken(kind: kind, offset: offset))
  }

  // MARK: The ends of tags

  /// Behind the end of a tag whose sign was `sign`: white space that goes with it.
  private mutating func finishTag(sign: UInt32, trims: Bool) {
    let units = source.units
    startsLine = false
    if sign == Self.minus {
      let start = position
      while position < units.count, MarkedText.isSpace(units[position]) { position += 1 }
      startsLine = position > start && units[position - 1] == 10
    } else if trims, sign != Self.plus, position < units.count, units[position] == 10 {
      position += 1
      startsLine = true
    }
  }

  private mutating func skipComment(_ begin: Int) throws(JinjaError) {
    let units = source.units
    var index = position
    while index + 1 < units.count {
      if units[index] == Self.hash, units[index + 1] == Self.closingBrace {
        let before = index > position ? units[index - 1] : 0
        position = index + 2
        finishTag(sign: before == Self.minus || before == Self.plus ? before : 0, trims: true)
        return
      }
      index += 1
    }
    throw source.error(.syntax, "the comment has no end", at: begin)
  }

  /// Reads `{% raw %}...{% endraw %}` where the tag that begins at `begin` is that.
  private mutating func readRaw(_ begin: Int) throws(JinjaError) -> Bool {
    let start = position
    guard let sign = readWordTag("raw") else {
      position = start
      return false
    }
    finishTag(sign: sign, trims: false)
    let content = position
    var index = content
    while index + 1 < source.units.count {
      if source.units[index] == Self.brace, source.units[index + 1] == Self.percent {
        position = index + 2
        let before = readSign()
        if let sign = readWordTag("endraw") {
          // What the text's first line begins with was seen when the tag ended.
          addData(content..<index, before: before, isVariable: false)
          finishTag(sign: sign, trims: true)
          return true
        }
      }
      index += 1
    }
    throw source.error(.syntax, "the raw block has no end", at: begin)
  }

  /// Reads `word` and the end of a tag behind it; the end's sign (0 for none).
  private mutating func readWordTag(_ word: String) -> UInt32? {
    skipSpace()
    let units = source.units
    let scalars = word.unicodeScalars.map(\.value)
    guard units[position...].starts(with: scalars) else { return nil }
    position += scalars.count
    skipSpace()
    let sign = readSign()
    guard units[position...].starts(with: [Self.percent, Self.closingBrace]) else { return nil }
    position += 2
    return sign
  }

  private mutating func skipSpace() {
    while position < source.units.count, MarkedText.isSpace(source.units[position]) {
      position += 1
    }
  }

  // MARK: In tags

  private mutating func readExpression(
    endsWith mark: UInt32, from begin: Int
  ) throws(JinjaError) {
    let units = source.units
    let isBlock = mark == Self.percent
    let end = isBlock ? [Self.percent, Self.closingBrace] : [Self.closingBrace, Self.closingBrace]
    var open: [String] = []
    while true {
      skipSpace()
      guard position < units.count else {
        throw source.error(.syntax, "the tag has no end", at: begin)
      }
      if open.isEmpty {
        let unit = units[position]
        let hasSign = unit == Self.minus || (isBlock && unit == Self.plus)
        if units[(position + (hasSign ? 1 : 0))...].starts(with: end) {
          add(isBlock ? .blockEnd : .variableEnd, at: position)
          position += hasSign ? 3 : 2
          finishTag(sign: hasSign ? unit : 0, trims: isBlock)
          return
        }
      }
      try readToken(&open)
    }
  }

  private mutating func readToken(_ open: inout [String]) throws(JinjaError) {
    let start = position
    var words = JinjaWordReader(source, position)
    if let kind = try words.next() {
      position = words.position
      add(kind, at: start)
      return
    }
    let rest = source.text(start..<min(start + 2, source.units.count))
    guard let symbol = Self.symbols.first(where: rest.hasPrefix) else {
      throw source.error(
        .syntax, "\"\(shortened(String(rest.unicodeScalars.first ?? " ")))\" means nothing there",
        at: start)
    }
    switch symbol {
    case "(", "[", "{":
      open.append(symbol)
    case ")", "]", "}":
      let partner = ["(": ")", "[": "]", "{": "}"]
      guard let last = open.popLast(), partner[last] == symbol else {
        throw source.error(.syntax, "\"\(symbol)\" closes nothing", at: start)
      }
    default: break
    }
    position += symbol.unicodeScalars.count
    add(.symbol(symbol), at: start)
  }

  /// The longer ones first.
  private static let symbols = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";",
  ]
}
