/// The methods of strings.
extension JinjaEvaluator {
  func call(_ name: String, of text: MarkedText, _ call: JinjaCall) throws(JinjaError) -> JinjaValue
  {
    try charge(text.count)
    switch name {
    case "strip", "lstrip", "rstrip":
      let characters = try self.text(try call.values(["characters"], name, self)[0], name)
      return .text(text.stripped(of: characters, start: name != "rstrip", end: name != "lstrip"))
    case "split", "rsplit": return try split(name, text, call)
    case "splitlines": return try texts(text.lines())
    case "startswith", "endswith": return try affix(name, text, call)
    case "removeprefix", "removesuffix":
      let part = try one(name, call)
      if name == "removeprefix" {
        return .text(text.hasPrefix(part) ? text[part.count..<text.count] : text)
      }
      return .text(text.hasSuffix(part) ? text[0..<text.count - part.count] : text)
    case "replace":
      let values = try call.values(["old", "new", "count"], name, self)
      guard let old = try self.text(values[0], name), let new = try self.text(values[1], name)
      else { throw fail("replace needs two strings") }
      return try replace(text, old, new, values[2])
    case "upper": return try self.text(text.uppercased())
    case "lower", "casefold": return try self.text(text.lowercased())
    case "title": return try self.text(text.titled())
    case "capitalize": return try self.text(text.capitalized())
    case "find", "rfind", "index", "count": return try find(name, text, call)
    case "join":
      guard let values = try call.values(["values"], name, self)[0] else {
        throw fail("join needs values")
      }
      return try join(try elements(values), with: text, onlyTexts: true)
    case "isdigit":
      return .bool(text.all { $0.properties.numericType.map { $0 != .numeric } ?? false })
    case "isalpha": return .bool(text.all(isLetter))
    case "isalnum": return .bool(text.all { isLetter($0) || $0.properties.numericType != nil })
    case "isspace": return .bool(text.all { MarkedText.isSpace($0.value) })
    case "isupper": return .bool(text.isWritten(upper: true))
    case "islower": return .bool(text.isWritten(upper: false))
    case "partition", "rpartition": return try partition(name, text, call)
    case "format": return try format(text, call)
    default: throw fail("the method \(name) of a string is not evaluated here", .unsupported)
    }
  }

  private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  // MARK: Arguments

  /// An argument that is text or none.
  func text(_ value: JinjaValue?, _ function: String) throws(JinjaError) -> MarkedText? {
    switch value {
    case nil, .null?: return nil
    case .text(let text)?: return text
    case .undefined(let what)?: throw fail(what)
    case let value?: throw fail("\(function) needs a string, not \(value.kindName)")
    }
  }

  /// An argument that is a whole number, or not given.
  func number(_ value: JinjaValue?, _ function: String) throws(JinjaError) -> Int? {
    switch value {
    case nil, .null?: return nil
    case let value?:
      guard let number = whole(value) else {
        throw fail("\(function) needs a whole number, not \(value.kindName)")
      }
      return number
    }
  }

  private func one(_ name: String, _ call: JinjaCall) throws(JinjaError) -> MarkedText {
    guard let text = try text(try call.values(["text"], name, self)[0], name) else {
      throw fail("\(name) needs a string")
    }
    return text
  }

  private func texts(_ parts: [MarkedText], isTuple: Bool = false) throws(JinjaError) -> JinjaValue
  {
    try list(parts.map(JinjaValue.text), isTuple: isTuple)
  }

  // MARK: Methods

  private func split(
    _ name: String, _ text: MarkedText, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["sep", "maxsplit"], name, self)
    let separator = try self.text(values[0], name)
    let count = try number(values[1], name) ?? -1
    let limit = count < 0 ? Int.max : count
    guard let separator else {
      guard name == "split" || limit == .max else {
        throw fail("rsplit at white space with a number is not evaluated here", .unsupported)
      }
      return try texts(text.splitAtSpace(limit: limit))
    }
    guard !separator.isEmpty else { throw fail("a string is split at an empty one") }
    return try texts(text.split(at: separator, limit: limit, fromRight: name == "rsplit"))
  }

  private func affix(
    _ name: String, _ text: MarkedText, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["text", "start", "end"], name, self)
    let part = try range(of: text, values[1], values[2], name).map { text[$0] }
    let candidates: [JinjaValue]
    if case .list(let list)? = values[0], list.isTuple {
      candidates = list.values
    } else {
      candidates = [values[0] ?? .null]
    }
    for candidate in candidates {
      guard let affix = try self.text(candidate, name) else {
        throw fail("\(name) needs a string")
      }
      if let part, name == "startswith" ? part.hasPrefix(affix) : part.hasSuffix(affix) {
        return .bool(true)
      }
    }
    return .bool(false)
  }

  /// The part of `text` between two indices, as Python counts; nil where it begins behind its end.
  private func range(
    of text: MarkedText, _ start: JinjaValue?, _ end: JinjaValue?, _ name: String
  ) throws(JinjaError) -> Range<Int>? {
    func place(_ number: Int?, _ missing: Int) -> Int {
      guard let number else { return missing }
      return number < 0 ? max(number + text.count, 0) : number
    }
    let from = place(try number(start, name), 0)
    let to = min(place(try number(end, name), text.count), text.count)
    return from <= to ? from..<to : nil
  }

  /// `text` with `old` replaced; the work is that of the result.
  func replace(
    _ text: MarkedText, _ old: MarkedText, _ new: MarkedText, _ count: JinjaValue?
  ) throws(JinjaError) -> JinjaValue {
    let number = try number(count, "replace") ?? -1
    let limit = number < 0 ? Int.max : number
    let places =
      old.isEmpty ? text.count + 1 : text.occurrences(of: old, limit: limit).count
    let (added, overflow) = min(places, limit).multipliedReportingOverflow(by: new.count)
    try charge(overflow ? .max / 2 : added)
    return try self.text(text.replacing(old, with: new, limit: limit))
  }

  private func find(
    _ name: String, _ text: MarkedText, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["text", "start", "end"], name, self)
    guard let part = try self.text(values[0], name) else { throw fail("\(name) needs a string") }
    let range = try range(of: text, values[1], values[2], name)
    guard !part.isEmpty else {
      throw fail("\(name) of an empty string is not evaluated here", .unsupported)
    }
    var places = range.map { text.occurrences(of: part, in: $0) } ?? []
    if name == "count" { return .int(places.count) }
    if name == "rfind", let range {
      let reversed = MarkedText(units: text.units[range].reversed())
      let from = reversed.occurrences(of: MarkedText(units: part.units.reversed()), limit: 1).first
      places = from.map { [range.upperBound - $0 - part.count] } ?? []
    }
    if places.isEmpty, name == "index" { throw fail("the string is not in the other") }
    return .int(places.first ?? -1)
  }

  /// `values` with `separator` between; `onlyTexts` where nothing else can be joined.
  func join(
    _ values: [JinjaValue], with separator: MarkedText, onlyTexts: Bool = false
  ) throws(JinjaError) -> JinjaValue {
    var result = MarkedText()
    for (index, value) in values.enumerated() {
      if onlyTexts {
        guard case .text = value else {
          throw fail("\(value.kindName) cannot be joined to a string")
        }
      }
      let part = try string(value)
      try charge(part.count + separator.count)
      if index > 0 { result.append(separator) }
      result.append(part)
    }
    return .text(result)
  }

  private func partition(
    _ name: String, _ text: MarkedText, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    let separator = try one(name, call)
    guard !separator.isEmpty else { throw fail("a string is split at an empty one") }
    let isRight = name == "rpartition"
    let parts = text.split(at: separator, limit: 1, fromRight: isRight)
    guard parts.count == 2 else {
      let empty = MarkedText()
      return try texts(isRight ? [empty, empty, text] : [text, empty, empty], isTuple: true)
    }
    return try texts([parts[0], separator, parts[1]], isTuple: true)
  }

  /// `{}`, `{0}` and `{name}`, without further specification.
  private func format(_ text: MarkedText, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    var result = MarkedText()
    var index = 0
    var automatic = 0
    while index < text.count {
      let unit = text.units[index]
      let scalar = MarkedText.scalar(unit)
      index += 1
      guard scalar == "{" || scalar == "}" else {
        result.units.append(unit)
        continue
      }
      if index < text.count, MarkedText.scalar(text.units[index]) == scalar {
        result.units.append(unit)
        index += 1
        continue
      }
      guard scalar == "{",
        let end = text.units[index...].firstIndex(where: { MarkedText.scalar($0) == "}" })
      else { throw fail("the format has a single brace") }
      let field = text[index..<end].string
      index = end + 1
      let value: JinjaValue?
      if field.isEmpty || Int(field) != nil {
        let place = Int(field) ?? automatic
        if field.isEmpty { automatic += 1 }
        value = call.positional.indices.contains(place) ? call.positional[place] : nil
      } else {
        value = call.named.first { $0.name == field }?.value
      }
      guard let value else {
        throw fail("the field {\(shortened(field))} of a format has no value here", .unsupported)
      }
      let part = try string(value)
      try charge(part.count)
      result.append(part)
    }
    return .text(result)
  }
}
