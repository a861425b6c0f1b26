extension JinjaEvaluator {
  /// `function(...)`.
  func call(
    _ function: JinjaValue, _ call: JinjaCall, caller: JinjaValue?
  ) throws(JinjaError) -> JinjaValue {
    switch function {
    case .undefined(let what): throw fail(what)
    case .function(let name): return try self.call(name, call)
    case .method(let method): return try self.call(method, call)
    case .macro(let number):
      return try nested { () throws(JinjaError) in try run(macros[number], call, caller: caller) }
    default: throw fail("\(function.kindName) cannot be called")
    }
  }

  // MARK: Macros

  private func run(
    _ macro: Macro, _ call: JinjaCall, caller: JinjaValue?
  ) throws(JinjaError) -> JinjaValue {
    let syntax = macro.syntax
    let name = "the macro \(shortened(syntax.name))"
    let values = try call.values(syntax.parameters.map(\.name), name, self)
    let outer = scope
    defer { scope = outer }
    scope = try inner(of: macro.scope)
    for (parameter, value) in zip(syntax.parameters, values) {
      if let value {
        try charge(parameter.name.utf8.count)
        scope.values[parameter.name] = value
      } else if let value = parameter.value {
        scope.values[parameter.name] = try evaluate(value)
      } else {
        scope.values[parameter.name] = .undefined(
          "\(shortened(parameter.name)) is not given to \(name)")
      }
    }
    if let caller { scope.values["caller"] = caller }
    return .text(try capture { () throws(JinjaError) in _ = try run(syntax.body) })
  }

  // MARK: Functions of every template

  private func call(_ name: String, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    switch name {
    case "range": return try range(call)
    case "dict":
      return .dictionary(try dictionary(call, name))
    case "namespace":
      let values = try dictionary(call, name)
      try charge(2 * JinjaLimits.elementWork)
      namespaces.append(values)
      return .namespace(namespaces.count - 1)
    case "raise_exception":
      let values = try call.values(["message"], name, self)
      throw fail(try string(values[0] ?? .null).string, .refused)
    case "strftime_now":
      guard case .text(let format)?? = try call.values(["format"], name, self).first else {
        throw fail("strftime_now needs a format")
      }
      return try text(try now.formatted(format, self))
    default: throw fail("there is no function \(shortened(name)) here", .unsupported)
    }
  }

  private func range(_ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    var numbers: [Int] = []
    for value in call.positional {
      guard let number = whole(value) else {
        throw fail("range needs whole numbers, not \(value.kindName)")
      }
      numbers.append(number)
    }
    guard (1...3).contains(numbers.count), call.named.isEmpty else {
      throw fail("range takes one to three numbers")
    }
    let from = numbers.count == 1 ? 0 : numbers[0]
    let to = numbers.count == 1 ? numbers[0] : numbers[1]
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw fail("the step of range is zero") }
    let isEmpty = step > 0 ? from >= to : from <= to
    let distance = from.distanceMagnitude(to: to)
    let count = isEmpty ? 0 : 1 + (distance - 1) / step.magnitude
    guard count <= JinjaLimits.rangeCount else {
      throw fail("range has \(count) numbers; at most \(JinjaLimits.rangeCount) are made", .limit)
    }
    return try list((0..<Int(count)).map { .int(from + $0 * step) })
  }

  /// A dictionary, or pairs, in parentheses, with what is named there.
  private func dictionary(_ call: JinjaCall, _ name: String) throws(JinjaError) -> JinjaDictionary {
    var result = JinjaDictionary()
    guard call.positional.count <= 1 else { throw fail("\(name) takes at most one value") }
    switch call.positional.first {
    case nil: break
    case .dictionary(let dictionary)?:
      try charge(2 * JinjaLimits.elementWork * dictionary.keys.count)
      result = dictionary
    case let pairs?:
      for pair in try elements(pairs) {
        let values = try elements(pair)
        guard values.count == 2 else { throw fail("\(name) needs pairs") }
        try set(values[0], values[1], in: &result)
      }
    }
    for (key, value) in call.named { try set(.text(key), value, in: &result) }
    return result
  }
}

extension Int {
  fileprivate func distanceMagnitude(to other: Int) -> UInt {
    self < other
      ? UInt(bitPattern: other) &- UInt(bitPattern: self)
      : UInt(bitPattern: self) &- UInt(bitPattern: other)
  }
}
