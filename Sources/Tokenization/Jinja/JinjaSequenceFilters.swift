/// Filters of lists, and of what can be gone through like one.
extension JinjaEvaluator {
  func sequenceFilter(
    _ name: String, _ value: JinjaValue, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    switch name {
    case "list": return try list(try elements(value))
    case "first", "last":
      let all = try elements(value)
      return (name == "first" ? all.first : all.last) ?? .undefined("there is no \(name) element")
    case "reverse":
      if case .text(let text) = value {
        try charge(text.count)
        return .text(MarkedText(units: text.units.reversed()))
      }
      return try list(try elements(value).reversed())
    case "join":
      let values = try call.values(["d", "attribute"], name, self)
      var parts = try elements(value)
      if let attribute = values[1] {
        parts = try parts.mapped { (it) throws(JinjaError) in try path(attribute, of: it) }
      }
      return try join(
        parts, with: try values[0].map { (it) throws(JinjaError) in try string(it) } ?? "")
    case "map": return try map(value, call)
    case "select", "reject", "selectattr", "rejectattr": return try select(name, value, call)
    case "sort": return try sort(value, call)
    case "dictsort": return try dictsort(value, call)
    case "unique": return try unique(value, call)
    case "min", "max": return try extreme(name, value, call)
    case "sum":
      let values = try call.values(["attribute", "start"], name, self)
      var sum = values[1] ?? .int(0)
      for element in try elements(value) {
        let term =
          try values[0].map { (it) throws(JinjaError) in try path(it, of: element) } ?? element
        sum = try arithmetic("+", sum, term)
      }
      return sum
    default:
      throw fail("there is no filter \"\(shortened(name))\" here", .unsupported)
    }
  }

  /// `value.a.b` for the path "a.b", whose parts may be indices.
  private func path(_ path: JinjaValue, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
    guard case .text(let names) = path else { return try item(path, of: value) }
    var value = value
    for name in names.split(at: ".") {
      let key = Int(name.string).map(JinjaValue.int) ?? .text(name)
      value = try item(key, of: value)
    }
    return value
  }

  private func map(_ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    // What counts as false has no elements here, none for instance.
    let all = value.isTrue ? try elements(value) : []
    if call.positional.isEmpty {
      guard let attribute = call.named.first(where: { $0.name == "attribute" })?.value,
        call.named.allSatisfy({ ["attribute", "default"].contains($0.name) })
      else { throw fail("map needs a filter or an attribute") }
      let fallback = call.named.first { $0.name == "default" }?.value
      return try list(
        try all.mapped { (it) throws(JinjaError) in
          let found = try path(attribute, of: it)
          if case .undefined = found { return fallback ?? found }
          return found
        })
    }
    guard case .text(let name) = call.positional[0] else { throw fail("map needs a filter's name") }
    let rest = JinjaCall(positional: Array(call.positional.dropFirst()), named: call.named)
    let filterName = name.string
    return try nested { () throws(JinjaError) in
      try list(try all.mapped { (it) throws(JinjaError) in try filter(filterName, it, rest) })
    }
  }

  private func select(
    _ name: String, _ value: JinjaValue, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    var rest = call
    var attribute: JinjaValue?
    if name.hasSuffix("attr") {
      guard !rest.positional.isEmpty else { throw fail("\(name) needs an attribute") }
      attribute = rest.positional.removeFirst()
    }
    var test: String?
    if !rest.positional.isEmpty {
      guard case .text(let text) = rest.positional.removeFirst() else {
        throw fail("\(name) needs a test's name")
      }
      test = text.string
    }
    let keeps = name.hasPrefix("select")
    var kept: [JinjaValue] = []
    for element in value.isTrue ? try elements(value) : [] {
      let subject =
        try attribute.map { (it) throws(JinjaError) in try path(it, of: element) } ?? element
      let holds =
        try test.map { (it) throws(JinjaError) in try self.test(it, subject, rest) }
        ?? subject.isTrue
      if holds == keeps { kept.append(element) }
    }
    return try list(kept)
  }

  // MARK: Order

  /// What is compared in the place of `value`: text in lower case unless case matters.
  private func sortKey(
    _ value: JinjaValue, _ attribute: JinjaValue?, caseMatters: Bool
  ) throws(JinjaError) -> JinjaValue {
    let key = try attribute.map { (it) throws(JinjaError) in try path(it, of: value) } ?? value
    guard !caseMatters, case .text(let text) = key else { return key }
    return try self.text(text.lowercased())
  }

  /// `values` in the order of what `key` makes of them.
  private func sorted(
    _ values: [JinjaValue], descending: Bool,
    key: (JinjaValue) throws(JinjaError) -> JinjaValue
  ) throws(JinjaError) -> [JinjaValue] {
    let keys = try values.mapped(key)
    let order = try sorted(values.indices.map(JinjaValue.int)) { (a, b) throws(JinjaError) in
      guard case .int(let a) = a, case .int(let b) = b else { return false }
      return try descending ? isLess(keys[b], keys[a]) : isLess(keys[a], keys[b])
    }
    return order.compactMap(whole).map { values[$0] }
  }

  private func sort(_ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["reverse", "case_sensitive", "attribute"], "sort", self)
    return try list(
      try sorted(try elements(value), descending: values[0]?.isTrue ?? false) {
        (it) throws(JinjaError) in
        try sortKey(it, values[2], caseMatters: values[1]?.isTrue ?? false)
      })
  }

  private func dictsort(_ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["case_sensitive", "by", "reverse"], "dictsort", self)
    guard case .dictionary(let dictionary) = value else {
      throw fail("dictsort needs a dictionary, not \(value.kindName)")
    }
    let by = try text(values[1], "dictsort")?.string ?? "key"
    guard by == "key" || by == "value" else { throw fail("dictsort sorts by key or value") }
    return try list(
      try sorted(try elements(try items(dictionary)), descending: values[2]?.isTrue ?? false) {
        (it) throws(JinjaError) in
        try sortKey(it, .int(by == "key" ? 0 : 1), caseMatters: values[0]?.isTrue ?? false)
      })
  }

  private func unique(_ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["case_sensitive", "attribute"], "unique", self)
    var seen = Set<JinjaKey>()
    var kept: [JinjaValue] = []
    for element in try elements(value) {
      let key = try sortKey(element, values[1], caseMatters: values[0]?.isTrue ?? false)
      if case .text(let text) = key { try charge(text.count) }
      guard let hashable = JinjaKey(key) else {
        throw fail("unique of \(key.kindName) is not evaluated here", .unsupported)
      }
      if seen.insert(hashable).inserted { kept.append(element) }
    }
    return try list(kept)
  }

  private func extreme(
    _ name: String, _ value: JinjaValue, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    let values = try call.values(["case_sensitive", "attribute"], name, self)
    var best: (value: JinjaValue, key: JinjaValue)?
    for element in try elements(value) {
      let key = try sortKey(element, values[1], caseMatters: values[0]?.isTrue ?? false)
      if let found = best {
        let wins = try name == "min" ? isLess(key, found.key) : isLess(found.key, key)
        if !wins { continue }
      }
      best = (element, key)
    }
    return best?.value ?? .undefined("there is no \(name) of no elements")
  }
}

extension Array {
  /// `map` whose closure's errors keep their type.
  fileprivate func mapped<T>(
    _ transform: (Element) throws(JinjaError) -> T
  ) throws(JinjaError) -> [T] {
    var result: [T] = []
    result.reserveCapacity(count)
    for element in self { result.append(try transform(element)) }
    return result
  }
}
