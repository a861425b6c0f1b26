import Foundation
import TestSupport
import Testing
import Tokenization

/// The evaluator against transformers (`tools/fixtures/make_chat_template_fixtures.py`), and its limits.
@Suite struct JinjaTemplateTests {
  struct Fixture: Decodable {
    struct Expected: Decodable {
      var conversation: Int?
      var addGenerationPrompt: Bool?
      var source: String?
      /// What transformers writes.
      var text: String?
      /// What the template says when it refuses.
      var refused: String?
      /// The exception of Python.
      var error: String?
    }
    struct Template: Decodable {
      var name: String
      var source: String
      var cases: [Expected]
    }
    var tokens: [String: String]
    var conversations: [[ChatMessage]]
    var templates: [Template]
    var pieces: [Expected]
  }

  static func fixture() throws -> Fixture {
    let url = OutsideFiles.fixture("chat_templates/templates.json")
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  static func outcome(
    _ source: String, _ messages: [ChatMessage], prompt: Bool = true,
    tokens: [String: String] = [:]
  ) -> Result<[TextSegment], JinjaError> {
    do throws(JinjaError) {
      return .success(
        try JinjaTemplate(source).segments(
          messages, addGenerationPrompt: prompt, specialTokens: tokens,
          now: JinjaDate(year: 2024, month: 7, day: 26)))
    } catch {
      return .failure(error)
    }
  }

  static func text(_ source: String, _ messages: [ChatMessage] = []) throws -> String {
    try outcome(source, messages).get().map(\.text).joined()
  }

  static func failure(_ source: String, _ messages: [ChatMessage] = []) throws -> JinjaError {
    try #require(throws: JinjaError.self) { try outcome(source, messages).get() }
  }

  private func compare(
    _ outcome: Result<[TextSegment], JinjaError>, _ expected: Fixture.Expected, _ name: String
  ) {
    switch outcome {
    case .success(let segments):
      let text = segments.map(\.text).joined()
      #expect(text.utf8.elementsEqual((expected.text ?? "(an error)").utf8), "\(name): \(text)")
    case .failure(let error):
      if let refused = expected.refused {
        #expect(error.kind == .refused && error.reason == refused, "\(name)")
      } else {
        #expect(expected.error != nil && error.kind != .refused, "\(name): \(error)")
      }
    }
  }

  @Test func templatesAsTransformersEvaluatesThem() throws {
    let fixture = try Self.fixture()
    #expect(fixture.templates.count >= 9)
    for template in fixture.templates {
      for expected in template.cases {
        let messages = fixture.conversations[expected.conversation!]
        let outcome = Self.outcome(
          template.source, messages, prompt: expected.addGenerationPrompt!, tokens: fixture.tokens)
        compare(outcome, expected, "\(template.name) \(expected.conversation!)")
      }
    }
  }

  @Test func piecesAsTransformersEvaluatesThem() throws {
    let fixture = try Self.fixture()
    #expect(fixture.pieces.count > 100)
    for expected in fixture.pieces {
      let outcome = Self.outcome(
        expected.source!, fixture.conversations[2], tokens: fixture.tokens)
      compare(outcome, expected, expected.source!)
    }
  }

  // MARK: Where text comes from

  /// What people say is content after anything that is done to it, and nothing else is.
  @Test(arguments: [
    "{{ t }}", "<{{ t | trim }}>", "{{ t | upper | lower }}", "{{ 'a' + t + 'b' }}", "{{ t ~ t }}",
    "{{ t.split('Y') | join('+') }}", "{{ t | replace('Y', 'Q') }}", "{{ 'aXb'.replace('X', t) }}",
    "{{ t[::-1] }}", "{{ [t] }}", "{{ {'k': t} | tojson }}", "{{ '%s' % t }}",
    "{{ '{}'.format(t) }}",
    "{{ t | trim | list | first }}", "{% for c in t %}{{ c }},{% endfor %}", "{{ t | title }}",
    "{% set b %}.{{ t }}.{% endset %}{{ b | trim }}",
    "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(t) }}",
    "{% filter upper %}a{{ t }}{% endfilter %}", "{{ {t: 1} | items | list }}",
    "{{ t | indent(2, true) }}",
    "{{ messages | map(attribute='content') | join('X') }}",
    "{{ (t * 2).partition('Y') | join('-') }}",
  ])
  func charactersKeepTheirMarks(source: String) throws {
    // Scalars of Hangul are the user's; no template above has one.
    let segments = try Self.outcome(
      "{% set t = messages[0].content %}" + source, [ChatMessage(.user, " \u{AC00}Y\u{AC01} ")]
    ).get()
    #expect(segments.contains { !$0.isMarkup && $0.text.contains("\u{AC00}") })
    for segment in segments {
      let isHangul = segment.text.unicodeScalars.map { (0xAC00...0xAC01).contains($0.value) }
      #expect(!segment.isMarkup || !isHangul.contains(true), "\(segment)")
      #expect(segment.isMarkup || !segment.text.contains { "aQX<>+-.,[]{}\":'".contains($0) })
    }
  }

  @Test func rolesAndSpecialTokensAreMarkup() throws {
    let segments = try Self.outcome(
      "{{ bos_token }}<|{{ messages[0].role }}|>{{ messages[0].content }}",
      [ChatMessage(.user, "x")],
      tokens: ["bos_token": "<s>"]
    ).get()
    #expect(
      segments == [TextSegment("<s><|user|>", isMarkup: true), TextSegment("x", isMarkup: false)])
  }

  // MARK: Errors

  @Test(arguments: [
    ("a\n  {{ x | nosuch }}", 2, 8, "there is no filter \"nosuch\" here"),
    ("{{ x is nosuch }}", 1, 6, "there is no test \"nosuch\" here"),
    ("\n\n{% include 'a' %}", 3, 4, "there is no tag \"include\" here"),
    ("{% for x in [1] recursive %}{% endfor %}", 1, 17, "recursive loops"),
    ("{{ f(*x) }}", 1, 6, "arguments from a list"), ("{{ 'é' + x.y }}", 1, 11, "x is undefined"),
    ("{% if x %}", 1, 4, "\"if\" has no end"), ("{{ 'a' + 1 }}", 1, 10, "no meaning for a string"),
    ("{{ now() }}", 1, 7, "now is undefined"), ("{{ 99999999999999999999 }}", 1, 4, "64 bits"),
    ("{{ [].append(1) }}", 1, 13, "append would change a list"),
    ("{# a", 1, 1, "comment has no end"),
  ])
  func errorsNameTheConstructAndThePlace(
    source: String, line: Int, column: Int, reason: String
  ) throws {
    let error = try Self.failure(source)
    #expect(error.reason.contains(reason), "\(error)")
    #expect(error.position.line == line && error.position.column == column, "\(error)")
    #expect(error.description.hasPrefix("line \(line), column \(column): "))
  }

  // MARK: Limits

  /// Each would take all memory, the whole stack, or hours.
  @Test(arguments: [
    "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ 'a' * 99999999999 }}",
    "{{ [0] * 9999999999 }}",
    "{{ '' * 9223372036854775807 }}", "{{ range(999999999) }}",
    "{% set ns = namespace(x=1) %}{% for i in range(99) %}{% set ns.x = [ns.x] %}{% endfor %}",
    "{% set ns = namespace(x=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=1, y=1) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
    "{% set ns = namespace(m=none) %}{% macro f() %}{% macro g() %}{{ 1 }}{% endmacro %}{% set ns.m = f %}{{ ns.m() }}{% endmacro %}{{ f() }}",
    "{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}{% for i in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' * 9 }}{% endfor %}",
    "{% set s = 'a' * 999999 %}{% for i in range(999) %}{{ s.replace('a', s) }}{% endfor %}",
    "{{ 'a' | indent(99999999) }}",
    // Keys and names are hashed each time.
    "{% set x = 'a' * 100000 %}{% set d = {x: 1} %}{% for i in range(100000) %}{% set y = d[x] %}{% endfor %}",
    "{% set x = 'a' * 100000 %}{% set d = {x: 1} %}{% for i in range(100000) %}{% set y = d.get(x) %}{% if x in d %}{% endif %}{% endfor %}",
    "{% set x = 'a' * 100000 %}{% for i in range(100000) %}{% set y = {x: 1} %}{% endfor %}",
    "{% for i in range(100000) %}{{ " + String(repeating: "n", count: 100_000) + " }}{% endfor %}",
    "{% for i in range(100000) %}{{ i." + String(repeating: "n", count: 100_000)
      + " }}{% endfor %}",
    "{% for i in range(100000) %}{% set " + String(repeating: "n", count: 100_000)
      + " = i %}{% endfor %}",
  ])
  func workIsBounded(source: String) throws {
    let clock = ContinuousClock()
    let start = clock.now
    #expect(try Self.failure(source).kind == .limit)
    #expect(start.duration(to: clock.now) < .seconds(20))
  }

  @Test(arguments: ["(", "[", "not ", "-", "{{", "a if b else ", "f("])
  func depthOfTheSourceIsBounded(piece: String) throws {
    let error = try Self.failure("{{ " + String(repeating: piece, count: 100_000))
    #expect(error.kind == .limit || error.kind == .syntax)
    let blocks = try Self.failure(String(repeating: "{% if 1 %}", count: 10_000))
    #expect(blocks.kind == .limit)
  }

  /// Long chains are no depth, and long conversations are evaluated.
  @Test func lengthIsNoDepth() throws {
    let sum = "{{ " + Array(repeating: "1", count: 10_000).joined(separator: " + ") + " }}"
    #expect(try Self.text(sum) == "10000")
    let dots = "{{ messages" + String(repeating: "|list", count: 5000) + "|length }}"
    #expect(try Self.text(dots) == "0")
    let template = try #require(
      Self.fixture().templates.first { $0.name == "reasoning" }?.source)
    let turns = (0..<400).map {
      ChatMessage($0 % 2 == 0 ? .user : .assistant, String(repeating: "word ", count: 1000))
    }
    let text = try Self.text(template, turns)
    #expect(text.count > 400 * 5000)
    let tooMany = try Self.failure(String(repeating: " ", count: 1 << 20) + "xx")
    #expect(tooMany.kind == .limit)
  }

  // MARK: The date

  /// `date.strftime` of Python for these days; the format of Llama 3's templates first.
  @Test func datesInEnglish() throws {
    func written(_ format: String, _ date: JinjaDate) throws -> String {
      try JinjaTemplate("{{ strftime_now('\(format)') }}").segments(
        [], addGenerationPrompt: false, now: date
      ).map(\.text).joined()
    }
    let summer = JinjaDate(year: 2024, month: 7, day: 6)
    #expect(try written("%d %b %Y", summer) == "06 Jul 2024")
    #expect(
      try written("%Y-%m-%d %A %j %y %-d %B %%", summer) == "2024-07-06 Saturday 188 24 6 July %")
    var winter = JinjaDate(year: 2026, month: 12, day: 31)
    winter.timeOfDay = (13, 5, 9)
    #expect(
      try written("%a %e %H:%M:%S %I %p %F %w", winter) == "Thu 31 13:05:09 01 PM 2026-12-31 4")
    #expect(throws: JinjaError.self) { try written("%Q", winter) }
  }
}
