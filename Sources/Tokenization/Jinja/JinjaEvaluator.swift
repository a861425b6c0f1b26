/// Variables of a block, and those around it.
final class JinjaScope {
  var values: [String: JinjaValue] = [:]
  let parent: JinjaScope?
  /// How many scopes there are around.
  let level: Int

  init(parent: JinjaScope?) {
    self.parent = parent
    level = parent.map { $0.level + 1 } ?? 0
  }

  func find(_ name: String) -> JinjaValue? {
    var scope: JinjaScope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.parent
    }
    return nil
  }
}

/// Evaluates one template once.
///
/// Every step is charged against `JinjaLimits`: what it makes, in characters and elements, and that it
/// happens. Macros and namespaces lie here and are known by their numbers, so that no value can contain
/// itself.
final class JinjaEvaluator {
  /// A macro with the variables where it stands.
  struct Macro {
    let syntax: JinjaMacroSyntax
    let scope: JinjaScope
  }

  let source: JinjaSource
  let now: JinjaDate
  var scope: JinjaScope
  var macros: [Macro] = []
  var namespaces: [JinjaDictionary] = []
  /// Where the expression or tag is that is being evaluated.
  var offset = 0
  /// The text so far, of the template or of the innermost block that is captured.
  var output = MarkedText()

  private var depth = 0
  private var work: Int
  private let outputLimit: Int

  /// For a template at `source`, with `variables`, in which callers say `characters` characters.
  init(
    _ source: JinjaSource, variables: [String: JinjaValue], characters: Int, now: JinjaDate
  ) {
    self.source = source
    self.now = now
    let globals = JinjaScope(parent: nil)
    for name in Self.functions { globals.values[name] = .function(name) }
    for (name, value) in variables { globals.values[name] = value }
    scope = JinjaScope(parent: globals)
    work = JinjaLimits.work(characters: characters)
    outputLimit = JinjaLimits.output(characters: characters)
  }

  // MARK: Limits and errors

  /// The functions of every template.
  static let functions = ["range", "dict", "namespace", "raise_exception", "strftime_now"]

  func fail(_ reason: String, _ kind: JinjaError.Kind = .evaluation) -> JinjaError {
    source.error(kind, reason, at: offset)
  }

  func charge(_ units: Int) throws(JinjaError) {
    work -= units
    guard work >= 0 else { throw fail("the template takes too much work for this text", .limit) }
  }

  /// What a dictionary finds `value` by; nil where it finds nothing by such. It is hashed, and paid for by its length.
  func key(_ value: JinjaValue) throws(JinjaError) -> JinjaKey? {
    if case .text(let text) = value { try charge(text.count) }
    return JinjaKey(value)
  }

  /// Runs what may run its like.
  func nested<T>(_ body: () throws(JinjaError) -> T) throws(JinjaError) -> T {
    try charge(JinjaLimits.stepWork)
    guard depth < JinjaLimits.evaluationDepth else {
      throw fail("evaluation goes more than \(JinjaLimits.evaluationDepth) deep", .limit)
    }
    depth += 1
    defer { depth -= 1 }
    return try body()
  }

  /// A list, which was paid for here.
  func list(_ values: [JinjaValue], isTuple: Bool = false) throws(JinjaError) -> JinjaValue {
    try charge(JinjaLimits.elementWork * values.count)
    let list = JinjaList(values, isTuple: isTuple)
    try check(depth: list.depth)
    return .list(list)
  }

  func check(depth: Int) throws(JinjaError) {
    guard depth <= JinjaLimits.valueDepth else {
      throw fail("values are more than \(JinjaLimits.valueDepth) deep in one another", .limit)
    }
  }

  /// Text that was made, which is paid for here.
  func text(_ text: MarkedText) throws(JinjaError) -> JinjaValue {
    try charge(text.count)
    return .text(text)
  }

  func write(_ text: MarkedText) throws(JinjaError) {
    try charge(text.count)
    guard output.count + text.count <= outputLimit else {
      throw fail("the result has more than \(outputLimit) characters", .limit)
    }
    output.append(text)
  }

  /// What `body` writes, in place of its being written.
  func capture(_ body: () throws(JinjaError) -> Void) throws(JinjaError) -> MarkedText {
    let outer = output
    output = MarkedText()
    defer { output = outer }
    try body()
    return output
  }

  // MARK: Statements

  enum Flow {
    case next, `break`, `continue`
  }

  func run(_ statements: [JinjaStatement]) throws(JinjaError) -> Flow {
    for statement in statements {
      offset = statement.offset
      if case .text(let text) = statement.kind {
        try write(text)
        continue
      }
      let flow = try nested { () throws(JinjaError) in try run(statement) }
      guard flow == .next else { return flow }
    }
    return .next
  }

  /// As above, with variables of its own.
  private func runInside(_ statements: [JinjaStatement]) throws(JinjaError) -> Flow {
    let outer = scope
    scope = try inner(of: outer)
    defer { scope = outer }
    return try run(statements)
  }

  /// An empty scope in `outer`. Macros that define macros could nest them without end.
  func inner(of outer: JinjaScope) throws(JinjaError) -> JinjaScope {
    guard outer.level < JinjaLimits.evaluationDepth else {
      throw fail("variables are in more than \(JinjaLimits.evaluationDepth) blocks", .limit)
    }
    return JinjaScope(parent: outer)
  }

  private func run(_ statement: JinjaStatement) throws(JinjaError) -> Flow {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression): try write(try string(try evaluate(expression)))
    case .if(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test).isTrue { return try run(branch.body) }
      return try run(otherwise)
    case .for(let loop): try run(loop)
    case .set(let target, let expression):
      let value = try evaluate(expression)
      offset = statement.offset
      try assign(value, to: target)
    case .setBlock(let target, let filters, let body):
      let text = try capture { () throws(JinjaError) in _ = try runInside(body) }
      try assign(try apply(filters, to: .text(text)), to: target)
    case .macro(let syntax):
      try assign(try define(syntax), to: .name(syntax.name))
    case .call(let syntax, let call):
      try write(try string(try evaluate(call, caller: try define(syntax))))
    case .filter(let filters, let body):
      let text = try capture { () throws(JinjaError) in _ = try runInside(body) }
      try write(try string(try apply(filters, to: .text(text))))
    case .with(let assignments, let body):
      let outer = scope
      let inner = try inner(of: outer)
      defer { scope = outer }
      for assignment in assignments {
        let value = try evaluate(assignment.value)
        scope = inner
        try assign(value, to: assignment.target)
        scope = outer
      }
      scope = inner
      return try run(body)
    case .generation(let body): _ = try runInside(body)
    case .break: return .break
    case .continue: return .continue
    }
    return .next
  }

  private func define(_ syntax: JinjaMacroSyntax) throws(JinjaError) -> JinjaValue {
    try charge(8 * JinjaLimits.elementWork)
    macros.append(Macro(syntax: syntax, scope: scope))
    return .macro(macros.count - 1)
  }

  private func run(_ loop: JinjaLoopSyntax) throws(JinjaError) {
    let outer = scope
    defer { scope = outer }
    var items = try elements(try evaluate(loop.values))
    if let condition = loop.condition {
      var kept: [JinjaValue] = []
      for item in items {
        scope = try inner(of: outer)
        try assign(item, to: loop.target)
        if try evaluate(condition).isTrue { kept.append(item) }
      }
      scope = outer
      items = kept
    }
    let list = JinjaList(items)
    try check(depth: list.depth)
    for (index, item) in items.enumerated() {
      try charge(JinjaLimits.stepWork)
      scope = try inner(of: outer)
      scope.values["loop"] = .loop(JinjaLoop(items: list, index: index))
      try assign(item, to: loop.target)
      if try run(loop.body) == .break { break }
    }
    scope = outer
    if items.isEmpty { _ = try runInside(loop.otherwise) }
  }

  func assign(_ value: JinjaValue, to target: JinjaTarget) throws(JinjaError) {
    switch target {
    case .name(let name):
      try charge(name.utf8.count)
      scope.values[name] = value
    case .tuple(let targets):
      let values = try elements(value)
      guard values.count == targets.count else {
        throw fail("\(values.count) values are assigned to \(targets.count) names")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target) }
    case .attribute(let name, let attribute):
      guard case .namespace(let number)? = scope.find(name) else {
        throw fail("\(shortened(name)) is no namespace, and only their attributes can be set")
      }
      guard attribute.units.first != 0x5F else {
        throw fail("an attribute of a namespace may not begin with _")
      }
      try check(depth: value.depth + 1)
      namespaces[number].set(.text(attribute), .text(attribute), value)
    }
  }
}
