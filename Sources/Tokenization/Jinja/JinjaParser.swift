/// Reads the statements of a template.
struct JinjaParser {
  let source: JinjaSource
  private let tokens: [JinjaToken]
  private var index = 0
  private var depth = 0
  /// How many loops stand around, within the innermost macro.
  private var loops = 0

  private init(_ source: JinjaSource) throws(JinjaError) {
    self.source = source
    tokens = try JinjaLexer.tokens(source)
  }

  static func statements(_ source: JinjaSource) throws(JinjaError) -> [JinjaStatement] {
    var parser = try JinjaParser(source)
    return try parser.body(until: [], of: nil)
  }

  // MARK: Tokens

  var current: JinjaToken { tokens[index] }
  var next: JinjaToken { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }
  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func skip(symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func expect(symbol: String) throws(JinjaError) {
    guard skip(symbol: symbol) else { throw unexpected("\"\(symbol)\"") }
  }

  mutating func expectName() throws(JinjaError) -> String {
    guard case .name(let name) = current.kind else { throw unexpected("a name") }
    advance()
    return name
  }

  func unexpected(_ wanted: String) -> JinjaError {
    error(.syntax, "\(wanted) is missing before \(current.description)")
  }

  func error(_ kind: JinjaError.Kind, _ reason: String, at offset: Int? = nil) -> JinjaError {
    source.error(kind, reason, at: offset ?? current.offset)
  }

  /// Reads something that may contain its like.
  mutating func nested<T>(
    _ read: (inout JinjaParser) throws(JinjaError) -> T
  ) throws(JinjaError) -> T {
    guard depth < JinjaLimits.nesting else {
      throw error(.limit, "expressions and blocks stand more than \(JinjaLimits.nesting) deep")
    }
    depth += 1
    defer { depth -= 1 }
    return try read(&self)
  }

  // MARK: Bodies

  /// Statements up to one of the tags `ends`, whose name is left to be read; for the whole template up
  /// to its end.
  private mutating func body(
    until ends: [String], of opening: JinjaToken?
  ) throws(JinjaError) -> [JinjaStatement] {
    var statements: [JinjaStatement] = []
    while true {
      let offset = current.offset
      switch current.kind {
      case .data(let text):
        advance()
        statements.append(JinjaStatement(kind: .text(text), offset: offset))
      case .variableBegin:
        advance()
        let value = try tuple()
        guard current.kind == .variableEnd else { throw unexpected("\"}}\"") }
        advance()
        statements.append(JinjaStatement(kind: .output(value), offset: offset))
      case .blockBegin:
        advance()
        if case .name(let name) = current.kind, ends.contains(name) { return statements }
        let kind = try nested { (parser) throws(JinjaError) in try parser.statement() }
        statements.append(JinjaStatement(kind: kind, offset: offset))
      default:
        guard ends.isEmpty, current.kind == .end else {
          let tag = opening.map { "\"\($0.description)\"" } ?? "a block"
          throw error(.syntax, "\(tag) has no end", at: opening?.offset)
        }
        return statements
      }
    }
  }

  /// The body of a block whose tag was read but for its end, and the whole of its closing tag.
  private mutating func block(
    _ opening: JinjaToken, end: String
  ) throws(JinjaError) -> [JinjaStatement] {
    try endTag()
    let statements = try body(until: [end], of: opening)
    advance()
    // Jinja lets a macro's name stand there again.
    if case .name = current.kind { advance() }
    try endTag()
    return statements
  }

  private mutating func endTag() throws(JinjaError) {
    guard current.kind == .blockEnd else { throw unexpected("\"%}\"") }
    advance()
  }

  // MARK: Statements

  private mutating func statement() throws(JinjaError) -> JinjaStatement.Kind {
    let opening = current
    let name = try expectName()
    switch name {
    case "if": return try conditional(opening)
    case "for": return try loop(opening)
    case "set": return try assignment(opening)
    case "macro": return try macro(opening)
    case "call": return try call(opening)
    case "filter":
      let filters = try filterChain()
      return .filter(filters, body: try block(opening, end: "endfilter"))
    case "with": return try with(opening)
    case "generation":
      let outer = loops
      loops = 0
      defer { loops = outer }
      return .generation(try block(opening, end: "endgeneration"))
    case "break", "continue":
      guard loops > 0 else {
        throw error(.syntax, "\"\(name)\" stands outside of a loop", at: opening.offset)
      }
      try endTag()
      return name == "break" ? .break : .continue
    default:
      let known = [
        "block", "extends", "include", "import", "from", "do", "autoescape", "trans", "debug",
      ]
      throw error(
        known.contains(name) ? .unsupported : .syntax,
        "there is no tag \"\(shortened(name))\" here", at: opening.offset)
    }
  }

  private mutating func conditional(_ opening: JinjaToken) throws(JinjaError) -> JinjaStatement.Kind
  {
    var branches: [(test: JinjaExpression, body: [JinjaStatement])] = []
    while true {
      let test = try tuple(allowsConditional: false)
      try endTag()
      branches.append((test, try body(until: ["elif", "else", "endif"], of: opening)))
      if skip(name: "elif") { continue }
      var otherwise: [JinjaStatement] = []
      if skip(name: "else") {
        try endTag()
        otherwise = try body(until: ["endif"], of: opening)
      }
      advance()
      try endTag()
      return .if(branches, otherwise: otherwise)
    }
  }

  private mutating func loop(_ opening: JinjaToken) throws(JinjaError) -> JinjaStatement.Kind {
    let target = try target()
    guard skip(name: "in") else { throw unexpected("\"in\"") }
    let values = try tuple(allowsConditional: false)
    let condition = skip(name: "if") ? try expression() : nil
    if isName("recursive") { throw error(.unsupported, "recursive loops are not evaluated here") }
    try endTag()
    loops += 1
    let body = try body(until: ["else", "endfor"], of: opening)
    loops -= 1
    var otherwise: [JinjaStatement] = []
    if skip(name: "else") {
      try endTag()
      otherwise = try self.body(until: ["endfor"], of: opening)
    }
    advance()
    try endTag()
    return .for(
      JinjaLoopSyntax(
        target: target, values: values, condition: condition, body: body, otherwise: otherwise))
  }

  private mutating func assignment(_ opening: JinjaToken) throws(JinjaError) -> JinjaStatement.Kind
  {
    let target = try target()
    if skip(symbol: "=") {
      let value = try tuple()
      try endTag()
      return .set(target, value)
    }
    let filters = isSymbol("|") ? try filterChain(afterBar: false) : []
    return .setBlock(target, filters: filters, body: try block(opening, end: "endset"))
  }

  private mutating func macro(_ opening: JinjaToken) throws(JinjaError) -> JinjaStatement.Kind {
    let name = try expectName()
    try expect(symbol: "(")
    let parameters = try parameters()
    return .macro(try macro(opening, name, parameters, end: "endmacro"))
  }

  private mutating func macro(
    _ opening: JinjaToken, _ name: String, _ parameters: [(name: String, value: JinjaExpression?)],
    end: String
  ) throws(JinjaError) -> JinjaMacroSyntax {
    let outer = loops
    loops = 0
    defer { loops = outer }
    let body = try block(opening, end: end)
    return JinjaMacroSyntax(name: name, parameters: parameters, body: body)
  }

  private mutating func call(_ opening: JinjaToken) throws(JinjaError) -> JinjaStatement.Kind {
    let parameters = skip(symbol: "(") ? try parameters() : []
    let call = try expression()
    guard case .postfix(_, let parts) = call.kind, case .call? = parts.last?.kind else {
      throw error(.syntax, "a call block calls nothing", at: call.offset)
    }
    return .call(try macro(opening, "caller", parameters, end: "endcall"), call)
  }

  private mutating func parameters() throws(JinjaError) -> [(name: String, value: JinjaExpression?)]
  {
    var parameters: [(name: String, value: JinjaExpression?)] = []
    while !skip(symbol: ")") {
      if !parameters.isEmpty { try expect(symbol: ",") }
      let name = try expectName()
      let value = skip(symbol: "=") ? try expression() : nil
      if value == nil, parameters.last?.value != nil {
        throw error(.syntax, "a parameter without a default follows one with a default")
      }
      parameters.append((name, value))
    }
    return parameters
  }

  private mutating func with(_ opening: JinjaToken) throws(JinjaError) -> JinjaStatement.Kind {
    var values: [(target: JinjaTarget, value: JinjaExpression)] = []
    while current.kind != .blockEnd {
      if !values.isEmpty { try expect(symbol: ",") }
      let target = try target()
      try expect(symbol: "=")
      values.append((target, try expression()))
    }
    return .with(values, body: try block(opening, end: "endwith"))
  }

  // MARK: Targets

  /// Names with commas between, in parentheses or not.
  private mutating func target() throws(JinjaError) -> JinjaTarget {
    var targets: [JinjaTarget] = []
    var isTuple = false
    while true {
      if !targets.isEmpty,
        current.kind == .blockEnd || isName("in") || isSymbol(")")
          || isSymbol("=")
      {
        break
      }
      targets.append(try nested { (parser) throws(JinjaError) in try parser.oneTarget() })
      guard skip(symbol: ",") else { break }
      isTuple = true
    }
    return isTuple || targets.count != 1 ? .tuple(targets) : targets[0]
  }

  private mutating func oneTarget() throws(JinjaError) -> JinjaTarget {
    if skip(symbol: "(") {
      let target = try target()
      try expect(symbol: ")")
      return target
    }
    let name = try expectName()
    guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
      throw error(.syntax, "nothing can be assigned to \(name)")
    }
    guard skip(symbol: ".") else { return .name(name) }
    return .attribute(name, MarkedText(try expectName()))
  }
}
