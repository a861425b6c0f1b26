/// Reads names, numbers and strings in tags.
struct JinjaWordReader {
  private let source: JinjaSource
  private(set) var position: Int

  init(_ source: JinjaSource, _ position: Int) {
    self.source = source
    self.position = position
  }

  private var units: [UInt32] { source.units }

  /// The name, number or string here, or nil for anything else.
  mutating func next() throws(JinjaError) -> JinjaToken.Kind? {
    let unit = units[position]
    if unit == 0x22 || unit == 0x27 { return .string(try string(quote: unit)) }
    if isDigit(unit) { return try number() }
    guard isNameCharacter(unit) else { return nil }
    let start = position
    while position < units.count, isNameCharacter(units[position]) { position += 1 }
    return .name(source.text(start..<position))
  }

  private func isDigit(_ unit: UInt32) -> Bool { (0x30...0x39).contains(unit) }

  private func isNameCharacter(_ unit: UInt32) -> Bool {
    if unit < 0x80 {
      return isDigit(unit) || unit == 0x5F || (0x41...0x5A).contains(unit & ~0x20)
    }
    let properties = MarkedText.scalar(unit).properties
    return properties.isXIDContinue
  }

  // MARK: Numbers

  private mutating func number() throws(JinjaError) -> JinjaToken.Kind {
    let start = position
    // After a point a number is an index: a.0.1.
    let isIndex = start > 0 && units[start - 1] == 0x2E
    if units[start] == 0x30, start + 1 < units.count,
      let radix = [0x78: 16, 0x6F: 8, 0x62: 2][units[start + 1] | 0x20]
    {
      position += 2
      let digits = readDigits { unit in Character(MarkedText.scalar(unit)).hexDigitValue != nil }
      guard let value = Int(digits, radix: radix) else { throw unusable(start) }
      return .integer(value)
    }
    let whole = readDigits(isDigit)
    var text = whole
    if !isIndex {
      if position + 1 < units.count, units[position] == 0x2E, isDigit(units[position + 1]) {
        position += 1
        text += "." + readDigits(isDigit)
      }
      text += readExponent()
    }
    if text != whole {
      guard let value = Double(text) else { throw unusable(start) }
      return .float(value)
    }
    guard let value = Int(whole) else { throw unusable(start) }
    return .integer(value)
  }

  private mutating func readDigits(_ isDigit: (UInt32) -> Bool) -> String {
    let start = position
    while position < units.count, isDigit(units[position]) || units[position] == 0x5F {
      position += 1
    }
    return source.text(start..<position).filter { $0 != "_" }
  }

  private mutating func readExponent() -> String {
    var index = position
    guard index < units.count, units[index] | 0x20 == 0x65 else { return "" }
    index += 1
    if index < units.count, units[index] == 0x2B || units[index] == 0x2D { index += 1 }
    guard index < units.count, isDigit(units[index]) else { return "" }
    let start = position
    position = index
    _ = readDigits(isDigit)
    return source.text(start..<position).filter { $0 != "_" }
  }

  private func unusable(_ start: Int) -> JinjaError {
    source.error(
      .unsupported,
      "the number \(shortened(source.text(start..<position))) has no place in 64 bits",
      at: start)
  }

  // MARK: Strings

  private mutating func string(quote: UInt32) throws(JinjaError) -> MarkedText {
    let start = position
    position += 1
    var text = MarkedText()
    while position < units.count {
      let unit = units[position]
      position += 1
      if unit == quote { return text }
      guard unit == 0x5C, position < units.count else {
        text.units.append(unit)
        continue
      }
      try readEscape(into: &text)
    }
    throw source.error(.syntax, "the string has no end", at: start)
  }

  /// As Python's `unicode-escape` has it; a backslash before anything else stays.
  private mutating func readEscape(into text: inout MarkedText) throws(JinjaError) {
    let unit = units[position]
    position += 1
    switch MarkedText.scalar(unit) {
    case "\n": break
    case "\\", "'", "\"": text.units.append(unit)
    case "n": text.units.append(10)
    case "r": text.units.append(13)
    case "t": text.units.append(9)
    case "a": text.units.append(7)
    case "b": text.units.append(8)
    case "f": text.units.append(12)
    case "v": text.units.append(11)
    case "x": text.units.append(try code(digits: 2))
    case "u": text.units.append(try code(digits: 4))
    case "U": text.units.append(try code(digits: 8))
    case "N":
      throw source.error(.unsupported, "characters by name (\\N) are not read", at: position - 2)
    case "0"..."7":
      var value = unit - 0x30
      for _ in 0..<2 where position < units.count && (0x30...0x37).contains(units[position]) {
        value = value * 8 + units[position] - 0x30
        position += 1
      }
      text.units.append(value)
    default: text.units += [0x5C, unit]
    }
  }

  private mutating func code(digits: Int) throws(JinjaError) -> UInt32 {
    let start = position
    let end = min(position + digits, units.count)
    let text = source.text(position..<end)
    guard text.unicodeScalars.count == digits, text.allSatisfy(\.isHexDigit),
      let value = UInt32(text, radix: 16), Unicode.Scalar(value) != nil
    else {
      throw source.error(.syntax, "the escape \\\(shortened(text)) is no character", at: start - 2)
    }
    position = end
    return value
  }
}
