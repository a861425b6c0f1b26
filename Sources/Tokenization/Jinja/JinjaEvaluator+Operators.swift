extension JinjaEvaluator {
  // MARK: Arithmetic

  /// `left symbol right`, as Python has it; `sign` for a minus in front of `right`.
  func arithmetic(
    _ symbol: String, _ left: JinjaValue, _ right: JinjaValue, sign: Bool = false
  ) throws(JinjaError) -> JinjaValue {
    for value in [left, right] { if case .undefined(let what) = value { throw fail(what) } }
    switch (symbol, left, right) {
    case ("+", .text(let a), .text(let b)):
      return try text(MarkedText(units: a.units + b.units))
    case ("+", .list(let a), .list(let b)) where a.isTuple == b.isTuple:
      return try list(a.values + b.values, isTuple: a.isTuple)
    case ("*", .text(let a), .int(let count)), ("*", .int(let count), .text(let a)):
      try charge(repeating: a.count, count)
      return .text(
        MarkedText(units: Array(repeating: a.units, count: max(count, 0)).flatMap { $0 }))
    case ("*", .list(let a), .int(let count)), ("*", .int(let count), .list(let a)):
      try charge(repeating: a.values.count * JinjaLimits.elementWork, count)
      let values = Array(repeating: a.values, count: max(count, 0)).flatMap { $0 }
      return try list(values, isTuple: a.isTuple)
    case ("%", .text(let a), _): return try text(try formatted(a, right))
    default: break
    }
    if let a = whole(left), let b = whole(right) {
      if let value = try wholeArithmetic(symbol, a, b) { return value }
    }
    if let a = number(left), let b = number(right) {
      return .double(try realArithmetic(symbol, a, b))
    }
    throw fail(
      sign
        ? "\(right.kindName) has no sign"
        : "\(symbol) has no meaning for \(left.kindName) and \(right.kindName)")
  }

  private func charge(repeating size: Int, _ count: Int) throws(JinjaError) {
    let (units, overflow) = size.multipliedReportingOverflow(by: max(count, 0))
    // What is empty takes time too.
    try charge(overflow ? .max / 2 : max(units, min(count, .max / 2)))
  }

  func whole(_ value: JinjaValue) -> Int? {
    switch value {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  func number(_ value: JinjaValue) -> Double? {
    if case .double(let value) = value { return value }
    return whole(value).map(Double.init)
  }

  /// Nil where the result is no whole number.
  private func wholeArithmetic(
    _ symbol: String, _ a: Int, _ b: Int
  ) throws(JinjaError) -> JinjaValue? {
    let result: (partialValue: Int, overflow: Bool)
    switch symbol {
    case "+": result = a.addingReportingOverflow(b)
    case "-": result = a.subtractingReportingOverflow(b)
    case "*": result = a.multipliedReportingOverflow(by: b)
    case "//", "%":
      guard b != 0 else { throw fail("a number is divided by zero") }
      var (quotient, overflow) = a.dividedReportingOverflow(by: b)
      var rest = overflow ? 0 : a % b
      if rest != 0, (rest < 0) != (b < 0) {
        quotient -= 1
        rest += b
      }
      result = symbol == "%" ? (rest, false) : (quotient, overflow)
    case "**":
      guard b >= 0 else { return nil }
      result = power(a, b)
    default: return nil
    }
    guard !result.overflow else { throw fail("the result has no place in 64 bits", .unsupported) }
    return .int(result.partialValue)
  }

  private func power(_ base: Int, _ exponent: Int) -> (Int, Bool) {
    // Beyond 63 doublings only these stay in 64 bits.
    if base == 0 || base == 1 { return (exponent == 0 ? 1 : base, false) }
    if base == -1 { return (exponent.isMultiple(of: 2) ? 1 : -1, false) }
    guard exponent < 64 else { return (0, true) }
    var result = (partialValue: 1, overflow: false)
    for _ in 0..<exponent {
      result = result.partialValue.multipliedReportingOverflow(by: base)
      if result.overflow { return (0, true) }
    }
    return (result.partialValue, false)
  }

  private func realArithmetic(_ symbol: String, _ a: Double, _ b: Double) throws(JinjaError)
    -> Double
  {
    switch symbol {
    case "+": return a + b
    case "-": return a - b
    case "*": return a * b
    case "/", "//", "%":
      guard b != 0 else { throw fail("a number is divided by zero") }
      if symbol == "/" { return a / b }
      let quotient = (a / b).rounded(.down)
      if symbol == "//" { return quotient }
      let rest = a.truncatingRemainder(dividingBy: b)
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    default: throw fail("\(symbol) is not computed for fractions here", .unsupported)
    }
  }

  // MARK: Comparison

  func compare(
    _ symbol: String, _ left: JinjaValue, _ right: JinjaValue
  ) throws(JinjaError) -> Bool {
    switch symbol {
    case "==": try isEqual(left, right)
    case "!=": try !isEqual(left, right)
    case "in": try contains(right, left)
    case "not in": try !contains(right, left)
    case "<": try isLess(left, right)
    case ">": try isLess(right, left)
    case "<=": try isLess(left, right, orEqual: true)
    default: try isLess(right, left, orEqual: true)
    }
  }

  /// Every pair that is looked at is paid for, as values can be in many places of one another.
  func isEqual(_ left: JinjaValue, _ right: JinjaValue) throws(JinjaError) -> Bool {
    try charge(JinjaLimits.elementWork)
    switch (left, right) {
    case (.undefined, .undefined), (.null, .null): return true
    case (.text(let a), .text(let b)):
      try charge(min(a.count, b.count))
      return a == b
    case (.list(let a), .list(let b)):
      guard a.isTuple == b.isTuple, a.values.count == b.values.count else { return false }
      for (x, y) in zip(a.values, b.values) where try !isEqual(x, y) { return false }
      return true
    case (.dictionary(let a), .dictionary(let b)):
      guard a.keys.count == b.keys.count else { return false }
      for (name, value) in zip(a.keys, a.values) {
        guard let key = try key(name), let other = b[key], try isEqual(value, other) else {
          return false
        }
      }
      return true
    case (.namespace(let a), .namespace(let b)), (.macro(let a), .macro(let b)): return a == b
    case (.function(let a), .function(let b)): return a == b
    default:
      if let a = whole(left), let b = whole(right) { return a == b }
      if let a = number(left), let b = number(right) { return a == b }
      return false
    }
  }

  func isLess(
    _ left: JinjaValue, _ right: JinjaValue, orEqual: Bool = false
  ) throws(JinjaError) -> Bool {
    try charge(JinjaLimits.elementWork)
    switch (left, right) {
    case (.text(let a), .text(let b)):
      try charge(min(a.count, b.count))
      return a < b || (orEqual && a == b)
    case (.list(let a), .list(let b)) where a.isTuple == b.isTuple:
      for (x, y) in zip(a.values, b.values) where try !isEqual(x, y) {
        return try isLess(x, y, orEqual: orEqual)
      }
      let (x, y) = (a.values.count, b.values.count)
      return x < y || (orEqual && x == y)
    default:
      if let a = whole(left), let b = whole(right) { return a < b || (orEqual && a == b) }
      if let a = number(left), let b = number(right) { return a < b || (orEqual && a == b) }
      throw fail("\(left.kindName) and \(right.kindName) have no order")
    }
  }

  func contains(_ container: JinjaValue, _ value: JinjaValue) throws(JinjaError) -> Bool {
    switch container {
    case .undefined: return false
    case .text(let text):
      guard case .text(let part) = value else {
        throw fail("\(value.kindName) cannot be in a string")
      }
      try charge(text.count + part.count)
      return text.contains(part)
    case .dictionary(let dictionary): return try key(value).map { dictionary[$0] != nil } ?? false
    case .list(let list):
      for element in list.values where try isEqual(element, value) { return true }
      return false
    default: throw fail("nothing can be in \(container.kindName)")
    }
  }

  // MARK: Elements

  /// What a loop over `value` goes through, paid for here.
  func elements(_ value: JinjaValue) throws(JinjaError) -> [JinjaValue] {
    switch value {
    case .undefined: return []
    case .list(let list):
      try charge(list.values.count)
      return list.values
    case .dictionary(let dictionary):
      try charge(dictionary.keys.count)
      return dictionary.keys
    case .text(let text):
      try charge(JinjaLimits.elementWork * text.count)
      return text.units.map { .text(MarkedText(units: [$0])) }
    default: throw fail("\(value.kindName) has no elements to go through")
    }
  }

  /// `values` in ascending order, equal ones as they were.
  func sorted(
    _ values: [JinjaValue], by isLess: (JinjaValue, JinjaValue) throws(JinjaError) -> Bool
  ) throws(JinjaError) -> [JinjaValue] {
    guard values.count > 1 else { return values }
    try charge(JinjaLimits.elementWork * values.count)
    let middle = values.count / 2
    let left = try sorted(Array(values[..<middle]), by: isLess)
    let right = try sorted(Array(values[middle...]), by: isLess)
    var merged: [JinjaValue] = []
    var (i, j) = (0, 0)
    while i < left.count, j < right.count {
      if try isLess(right[j], left[i]) {
        merged.append(right[j])
        j += 1
      } else {
        merged.append(left[i])
        i += 1
      }
    }
    return merged + left[i...] + right[j...]
  }
}
