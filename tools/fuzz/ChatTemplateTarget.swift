import TestSupport
import Tokenization

/// Reads and evaluates damaged and put-together chat templates.
///
/// The corpus has templates. An input is one of them, damaged, or pieces of Jinja in any order, which get
/// further into the evaluator. What comes out must not depend on chance, and what the user said must not
/// become markup.
struct ChatTemplateTarget: FuzzTarget {
  static let name = "template"

  private let corpus: [[UInt8]]
  private let mutator: ByteMutator

  init(corpus files: [CorpusFile]) throws {
    corpus = files.map(\.bytes)
    mutator = ByteMutator(donors: corpus)
  }

  private static let names = [
    "messages", "m", "x", "ns", "loop", "f", "message", "messages[0]", "messages[0].content",
    "m.role",
    "loop.index", "loop.previtem", "ns.x", "bos_token", "caller()", "undefined",
  ]
  private static let values = [
    "1", "0", "-1", "9223372036854775807", "0.5", "1e300", "'a'", "''", "'<|im_end|>'", "true",
    "none",
    "[]", "[1, 'b', x]", "{}", "{'a': x, 'b': messages}", "(1, 2)", "range(9)", "range(100000)",
    "namespace(x=x)", "dict(a=x)",
  ]
  private static let suffixes = [
    "|length", "|trim", "|upper", "|lower", "|title", "|tojson", "|tojson(indent=2)", "|string",
    "|int",
    "|list", "|first", "|last", "|join(x)", "|sort", "|unique", "|reverse", "|items", "|dictsort",
    "|map('upper')", "|map(attribute='role')|list", "|select('string')",
    "|selectattr('role', 'eq', 'user')",
    "|replace('a', x)", "|indent(3)", "|default(x)", "|sum", "|min", "|round", "|abs", "|format(x)",
    ".split('a')", ".split()", ".strip()", ".strip(x)", ".replace('', x)", ".items()", ".get('a')",
    ".startswith(x)", ".title()", ".format(x)", ".join(x)", ".find('a')", ".rfind('a')",
    ".count('a')",
    ".partition('a')", ".splitlines()", "[0]", "[-1]", "[::-1]", "[1:x]", "[x]", ".a", "(x)",
    "(x, a=1)",
    " is defined", " is string", " is in messages", " is divisibleby 3", " is not none",
  ]
  private static let operators = [
    " + ", " - ", " * ", " / ", " // ", " % ", " ** ", " ~ ", " and ", " or ", " == ", " < ",
    " in ",
    " not in ", " if x else ",
  ]
  private static let openings = [
    ("{% for m in ", " %}", "{% endfor %}"), ("{% for x in ", " %}", "{% else %}b{% endfor %}"),
    ("{% if ", " %}", "{% elif x %}c{% else %}d{% endif %}"), ("{% set x = ", " %}", ""),
    ("{% set ns.x = ", " %}", ""), ("{% set ns = namespace(x=", ") %}", ""),
    ("{% macro f(x, m=", ") %}", "{% endmacro %}{{ f(x) }}"),
    ("{% call f(", ") %}", "{% endcall %}"),
    ("{% with x = ", " %}", "{% endwith %}"),
    ("{% filter upper|replace('A', ", ") %}", "{% endfilter %}"),
    ("{% set x %}{{ ", " }}", "{% endset %}"), ("{{- ", " -}}", "\n  {#- c -#}"),
    ("{% generation %}{{ ", " }}", "{% endgeneration %}"), ("{{ ", " }}", "{% break %}"),
  ]

  private func expression(_ depth: Int, _ random: inout SplitMix64) -> String {
    let pool = Bool.random(using: &random) ? Self.names : Self.values
    var text = pool.randomElement(using: &random)!
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      switch Int.random(in: 0..<4, using: &random) {
      case 0 where depth > 0:
        text =
          "(\(text)\(Self.operators.randomElement(using: &random)!)"
          + "\(expression(depth - 1, &random)))"
      case 1: text += "[\(Self.names.randomElement(using: &random)!)]"
      default: text += Self.suffixes.randomElement(using: &random)!
      }
    }
    return text
  }

  private func statements(_ depth: Int, _ random: inout SplitMix64) -> String {
    var text = ""
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let tag = Self.openings.randomElement(using: &random)!
      let inner = depth > 0 ? statements(depth - 1, &random) : " t\n"
      text += tag.0 + expression(2, &random) + tag.1 + inner + tag.2
    }
    return text
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      // Deep or long beyond all limits.
      let piece = [
        "(", "[", "{% if 1 %}", "not ", "-", "{{", "x.", "x|upper|", "1+", "'a'~",
        "{% for x in 'ab' %}",
        "{% set ns.x = [ns.x, ns.x] %}", "{% set x = x ~ x %}", "a if b else ", "{% macro f() %}",
      ].randomElement(using: &random)!
      let count = Int.random(in: 1...3000, using: &random)
      let start = ["{{ ", "{% set x = 'a' %}{% set ns = namespace(x=1) %}", ""]
        .randomElement(using: &random)!
      return Array((start + String(repeating: piece, count: count) + "x }}").utf8)
    case 1:
      var bytes = corpus.randomElement(using: &random)!
      let form = Set("{}%'\"|.()[]-#\n ".utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let places = bytes.indices.filter { form.contains(bytes[$0]) }
        mutator.mutate(&bytes, places: places, &random)
      }
      return bytes
    default:
      return Array(("{% set ns = namespace(x=1) %}" + statements(2, &random)).utf8)
    }
  }

  func run(_ input: [UInt8]) -> String {
    let messages = [
      ChatMessage(.system, "\u{E000} be\n"), ChatMessage(.user, " \u{E000}<|im_end|> A "),
      ChatMessage(.assistant, "\u{E000}a"), ChatMessage(.user, "\u{E000}"),
    ]
    do throws(JinjaError) {
      let template = try JinjaTemplate(String(decoding: input, as: UTF8.self))
      func segments() throws(JinjaError) -> [TextSegment] {
        try template.segments(
          messages, addGenerationPrompt: true, specialTokens: ["bos_token": "<s>"],
          now: JinjaDate(year: 2024, month: 7, day: 26))
      }
      let written = try segments()
      let again = try segments()
      precondition(written == again, "two evaluations differ")
      // The mutator does not make this character.
      precondition(
        input.contains(0xEE)
          || written.allSatisfy { !$0.isMarkup || !$0.text.unicodeScalars.contains("\u{E000}") },
        "what the user said became markup")
      return "evaluated"
    } catch {
      precondition(
        error.kind == .refused || !error.description.unicodeScalars.contains { $0.value < 32 },
        "control character: \(error)")
      return "\(error.kind)"
    }
  }
}
