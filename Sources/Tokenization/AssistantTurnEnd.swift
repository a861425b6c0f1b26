/// What ends the assistant's turn: tokens, and texts for models that write them out or have no token.
public struct AssistantTurnEnd: Sendable, Equatable {
  /// Tokens after which the assistant has said all.
  public var tokens: Set<Int> = []
  /// Texts before which the answer ends.
  public var strings: [String] = []
}

extension ChatTemplate {
  /// What the template writes behind what the assistant says, and in front of what the user says then.
  ///
  /// The first control token there ends the turn, unless text comes before it, which then does; the names
  /// of control tokens there are never a part of an answer. A template that refuses the conversation
  /// which is tried, or leaves out what the assistant says, tells nothing; the vocabulary's own end
  /// tokens remain.
  public func assistantTurnEnd(with tokenizer: Tokenizer) -> AssistantTurnEnd {
    guard case .own = self else {
      guard case .family(let family) = self else { return AssistantTurnEnd() }
      return AssistantTurnEnd(strings: family.stopStrings)
    }
    let messages = [
      ChatMessage(.user, "question"), ChatMessage(.assistant, "answer"),
      ChatMessage(.user, "question"),
    ]
    guard
      let segments = try? segments(messages, with: tokenizer, addGenerationPrompt: false),
      let answer = segments.firstIndex(of: TextSegment("answer", isMarkup: false))
    else { return AssistantTurnEnd() }
    let markup = segments[(answer + 1)...].prefix(while: \.isMarkup)
    return end(in: markup.map(\.text).joined(), tokenizer)
  }

  private func end(in markup: String, _ tokenizer: Tokenizer) -> AssistantTurnEnd {
    var end = AssistantTurnEnd()
    var text: [UInt8] = []
    func add(_ string: String) {
      let trimmed = MarkedText(string).stripped().string
      if !trimmed.isEmpty, !end.strings.contains(trimmed) { end.strings.append(trimmed) }
    }
    for id in tokenizer.encode([TextSegment(markup, isMarkup: true)], addSpecial: false) {
      guard tokenizer.type(of: id) == .control else {
        // Text behind the first control token is of the next turn.
        if end.tokens.isEmpty { text += tokenizer.bytes(of: id) }
        continue
      }
      if end.tokens.isEmpty {
        add(String(decoding: text, as: UTF8.self))
        end.tokens.insert(id)
      }
      add(tokenizer.piece(of: id))
    }
    if end.tokens.isEmpty { add(String(decoding: text, as: UTF8.self)) }
    return end
  }
}
