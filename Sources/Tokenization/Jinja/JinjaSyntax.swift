/// An expression, and where it begins in the source.
///
/// Chains (`a.b[c](d)|e`, `a + b - c`, `a and b`) are flat, so that depth is that of brackets and blocks.
struct JinjaExpression: Sendable {
  indirect enum Kind: Sendable {
    case literal(JinjaValue)
    case name(String)
    case list([JinjaExpression], isTuple: Bool)
    case dictionary([(key: JinjaExpression, value: JinjaExpression)])
    /// `base.name`, `base[item]`, `base(...)`, `base|filter`, `base is test`, any number of them.
    case postfix(JinjaExpression, [JinjaPostfix])
    case not(JinjaExpression)
    case sign(JinjaExpression, isNegative: Bool)
    case and([JinjaExpression])
    case or([JinjaExpression])
    /// Operators of one rank, from left to right.
    case arithmetic(JinjaExpression, [JinjaOperation])
    case comparison(JinjaExpression, [JinjaOperation])
    case concatenation([JinjaExpression])
    /// `value if test else otherwise`.
    case conditional(JinjaExpression, test: JinjaExpression, otherwise: JinjaExpression?)
  }

  var kind: Kind
  var offset: Int
}

/// An operator with what stands at its right.
struct JinjaOperation: Sendable {
  var symbol: String
  var operand: JinjaExpression
}

/// What follows an expression and works on it.
struct JinjaPostfix: Sendable {
  enum Kind: Sendable {
    case attribute(MarkedText)
    case item(JinjaExpression)
    case slice(from: JinjaExpression?, to: JinjaExpression?, step: JinjaExpression?)
    case call(JinjaArguments)
    case filter(String, JinjaArguments)
    case test(String, isNegated: Bool, JinjaArguments)
  }

  var kind: Kind
  var offset: Int
}

/// What stands between the parentheses of a call.
struct JinjaArguments: Sendable {
  var positional: [JinjaExpression] = []
  var named: [(name: String, value: JinjaExpression)] = []
}

/// What is assigned to.
indirect enum JinjaTarget: Sendable {
  case name(String)
  case tuple([JinjaTarget])
  /// `name.attribute` of a namespace.
  case attribute(String, MarkedText)
}

/// A tag or a text, and where it begins in the source.
struct JinjaStatement: Sendable {
  indirect enum Kind: Sendable {
    case text(MarkedText)
    case output(JinjaExpression)
    case `if`([(test: JinjaExpression, body: [JinjaStatement])], otherwise: [JinjaStatement])
    case `for`(JinjaLoopSyntax)
    case set(JinjaTarget, JinjaExpression)
    /// `{% set name|filter %}...{% endset %}`.
    case setBlock(JinjaTarget, filters: [JinjaPostfix], body: [JinjaStatement])
    case macro(JinjaMacroSyntax)
    /// `{% call(...) macro(...) %}...{% endcall %}`.
    case call(JinjaMacroSyntax, JinjaExpression)
    case filter([JinjaPostfix], body: [JinjaStatement])
    case with([(target: JinjaTarget, value: JinjaExpression)], body: [JinjaStatement])
    /// What the assistant says: `{% generation %}`.
    case generation([JinjaStatement])
    case `break`
    case `continue`
  }

  var kind: Kind
  var offset: Int
}

struct JinjaLoopSyntax: Sendable {
  var target: JinjaTarget
  var values: JinjaExpression
  var condition: JinjaExpression?
  var body: [JinjaStatement]
  var otherwise: [JinjaStatement]
}

struct JinjaMacroSyntax: Sendable {
  var name: String
  /// The last ones may have a default.
  var parameters: [(name: String, value: JinjaExpression?)]
  var body: [JinjaStatement]
}
