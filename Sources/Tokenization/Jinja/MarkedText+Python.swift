/// What Python's strings can do; every character keeps its marks.
extension MarkedText {
  // MARK: Cutting

  /// Parts between white space, at most `limit` cuts from the left.
  func splitAtSpace(limit: Int = .max) -> [MarkedText] {
    var parts: [MarkedText] = []
    var start = 0
    while true {
      while start < count, MarkedText.isSpace(units[start]) { start += 1 }
      guard start < count else { return parts }
      if parts.count == limit {
        parts.append(self[start..<count].stripped(start: false))
        return parts
      }
      let end = units[start...].firstIndex(where: MarkedText.isSpace) ?? count
      parts.append(self[start..<end])
      start = end
    }
  }

  /// Parts between `separator`, which is not empty, at most `limit` cuts; from the right if asked.
  func split(at separator: MarkedText, limit: Int = .max, fromRight: Bool = false) -> [MarkedText] {
    if fromRight {
      let reversed = MarkedText(units: units.reversed())
      let parts = reversed.split(at: MarkedText(units: separator.units.reversed()), limit: limit)
      return parts.reversed().map { MarkedText(units: $0.units.reversed()) }
    }
    var parts: [MarkedText] = []
    var start = 0
    for place in occurrences(of: separator, limit: limit) {
      parts.append(self[start..<place])
      start = place + separator.count
    }
    return parts + [self[start..<count]]
  }

  /// Lines without their ends.
  func lines() -> [MarkedText] {
    var lines: [MarkedText] = []
    var start = 0
    var index = 0
    while index < count {
      guard MarkedText.isLineEnd(units[index]) else {
        index += 1
        continue
      }
      lines.append(self[start..<index])
      let isPair =
        units[index] & MarkedText.scalarBits == 13 && index + 1 < count
        && units[index + 1] & MarkedText.scalarBits == 10
      index += isPair ? 2 : 1
      start = index
    }
    if start < count { lines.append(self[start..<count]) }
    return lines
  }

  /// `old` by `new`, at most `limit` times from the left. An empty `old` stands before every character
  /// and at the end.
  func replacing(_ old: MarkedText, with new: MarkedText, limit: Int = .max) -> MarkedText {
    var result = MarkedText()
    if old.isEmpty {
      for (index, unit) in units.enumerated() {
        if index < limit { result.append(new) }
        result.units.append(unit)
      }
      if count < limit { result.append(new) }
      return result
    }
    var start = 0
    for place in occurrences(of: old, limit: limit) {
      result.units += units[start..<place]
      result.append(new)
      start = place + old.count
    }
    result.units += units[start...]
    return result
  }

  // MARK: Case

  private func mapped(_ mapping: (Int, Unicode.Scalar) -> String) -> MarkedText {
    var result = MarkedText()
    for (index, unit) in units.enumerated() {
      let text = mapping(index, MarkedText.scalar(unit))
      for scalar in text.unicodeScalars {
        result.units.append(scalar.value | unit & ~MarkedText.scalarBits)
      }
    }
    return result
  }

  func uppercased() -> MarkedText { mapped { $1.properties.uppercaseMapping } }

  func lowercased() -> MarkedText { mapped(lower) }

  /// The first character of every word in title case, the others in lower case.
  func titled() -> MarkedText {
    var followsCased = false
    return mapped { index, scalar in
      defer { followsCased = scalar.properties.isCased }
      return followsCased ? lower(index, scalar) : scalar.properties.titlecaseMapping
    }
  }

  func capitalized() -> MarkedText {
    mapped { index, scalar in
      index == 0 ? scalar.properties.titlecaseMapping : lower(index, scalar)
    }
  }

  /// As Python has it: a sigma that ends a word has a form of its own.
  private func lower(_ index: Int, _ scalar: Unicode.Scalar) -> String {
    guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
    func firstCased(_ units: some Sequence<UInt32>) -> Bool {
      let next = units.lazy.map(MarkedText.scalar).first { !$0.properties.isCaseIgnorable }
      return next?.properties.isCased == true
    }
    let endsWord =
      firstCased(units[..<index].reversed()) && !firstCased(units[(index + 1)...])
    return endsWord ? "\u{3C2}" : "\u{3C3}"
  }

  // MARK: Questions

  /// Whether there are characters and all have `property`.
  func all(_ property: (Unicode.Scalar) -> Bool) -> Bool {
    !isEmpty && units.allSatisfy { property(MarkedText.scalar($0)) }
  }

  /// Whether some character has case, and all that do have that one.
  func isWritten(upper: Bool) -> Bool {
    var found = false
    for unit in units {
      let properties = MarkedText.scalar(unit).properties
      if upper ? properties.isLowercase : properties.isUppercase { return false }
      if properties.generalCategory == .titlecaseLetter { return false }
      found = found || (upper ? properties.isUppercase : properties.isLowercase)
    }
    return found
  }

  // MARK: As source

  /// As Python's `repr` writes it.
  var quoted: MarkedText {
    let plain = Set(self.plain)
    let quote: Unicode.Scalar = plain.contains(39) && !plain.contains(34) ? "\"" : "'"
    var result = MarkedText(String(quote))
    for unit in units {
      let marks = unit & ~MarkedText.scalarBits
      let scalar = MarkedText.scalar(unit)
      switch scalar {
      case quote, "\\": result.append("\\\(scalar)", marks: marks)
      case "\n": result.append("\\n", marks: marks)
      case "\r": result.append("\\r", marks: marks)
      case "\t": result.append("\\t", marks: marks)
      default:
        if scalar == " " || MarkedText.isPrintable(scalar) {
          result.units.append(unit)
        } else {
          let digits =
            scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
          result.append(
            "\\\(digits.0)\(hexadecimal(scalar.value, digits: digits.1))", marks: marks)
        }
      }
    }
    result.append(String(quote))
    return result
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }

  /// As a JSON string, only what must be escaped escaped.
  func json(ascii: Bool) -> MarkedText {
    var result = MarkedText("\"")
    for unit in units {
      let marks = unit & ~MarkedText.scalarBits
      let scalar = MarkedText.scalar(unit)
      switch scalar {
      case "\"", "\\": result.append("\\\(scalar)", marks: marks)
      case "\n": result.append("\\n", marks: marks)
      case "\r": result.append("\\r", marks: marks)
      case "\t": result.append("\\t", marks: marks)
      case "\u{8}": result.append("\\b", marks: marks)
      case "\u{C}": result.append("\\f", marks: marks)
      default:
        if scalar.value < 0x20 || (ascii && scalar.value > 0x7E) {
          for half in String(scalar).utf16 {
            result.append("\\u\(hexadecimal(UInt32(half), digits: 4))", marks: marks)
          }
        } else {
          result.units.append(unit)
        }
      }
    }
    result.append("\"")
    return result
  }
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
