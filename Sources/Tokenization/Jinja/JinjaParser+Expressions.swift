/// Expressions, from the operators that bind least to those that bind most.
extension JinjaParser {
  /// An expression, or several with commas between as a tuple.
  mutating func tuple(allowsConditional: Bool = true) throws(JinjaError) -> JinjaExpression {
    let offset = current.offset
    let first = try allowsConditional ? expression() : disjunction()
    guard isSymbol(",") else { return first }
    var values = [first]
    while skip(symbol: ",") {
      guard beginsExpression else { break }
      values.append(try allowsConditional ? expression() : disjunction())
    }
    return JinjaExpression(kind: .list(values, isTuple: true), offset: offset)
  }

  private var beginsExpression: Bool {
    switch current.kind {
    case .name(let name): name != "in" && name != "recursive"
    case .string, .integer, .float: true
    case .symbol(let symbol): ["(", "[", "{", "-", "+"].contains(symbol)
    default: false
    }
  }

  mutating func expression() throws(JinjaError) -> JinjaExpression {
    try nested { (parser) throws(JinjaError) in try parser.conditional() }
  }

  private mutating func conditional() throws(JinjaError) -> JinjaExpression {
    let value = try disjunction()
    let offset = current.offset
    guard skip(name: "if") else { return value }
    let test = try disjunction()
    let otherwise = skip(name: "else") ? try expression() : nil
    guard !isName("if") else {
      throw error(.unsupported, "two conditions follow each other without an else")
    }
    return JinjaExpression(
      kind: .conditional(value, test: test, otherwise: otherwise), offset: offset)
  }

  private mutating func disjunction() throws(JinjaError) -> JinjaExpression {
    let offset = current.offset
    var values = [try conjunction()]
    while skip(name: "or") { values.append(try conjunction()) }
    return values.count == 1 ? values[0] : JinjaExpression(kind: .or(values), offset: offset)
  }

  private mutating func conjunction() throws(JinjaError) -> JinjaExpression {
    let offset = current.offset
    var values = [try negation()]
    while skip(name: "and") { values.append(try negation()) }
    return values.count == 1 ? values[0] : JinjaExpression(kind: .and(values), offset: offset)
  }

  private mutating func negation() throws(JinjaError) -> JinjaExpression {
    let offset = current.offset
    guard skip(name: "not") else { return try comparison() }
    let value = try nested { (parser) throws(JinjaError) in try parser.negation() }
    return JinjaExpression(kind: .not(value), offset: offset)
  }

  private mutating func comparison() throws(JinjaError) -> JinjaExpression {
    let first = try sum()
    var operations: [JinjaOperation] = []
    let offset = current.offset
    while true {
      var symbol: String
      switch current.kind {
      case .symbol(let text) where ["==", "!=", "<", "<=", ">", ">="].contains(text): symbol = text
      case .name("in"): symbol = "in"
      case .name("not") where next.kind == .name("in"):
        symbol = "not in"
        advance()
      default:
        return operations.isEmpty
          ? first : JinjaExpression(kind: .comparison(first, operations), offset: offset)
      }
      advance()
      operations.append(JinjaOperation(symbol: symbol, operand: try sum()))
    }
  }

  private mutating func chain(
    _ symbols: [String], _ operand: (inout JinjaParser) throws(JinjaError) -> JinjaExpression
  ) throws(JinjaError) -> JinjaExpression {
    let first = try operand(&self)
    let offset = current.offset
    var operations: [JinjaOperation] = []
    while case .symbol(let symbol) = current.kind, symbols.contains(symbol) {
      advance()
      operations.append(JinjaOperation(symbol: symbol, operand: try operand(&self)))
    }
    return operations.isEmpty
      ? first : JinjaExpression(kind: .arithmetic(first, operations), offset: offset)
  }

  private mutating func sum() throws(JinjaError) -> JinjaExpression {
    try chain(["+", "-"]) { (parser) throws(JinjaError) in try parser.concatenation() }
  }

  private mutating func concatenation() throws(JinjaError) -> JinjaExpression {
    let offset = current.offset
    var values = [try product()]
    while skip(symbol: "~") { values.append(try product()) }
    return values.count == 1
      ? values[0] : JinjaExpression(kind: .concatenation(values), offset: offset)
  }

  private mutating func product() throws(JinjaError) -> JinjaExpression {
    try chain(["*", "/", "//", "%"]) { (parser) throws(JinjaError) in try parser.power() }
  }

  private mutating func power() throws(JinjaError) -> JinjaExpression {
    try chain(["**"]) { (parser) throws(JinjaError) in try parser.unary() }
  }

  private mutating func unary(hasFilters: Bool = true) throws(JinjaError) -> JinjaExpression {
    let offset = current.offset
    var value: JinjaExpression
    if isSymbol("-") || isSymbol("+") {
      let isNegative = isSymbol("-")
      advance()
      let operand = try nested { (parser) throws(JinjaError) in
        try parser.unary(hasFilters: false)
      }
      value = JinjaExpression(kind: .sign(operand, isNegative: isNegative), offset: offset)
    } else {
      value = try primary()
    }
    let parts = try postfixes(hasFilters: hasFilters)
    if !parts.isEmpty { value = JinjaExpression(kind: .postfix(value, parts), offset: offset) }
    return value
  }

  // MARK: What stands by itself

  private mutating func primary() throws(JinjaError) -> JinjaExpression {
    let token = current
    let kind: JinjaExpression.Kind
    switch token.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": kind = .literal(.bool(true))
      case "false", "False": kind = .literal(.bool(false))
      case "none", "None": kind = .literal(.null)
      default: kind = .name(name)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text.append(more)
        advance()
      }
      kind = .literal(.text(text))
    case .integer(let value):
      advance()
      kind = .literal(.int(value))
    case .float(let value):
      advance()
      kind = .literal(.double(value))
    case .symbol("("):
      advance()
      if skip(symbol: ")") {
        kind = .list([], isTuple: true)
      } else {
        let value = try tuple()
        try expect(symbol: ")")
        return value
      }
    case .symbol("["):
      advance()
      kind = .list(try elements(until: "]"), isTuple: false)
    case .symbol("{"):
      advance()
      kind = try dictionary()
    default:
      throw unexpected("an expression")
    }
    return JinjaExpression(kind: kind, offset: token.offset)
  }

  private mutating func elements(until end: String) throws(JinjaError) -> [JinjaExpression] {
    var values: [JinjaExpression] = []
    while !skip(symbol: end) {
      if !values.isEmpty {
        try expect(symbol: ",")
        if skip(symbol: end) { break }
      }
      values.append(try expression())
    }
    return values
  }

  private mutating func dictionary() throws(JinjaError) -> JinjaExpression.Kind {
    var entries: [(key: JinjaExpression, value: JinjaExpression)] = []
    while !skip(symbol: "}") {
      if !entries.isEmpty {
        try expect(symbol: ",")
        if skip(symbol: "}") { break }
      }
      let key = try expression()
      try expect(symbol: ":")
      entries.append((key, try expression()))
    }
    return .dictionary(entries)
  }

  // MARK: What follows

  private mutating func postfixes(hasFilters: Bool) throws(JinjaError) -> [JinjaPostfix] {
    var parts: [JinjaPostfix] = []
    var sawFilter = false
    while true {
      let offset = current.offset
      let kind: JinjaPostfix.Kind
      switch current.kind {
      case .symbol(".") where !sawFilter:
        advance()
        if case .integer(let index) = current.kind {
          kind = .item(JinjaExpression(kind: .literal(.int(index)), offset: current.offset))
          advance()
        } else {
          kind = .attribute(MarkedText(try expectName()))
        }
      case .symbol("[") where !sawFilter:
        advance()
        kind = try subscripted()
      case .symbol("("):
        advance()
        kind = .call(try arguments())
      case .symbol("|") where hasFilters:
        advance()
        sawFilter = true
        kind = try filter()
      case .name("is") where hasFilters:
        advance()
        sawFilter = true
        kind = try test()
      default:
        return parts
      }
      parts.append(JinjaPostfix(kind: kind, offset: offset))
    }
  }

  private mutating func subscripted() throws(JinjaError) -> JinjaPostfix.Kind {
    var bounds: [JinjaExpression?] = [nil]
    while !skip(symbol: "]") {
      if skip(symbol: ":") {
        bounds.append(nil)
      } else if isSymbol(",") {
        throw error(.unsupported, "an index of several values is not evaluated here")
      } else if let bound = bounds.last, bound == nil {
        bounds[bounds.count - 1] = try expression()
      } else {
        throw unexpected("\"]\"")
      }
    }
    guard bounds.count > 1 else {
      guard let index = bounds[0] else { throw error(.syntax, "there is no index") }
      return .item(index)
    }
    guard bounds.count <= 3 else { throw error(.syntax, "a slice has at most three parts") }
    return .slice(from: bounds[0], to: bounds[1], step: bounds.count == 3 ? bounds[2] : nil)
  }

  private mutating func arguments() throws(JinjaError) -> JinjaArguments {
    var arguments = JinjaArguments()
    var isFirst = true
    while !skip(symbol: ")") {
      if !isFirst {
        try expect(symbol: ",")
        if skip(symbol: ")") { break }
      }
      isFirst = false
      if isSymbol("*") || isSymbol("**") {
        throw error(.unsupported, "arguments from a list (\"*\") are not evaluated here")
      }
      if case .name(let name) = current.kind, next.kind == .symbol("=") {
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else {
          throw error(.syntax, "an argument without a name follows one with a name")
        }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  private mutating func filter() throws(JinjaError) -> JinjaPostfix.Kind {
    let name = try dottedName()
    let arguments = skip(symbol: "(") ? try arguments() : JinjaArguments()
    return .filter(name, arguments)
  }

  private mutating func dottedName() throws(JinjaError) -> String {
    var name = try expectName()
    while skip(symbol: ".") { name += "." + (try expectName()) }
    return name
  }

  private mutating func test() throws(JinjaError) -> JinjaPostfix.Kind {
    let isNegated = skip(name: "not")
    let name = try dottedName()
    var arguments = JinjaArguments()
    switch current.kind {
    case .symbol("("):
      advance()
      arguments = try self.arguments()
    case .name("is"):
      throw error(.syntax, "tests do not follow each other")
    case .name(let word) where ["else", "or", "and", "if", "in", "not"].contains(word): break
    case .name, .string, .integer, .float, .symbol("["), .symbol("{"):
      let offset = current.offset
      var value = try nested { (parser) throws(JinjaError) in try parser.primary() }
      let parts = try postfixes(hasFilters: false)
      if !parts.isEmpty { value = JinjaExpression(kind: .postfix(value, parts), offset: offset) }
      arguments.positional = [value]
    default: break
    }
    return .test(name, isNegated: isNegated, arguments)
  }

  /// Filters that work on a block's text; the first bar is not written in `{% filter f|g %}`.
  mutating func filterChain(afterBar: Bool = true) throws(JinjaError) -> [JinjaPostfix] {
    var filters: [JinjaPostfix] = []
    if !afterBar { try expect(symbol: "|") }
    repeat {
      let offset = current.offset
      filters.append(JinjaPostfix(kind: try filter(), offset: offset))
    } while skip(symbol: "|")
    return filters
  }
}
