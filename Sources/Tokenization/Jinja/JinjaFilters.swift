/// Filters that work on a whole value. Those of sequences are in `JinjaSequenceFilters`.
extension JinjaEvaluator {
  func filter(_ name: String, _ value: JinjaValue, _ call: JinjaCall) throws(JinjaError)
    -> JinjaValue
  {
    try charge(JinjaLimits.stepWork)
    switch name {
    case "default", "d":
      let values = try call.values(["default_value", "boolean"], name, self)
      let fallback = values[0] ?? .text("")
      if case .undefined = value { return fallback }
      return values[1]?.isTrue == true && !value.isTrue ? fallback : value
    case "trim", "upper", "lower", "capitalize", "title", "replace", "indent", "wordcount":
      return try textFilter(name, try string(value), call)
    case "string", "safe": return .text(try string(value))
    case "length", "count": return .int(try length(value))
    case "tojson": return try json(value, call)
    case "items":
      if case .undefined = value { return try list([]) }
      guard case .dictionary(let dictionary) = value else {
        throw fail("items needs a dictionary, not \(value.kindName)")
      }
      return try items(dictionary)
    case "int", "float", "abs", "round": return try numberFilter(name, value, call)
    case "format":
      return try text(
        try formatted(try string(value), try list(call.positional, isTuple: true)))
    case "attr":
      guard case .text(let attribute)?? = try call.values(["name"], name, self).first else {
        throw fail("attr needs a name")
      }
      return try self.attribute(attribute, of: value)
    default: return try sequenceFilter(name, value, call)
    }
  }

  func length(_ value: JinjaValue) throws(JinjaError) -> Int {
    switch value {
    case .undefined: 0
    case .text(let text): text.count
    case .list(let list): list.values.count
    case .dictionary(let dictionary): dictionary.keys.count
    default: throw fail("\(value.kindName) has no length")
    }
  }

  // MARK: Text

  private func textFilter(
    _ name: String, _ text: MarkedText, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    try charge(text.count)
    switch name {
    case "trim":
      return .text(
        text.stripped(of: try self.text(try call.values(["chars"], name, self)[0], name)))
    case "upper": return try self.text(text.uppercased())
    case "lower": return try self.text(text.lowercased())
    case "capitalize": return try self.text(text.capitalized())
    case "title": return try self.text(titled(text))
    case "replace":
      let values = try call.values(["old", "new", "count"], name, self)
      guard let old = values[0], let new = values[1] else {
        throw fail("replace needs two strings")
      }
      return try replace(text, try string(old), try string(new), values[2])
    case "wordcount":
      // Words are runs of letters, digits and underscores.
      var (count, isInside) = (0, false)
      for unit in text.units {
        let isWord = unit & MarkedText.scalarBits == 0x5F || isWordCharacter(unit)
        if isWord, !isInside { count += 1 }
        isInside = isWord
      }
      return .int(count)
    default: return try indented(text, call)
    }
  }

  private func isWordCharacter(_ unit: UInt32) -> Bool {
    let properties = MarkedText.scalar(unit).properties
    return properties.isAlphabetic || properties.numericType != nil
  }

  /// Every word, which white space, hyphens and opening brackets end, begins in upper case.
  private func titled(_ text: MarkedText) -> MarkedText {
    var result = MarkedText()
    var start = 0
    for index in 0...text.count {
      if index < text.count, !endsWord(text.units[index]) { continue }
      let word = text[start..<index]
      result.append(word[0..<min(1, word.count)].uppercased())
      result.append(word[min(1, word.count)..<word.count].lowercased())
      if index < text.count { result.units.append(text.units[index]) }
      start = index + 1
    }
    return result
  }

  private func endsWord(_ unit: UInt32) -> Bool {
    MarkedText.isSpace(unit) || "-({[<".unicodeScalars.contains(MarkedText.scalar(unit))
  }

  private func indented(_ text: MarkedText, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["width", "first", "blank"], "indent", self)
    let indentation: MarkedText
    switch values[0] {
    case .text(let text)?: indentation = text
    case let value: indentation = try spaces(try number(value, "indent") ?? 4)
    }
    // With a line break behind it, an empty line at the end counts as one.
    let lines = MarkedText(units: text.units + [10]).lines()
    var result = MarkedText()
    try charge(lines.count * (indentation.count + 1))
    for (index, line) in lines.enumerated() {
      if index > 0 { result.append("\n") }
      let isIndented =
        index == 0 ? values[1]?.isTrue == true : !line.isEmpty || values[2]?.isTrue == true
      if isIndented { result.append(indentation) }
      result.append(line)
    }
    return try self.text(result)
  }

  private func spaces(_ count: Int) throws(JinjaError) -> MarkedText {
    guard count <= JinjaLimits.formattedWidth else {
      throw fail("an indentation has \(count) characters", .limit)
    }
    return MarkedText(String(repeating: " ", count: max(count, 0)))
  }

  // MARK: JSON

  private func json(_ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    let names = ["ensure_ascii", "indent", "separators", "sort_keys"]
    let values = try call.values(names, "tojson", self)
    var layout = JSONLayout()
    layout.isASCII = values[0]?.isTrue ?? false
    layout.sortsKeys = values[3]?.isTrue ?? false
    switch values[1] {
    case nil, .null?: break
    case .text(let text)?: layout.indentation = text
    case let value?: layout.indentation = try spaces(try number(value, "indent") ?? 0)
    }
    if layout.indentation != nil { layout.itemSeparator = "," }
    if case .list(let list)? = values[2] {
      guard list.values.count == 2, case .text(let item) = list.values[0],
        case .text(let key) = list.values[1]
      else { throw fail("the separators of tojson are two strings") }
      (layout.itemSeparator, layout.keySeparator) = (item, key)
    }
    return .text(try json(value, layout))
  }

  // MARK: Numbers

  private func numberFilter(
    _ name: String, _ value: JinjaValue, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    if case .undefined(let what) = value { throw fail(what) }
    switch name {
    case "int":
      let values = try call.values(["default", "base"], name, self)
      let base = try number(values[1], name) ?? 10
      guard (2...36).contains(base) else { throw fail("the base of a number is \(base)") }
      return parsedInt(value, base: base) ?? values[0] ?? .int(0)
    case "float":
      let fallback = try call.values(["default"], name, self)[0] ?? .double(0)
      if let number = number(value) { return .double(number) }
      guard case .text(let text) = value else { return fallback }
      return Double(text.stripped().string).map(JinjaValue.double) ?? fallback
    case "abs":
      if let whole = whole(value) {
        guard whole != .min else { throw fail("the result has no place in 64 bits", .unsupported) }
        return .int(abs(whole))
      }
      guard let number = number(value) else { throw fail("abs needs a number") }
      return .double(abs(number))
    default:
      let values = try call.values(["precision", "method"], name, self)
      guard let number = number(value) else { throw fail("round needs a number") }
      guard values[0].map({ !$0.isTrue }) ?? true else {
        throw fail("round to places behind the point is not evaluated here", .unsupported)
      }
      switch try text(values[1], name)?.string ?? "common" {
      case "common":
        return whole(value).map(JinjaValue.int) ?? .double(number.rounded(.toNearestOrEven))
      case "ceil": return .double(number.rounded(.up))
      case "floor": return .double(number.rounded(.down))
      default: throw fail("round knows common, ceil and floor")
      }
    }
  }

  private func parsedInt(_ value: JinjaValue, base: Int) -> JinjaValue? {
    if let whole = whole(value) { return .int(whole) }
    if let number = number(value) {
      return Int(exactly: number.rounded(.towardZero)).map(JinjaValue.int)
    }
    guard case .text(let text) = value else { return nil }
    let string = text.stripped().string
    if let whole = Int(string, radix: base) { return .int(whole) }
    return Double(string).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map(JinjaValue.int)
  }
}
