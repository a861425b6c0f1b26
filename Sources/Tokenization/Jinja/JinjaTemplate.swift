/// A chat template in Jinja, read once and evaluated for each conversation.
///
/// What templates use of the language is evaluated as transformers does: blocks trimmed, loops with
/// `break` and `continue`, `raise_exception`, `strftime_now`, `tojson` without escapes for HTML, nothing
/// changed but namespaces, undefined names empty. There is nothing in it that reaches outside: no
/// includes, no objects, no code. Work, memory and depth are bounded for any source (`JinjaLimits`).
public struct JinjaTemplate: Sendable {
  private let source: JinjaSource
  private let statements: [JinjaStatement]

  /// Reads `source`. Throws what is no Jinja, or none that is evaluated here.
  public init(_ source: String) throws(JinjaError) {
    self.source = JinjaSource(source)
    statements = try JinjaParser.statements(self.source)
  }

  /// The conversation as the template writes it: what the template says as markup, what people say as
  /// content, whatever the template does with it.
  ///
  /// - Parameters:
  ///   - messages: the turns, in order.
  ///   - addGenerationPrompt: begin the assistant's turn at the end.
  ///   - specialTokens: the texts of special tokens by their variables, such as `bos_token`.
  ///   - now: what `strftime_now` says.
  public func segments(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, specialTokens: [String: String] = [:],
    now: JinjaDate = .now
  ) throws(JinjaError) -> [TextSegment] {
    try rendering(
      messages, addGenerationPrompt: addGenerationPrompt, specialTokens: specialTokens, now: now
    ).segments
  }

  /// As above, and whether something that the system says is in it, or it says nothing.
  func rendering(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, specialTokens: [String: String],
    now: JinjaDate
  ) throws(JinjaError) -> (segments: [TextSegment], keepsSystemText: Bool) {
    let text = try text(
      messages, addGenerationPrompt: addGenerationPrompt, specialTokens: specialTokens, now: now)
    var segments: [TextSegment] = []
    var start = 0
    while start < text.count {
      let mark = text.units[start] & MarkedText.content
      let end = text.units[start...].firstIndex { $0 & MarkedText.content != mark } ?? text.count
      segments.append(TextSegment(text[start..<end].string, isMarkup: mark == 0))
      start = end
    }
    let speaks = messages.contains {
      $0.role == .system && $0.content.contains { !$0.isWhitespace }
    }
    return (segments, !speaks || text.units.contains { $0 & MarkedText.system != 0 })
  }

  private func text(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, specialTokens: [String: String],
    now: JinjaDate
  ) throws(JinjaError) -> MarkedText {
    var variables: [String: JinjaValue] = [
      "add_generation_prompt": .bool(addGenerationPrompt), "tools": .null, "documents": .null,
    ]
    for (name, text) in specialTokens { variables[name] = .text(text) }
    var characters = 0
    variables["messages"] = .list(
      JinjaList(
        messages.map { message in
          let marks = MarkedText.content | (message.role == .system ? MarkedText.system : 0)
          let content = MarkedText(message.content, marks: marks)
          characters += content.count
          return .dictionary(["role": .text(message.role.rawValue), "content": .text(content)])
        }))
    let evaluator = JinjaEvaluator(
      source, variables: variables, characters: characters, now: now)
    _ = try evaluator.run(statements)
    return evaluator.output
  }
}
