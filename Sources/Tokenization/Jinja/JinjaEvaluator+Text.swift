/// Values as text: as Python's `str` and `repr`, and as JSON.
extension JinjaEvaluator {
  /// What is written for `value`.
  func string(_ value: JinjaValue) throws(JinjaError) -> MarkedText {
    switch value {
    case .text(let text): return text
    case .undefined: return MarkedText()
    default: return try representation(value)
    }
  }

  /// As Python's source would have it. What is written is paid for here.
  func representation(_ value: JinjaValue) throws(JinjaError) -> MarkedText {
    try charge(JinjaLimits.elementWork)
    switch value {
    case .undefined: return "Undefined"
    case .null: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .int(let value): return MarkedText("\(value)")
    case .double(let value): return MarkedText(JinjaNumbers.text(value))
    case .text(let text):
      try charge(text.count)
      return text.quoted
    case .list(let list):
      var result: MarkedText = list.isTuple ? "(" : "["
      for (index, element) in list.values.enumerated() {
        if index > 0 { result.append(", ") }
        try append(try representation(element), to: &result)
      }
      if list.isTuple, list.values.count == 1 { result.append(",") }
      result.append(list.isTuple ? ")" : "]")
      return result
    case .dictionary(let dictionary):
      var result: MarkedText = "{"
      for (index, key) in dictionary.keys.enumerated() {
        if index > 0 { result.append(", ") }
        try append(try representation(key), to: &result)
        result.append(": ")
        try append(try representation(dictionary.values[index]), to: &result)
      }
      result.append("}")
      return result
    case .namespace, .macro, .function, .method, .loop:
      throw fail("\(value.kindName) has no text", .unsupported)
    }
  }

  private func append(_ part: MarkedText, to result: inout MarkedText) throws(JinjaError) {
    try charge(part.count)
    result.append(part)
  }

  // MARK: JSON

  /// How JSON is laid out.
  struct JSONLayout {
    var indentation: MarkedText?
    var itemSeparator: MarkedText = ", "
    var keySeparator: MarkedText = ": "
    var isASCII = false
    var sortsKeys = false
  }

  /// As `json.dumps` writes it.
  func json(
    _ value: JinjaValue, _ layout: JSONLayout, level: Int = 0
  ) throws(JinjaError) -> MarkedText {
    try charge(JinjaLimits.elementWork)
    switch value {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return MarkedText("\(value)")
    case .double(let value): return MarkedText(JinjaNumbers.json(value))
    case .text(let text):
      try charge(text.count)
      return text.json(ascii: layout.isASCII)
    case .list(let list):
      return try json(
        between: ("[", "]"), count: list.values.count, layout, level
      ) { (index, result) throws(JinjaError) in
        try append(try json(list.values[index], layout, level: level + 1), to: &result)
      }
    case .dictionary(let dictionary):
      var order = Array(dictionary.keys.indices)
      if layout.sortsKeys {
        let places = try sorted(order.map(JinjaValue.int)) { (a, b) throws(JinjaError) in
          guard case .int(let a) = a, case .int(let b) = b else { return false }
          return try isLess(dictionary.keys[a], dictionary.keys[b])
        }
        order = places.compactMap(whole)
      }
      return try json(
        between: ("{", "}"), count: order.count, layout, level
      ) { (index, result) throws(JinjaError) in
        try append(try jsonKey(dictionary.keys[order[index]], layout), to: &result)
        result.append(layout.keySeparator)
        let value = dictionary.values[order[index]]
        try append(try json(value, layout, level: level + 1), to: &result)
      }
    case .undefined(let what): throw fail("JSON cannot be made: \(what)")
    case .namespace, .macro, .function, .method, .loop:
      throw fail("\(value.kindName) cannot be JSON")
    }
  }

  private func jsonKey(_ key: JinjaValue, _ layout: JSONLayout) throws(JinjaError) -> MarkedText {
    if case .text(let text) = key { return text.json(ascii: layout.isASCII) }
    return MarkedText("\"" + (try json(key, layout)).string + "\"")
  }

  private func json(
    between brackets: (MarkedText, MarkedText), count: Int, _ layout: JSONLayout, _ level: Int,
    _ element: (Int, inout MarkedText) throws(JinjaError) -> Void
  ) throws(JinjaError) -> MarkedText {
    var result = brackets.0
    func lineBreak(_ level: Int) throws(JinjaError) {
      guard let indentation = layout.indentation, count > 0 else { return }
      try charge(1 + level * indentation.count)
      result.append("\n")
      for _ in 0..<level { result.append(indentation) }
    }
    for index in 0..<count {
      if index > 0 { result.append(layout.itemSeparator) }
      try lineBreak(level + 1)
      try element(index, &result)
    }
    try lineBreak(level)
    result.append(brackets.1)
    return result
  }

  // MARK: printf

  /// `format % arguments`, of `%s`, `%r`, `%d`, `%i` and `%%`.
  func formatted(_ format: MarkedText, _ arguments: JinjaValue) throws(JinjaError) -> MarkedText {
    var rest: [JinjaValue]
    if case .list(let list) = arguments, list.isTuple {
      rest = list.values.reversed()
    } else {
      rest = [arguments]
    }
    var result = MarkedText()
    var index = 0
    while index < format.count {
      let unit = format.units[index]
      index += 1
      guard MarkedText.scalar(unit) == "%" else {
        result.units.append(unit)
        continue
      }
      let letter = index < format.count ? MarkedText.scalar(format.units[index]) : " "
      index += 1
      if letter == "%" {
        result.units.append(unit)
        continue
      }
      guard ["s", "r", "d", "i"].contains(letter) else {
        throw fail("the format %\(shortened(String(letter))) is not written here", .unsupported)
      }
      guard let value = rest.popLast() else { throw fail("a format has too few values") }
      switch letter {
      case "s": try append(try string(value), to: &result)
      case "r": try append(try representation(value), to: &result)
      default:
        guard let number = number(value), let whole = Int(exactly: number.rounded(.towardZero))
        else { throw fail("%\(letter) needs a number, not \(value.kindName)") }
        result.append("\(self.whole(value) ?? whole)")
      }
    }
    guard rest.isEmpty || index == 0 else { throw fail("a format has too many values") }
    return result
  }
}

/// Numbers as Python writes them.
enum JinjaNumbers {
  static func text(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    // Swift goes over to exponents at 2^53, Python at 1e16.
    if abs(value) < 1e16, let whole = Int(exactly: value), value != 0 || value.sign == .plus {
      return "\(whole).0"
    }
    return "\(value)"
  }

  static func json(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return text(value)
  }
}
