/// What can stand behind `is`.
extension JinjaEvaluator {
  func test(_ name: String, _ value: JinjaValue, _ call: JinjaCall) throws(JinjaError) -> Bool {
    try charge(JinjaLimits.stepWork)
    if let comparison = Self.comparisons[name] {
      guard call.positional.count == 1, call.named.isEmpty else {
        throw fail("the test \(name) needs one value")
      }
      return try compare(comparison, value, call.positional[0])
    }
    if name == "divisibleby" {
      guard let a = whole(value), let b = try number(call.positional.first, name), b != 0 else {
        throw fail("divisibleby needs two whole numbers, the second not zero")
      }
      return b == -1 || a.isMultiple(of: b)
    }
    guard let holds = property(name, value) else {
      throw fail("there is no test \"\(shortened(name))\" here", .unsupported)
    }
    guard call.positional.isEmpty, call.named.isEmpty else {
      throw fail("the test \(name) needs no value")
    }
    return holds
  }

  private static let comparisons = [
    "eq": "==", "equalto": "==", "ne": "!=", "lt": "<", "lessthan": "<", "le": "<=", "gt": ">",
    "greaterthan": ">", "ge": ">=", "in": "in",
    "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
  ]

  /// What holds of `value` alone; nil for a test that is not known.
  private func property(_ name: String, _ value: JinjaValue) -> Bool? {
    switch (name, value) {
    case ("defined", .undefined): false
    case ("defined", _): true
    case ("undefined", .undefined): true
    case ("none", .null): true
    case ("boolean", .bool): true
    case ("true", .bool(let value)): value
    case ("false", .bool(let value)): !value
    case ("integer", .int): true
    case ("float", .double): true
    case ("number", .int), ("number", .double), ("number", .bool): true
    case ("string", .text): true
    case ("mapping", .dictionary): true
    case ("iterable", .text), ("iterable", .list), ("iterable", .dictionary),
      ("iterable", .undefined), ("iterable", .loop):
      true
    case ("sequence", .text), ("sequence", .list), ("sequence", .dictionary),
      ("sequence", .undefined):
      true
    case ("callable", .macro), ("callable", .function), ("callable", .method): true
    case ("odd", .int(let value)): value % 2 != 0
    case ("even", .int(let value)): value % 2 == 0
    case ("lower", .text(let text)): text.isWritten(upper: false)
    case ("upper", .text(let text)): text.isWritten(upper: true)
    case ("undefined", _), ("none", _), ("boolean", _), ("true", _), ("false", _), ("integer", _),
      ("float", _), ("number", _), ("string", _), ("mapping", _), ("iterable", _), ("sequence", _),
      ("callable", _), ("lower", _), ("upper", _):
      false
    default: nil
    }
  }
}
