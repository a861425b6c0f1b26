extension JinjaEvaluator {
  /// The value of `expression`; `caller` is handed to the macro that is called last in it.
  func evaluate(
    _ expression: JinjaExpression, caller: JinjaValue? = nil
  ) throws(JinjaError) -> JinjaValue {
    try charge(JinjaLimits.stepWork)
    switch expression.kind {
    case .literal(let value): return value
    case .name(let name):
      // Every scope hashes the name.
      try charge(name.utf8.count + scope.level * (1 + name.utf8.count / 16))
      return scope.find(name) ?? .undefined("\(shortened(name)) is undefined")
    default:
      return try nested { () throws(JinjaError) in try compute(expression, caller) }
    }
  }

  private func compute(
    _ expression: JinjaExpression, _ caller: JinjaValue?
  ) throws(JinjaError) -> JinjaValue {
    switch expression.kind {
    case .literal, .name: return try evaluate(expression)
    case .list(let elements, let isTuple):
      var values: [JinjaValue] = []
      for element in elements { values.append(try evaluate(element)) }
      return try list(values, isTuple: isTuple)
    case .dictionary(let entries): return try dictionary(entries)
    case .postfix(let base, let parts): return try postfix(base, parts, caller)
    case .not(let operand): return .bool(!(try evaluate(operand)).isTrue)
    case .sign(let operand, let isNegative):
      let value = try evaluate(operand)
      offset = expression.offset
      return isNegative ? try arithmetic("-", .int(0), value, sign: true) : value
    case .and(let operands):
      var value = JinjaValue.null
      for operand in operands {
        value = try evaluate(operand)
        if !value.isTrue { break }
      }
      return value
    case .or(let operands):
      var value = JinjaValue.null
      for operand in operands {
        value = try evaluate(operand)
        if value.isTrue { break }
      }
      return value
    case .arithmetic(let first, let operations):
      var value = try evaluate(first)
      for operation in operations {
        let operand = try evaluate(operation.operand)
        offset = operation.operand.offset
        value = try arithmetic(operation.symbol, value, operand)
      }
      return value
    case .comparison(let first, let operations):
      var left = try evaluate(first)
      for operation in operations {
        let right = try evaluate(operation.operand)
        offset = operation.operand.offset
        guard try compare(operation.symbol, left, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .concatenation(let operands):
      var result = MarkedText()
      for operand in operands {
        let part = try string(try evaluate(operand))
        try charge(part.count)
        result.append(part)
      }
      return .text(result)
    case .conditional(let value, let test, let otherwise):
      if try evaluate(test).isTrue { return try evaluate(value) }
      guard let otherwise else { return .undefined("the condition has no else") }
      return try evaluate(otherwise)
    }
  }

  private func dictionary(
    _ entries: [(key: JinjaExpression, value: JinjaExpression)]
  ) throws(JinjaError) -> JinjaValue {
    var dictionary = JinjaDictionary()
    for entry in entries {
      let name = try evaluate(entry.key)
      let value = try evaluate(entry.value)
      offset = entry.key.offset
      try set(name, value, in: &dictionary)
    }
    return .dictionary(dictionary)
  }

  /// Puts a value in a dictionary, which is paid for here.
  func set(
    _ name: JinjaValue, _ value: JinjaValue, in dictionary: inout JinjaDictionary
  ) throws(JinjaError) {
    try charge(2 * JinjaLimits.elementWork)
    guard let key = try key(name) else {
      throw fail("\(name.kindName) is no key of a dictionary here")
    }
    dictionary.set(key, name, value)
    try check(depth: dictionary.depth)
  }

  // MARK: What follows a value

  private func postfix(
    _ base: JinjaExpression, _ parts: [JinjaPostfix], _ caller: JinjaValue?
  ) throws(JinjaError) -> JinjaValue {
    var value = try evaluate(base)
    for (index, part) in parts.enumerated() {
      try charge(JinjaLimits.stepWork)
      switch part.kind {
      case .attribute(let name):
        offset = part.offset
        value = try attribute(name, of: value)
      case .item(let expression):
        let key = try evaluate(expression)
        offset = part.offset
        value = try item(key, of: value)
      case .slice(let from, let to, let step):
        var bounds: [JinjaValue] = []
        for bound in [from, to, step] {
          bounds.append(try bound.map { (it) throws(JinjaError) in try evaluate(it) } ?? .null)
        }
        offset = part.offset
        value = try slice(value, bounds)
      case .call(let syntax):
        let arguments = try arguments(syntax)
        offset = part.offset
        value = try call(value, arguments, caller: index == parts.count - 1 ? caller : nil)
      case .filter, .test:
        value = try apply([part], to: value)
      }
    }
    return value
  }

  /// `value` after filters and tests.
  func apply(_ filters: [JinjaPostfix], to value: JinjaValue) throws(JinjaError) -> JinjaValue {
    var value = value
    for filter in filters {
      switch filter.kind {
      case .filter(let name, let syntax):
        let arguments = try arguments(syntax)
        offset = filter.offset
        value = try self.filter(name, value, arguments)
      case .test(let name, let isNegated, let syntax):
        let arguments = try arguments(syntax)
        offset = filter.offset
        value = .bool(try test(name, value, arguments) != isNegated)
      default: preconditionFailure("not a filter")
      }
    }
    return value
  }

  private func arguments(_ syntax: JinjaArguments) throws(JinjaError) -> JinjaCall {
    var call = JinjaCall()
    for expression in syntax.positional { call.positional.append(try evaluate(expression)) }
    for (name, expression) in syntax.named { call.named.append((name, try evaluate(expression))) }
    return call
  }

  /// `value.name`: a method, else an entry of a dictionary.
  func attribute(_ name: MarkedText, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
    try charge(name.count)
    guard !name.hasPrefix("__") else {
      throw fail("attributes like \(shortened(name.string)) are refused, as in Jinja's sandbox")
    }
    if let found = try ownAttribute(name, of: value) { return found }
    if case .dictionary(let dictionary) = value, let found = dictionary[.text(name)] {
      return found
    }
    return .undefined("\(value.kindName) has no attribute \(shortened(name.string))")
  }

  private func ownAttribute(
    _ name: MarkedText, of value: JinjaValue
  ) throws(JinjaError) -> JinjaValue? {
    switch value {
    case .undefined(let what): throw fail(what)
    case .namespace(let number): return namespaces[number][.text(name)]
    case .loop(let loop): return loop.attribute(name.string)
    case .text, .list, .dictionary:
      let string = name.string
      guard JinjaMethods.names(of: value).contains(string) else { return nil }
      let method = JinjaMethod(string, of: value)
      try check(depth: method.depth)
      return .method(method)
    case .null, .bool, .int, .double, .macro, .function, .method: return nil
    }
  }

  /// `value[key]`: an entry or an element, else a method.
  func item(_ key: JinjaValue, of value: JinjaValue) throws(JinjaError) -> JinjaValue {
    switch (value, key) {
    case (.undefined(let what), _): throw fail(what)
    case (.dictionary(let dictionary), _):
      if let key = try self.key(key), let found = dictionary[key] { return found }
    case (.list(let list), .int(let index)):
      let place = index < 0 ? index + list.values.count : index
      if list.values.indices.contains(place) { return list.values[place] }
    case (.text(let text), .int(let index)):
      let place = index < 0 ? index + text.count : index
      if text.units.indices.contains(place) { return .text(text[place..<place + 1]) }
    default: break
    }
    if case .text(let name) = key, let found = try ownAttribute(name, of: value) { return found }
    return .undefined("\(value.kindName) has no element \(shortened(try string(key).string))")
  }

  /// `value[from:to:step]`, as Python counts.
  private func slice(_ value: JinjaValue, _ bounds: [JinjaValue]) throws(JinjaError) -> JinjaValue {
    var numbers: [Int?] = []
    for bound in bounds {
      switch bound {
      case .null: numbers.append(nil)
      case .int(let number): numbers.append(number)
      case .bool(let value): numbers.append(value ? 1 : 0)
      default: throw fail("a slice is between numbers, not \(bound.kindName)")
      }
    }
    let count: Int
    switch value {
    case .text(let text): count = text.count
    case .list(let list): count = list.values.count
    case .undefined(let what): throw fail(what)
    default: throw fail("\(value.kindName) has no slices")
    }
    let step = numbers[2] ?? 1
    guard step != 0 else { throw fail("the step of a slice is zero") }
    // Python's bounds: 0...count going up, -1..<count going down.
    func clamped(_ number: Int?, _ missing: Int) -> Int {
      guard let number else { return missing }
      let place = number < 0 ? number.addingReportingOverflow(count).partialValue : number
      return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
    }
    let from = clamped(numbers[0], step > 0 ? 0 : count - 1)
    let to = clamped(numbers[1], step > 0 ? count : -1)
    // A longer step than the whole takes the first alone, and cannot overflow.
    let places = Array(stride(from: from, to: to, by: min(max(step, -count - 1), count + 1)))
    try charge(places.count)
    switch value {
    case .text(let text): return .text(MarkedText(units: places.map { text.units[$0] }))
    case .list(let list):
      return try self.list(places.map { list.values[$0] }, isTuple: list.isTuple)
    default: preconditionFailure("counted above")
    }
  }
}
