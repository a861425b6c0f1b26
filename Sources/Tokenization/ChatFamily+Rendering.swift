extension ChatFamily {
  /// The conversation as text, without a BOS token in front.
  ///
  /// - Parameters:
  ///   - messages: the turns, in order.
  ///   - addGenerationPrompt: begin the assistant's turn at the end.
  ///   - bos: how the model writes the beginning of a text, for templates that repeat it.
  ///   - eos: how the model writes the end of a text, for templates that end turns so.
  public func render(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, bos: String = "<s>", eos: String = "</s>"
  ) -> String {
    segments(messages, addGenerationPrompt: addGenerationPrompt, bos: bos, eos: eos)
      .map(\.text).joined()
  }

  /// The conversation as `render` writes it, markup and content apart.
  public func segments(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, bos: String = "<s>", eos: String = "</s>"
  ) -> [TextSegment] {
    var prompt = Prompt()
    switch self {
    case .llama2: prompt.addLlama2(messages, bos: bos, eos: eos)
    case .mistral: prompt.addMistral(messages, eos: eos)
    case .alpaca: prompt.addAlpaca(messages, eos: eos)
    case .chatml:
      for message in messages {
        prompt.markup("<|im_start|>\(message.role.rawValue)\n")
        prompt.content(message.content)
        prompt.markup("<|im_end|>\n")
      }
    case .zephyr:
      for message in messages {
        prompt.markup("<|\(message.role.rawValue)|>\n")
        prompt.content(message.content)
        prompt.markup("\(eos)\n")
      }
    case .llama3:
      for message in messages {
        prompt.markup("<|start_header_id|>\(message.role.rawValue)<|end_header_id|>\n\n")
        prompt.content(trimmed(message.content))
        prompt.markup("<|eot_id|>")
      }
    }
    if addGenerationPrompt { prompt.markup(generationPrompt(after: messages)) }
    return prompt.segments
  }

  /// The tokens of the conversation, ready for the model. Only the template's own markup becomes
  /// control tokens; their names in what people say stay text.
  public func encode(
    _ messages: [ChatMessage], with tokenizer: Tokenizer, addGenerationPrompt: Bool = true
  ) -> [Int] {
    let bos = tokenizer.bosToken
    let segments = segments(
      messages, addGenerationPrompt: addGenerationPrompt,
      bos: bos.map(tokenizer.piece) ?? "", eos: tokenizer.eosToken.map(tokenizer.piece) ?? "")
    let prefix = tokenizer.vocabulary.addsBOS || beginsWithBOS ? bos.map { [$0] } ?? [] : []
    return prefix + tokenizer.encode(segments, addSpecial: false)
  }

  /// The index, in what `encode` gives, of the first token after the opening of a conversation that
  /// begins with `role`: of what is said, or of what follows where nothing is said.
  public func firstContentToken(after role: ChatMessage.Role, with tokenizer: Tokenizer) -> Int {
    let bos = tokenizer.bosToken
    let opening = segments(
      [ChatMessage(role, "x")], addGenerationPrompt: false, bos: bos.map(tokenizer.piece) ?? "",
      eos: tokenizer.eosToken.map(tokenizer.piece) ?? ""
    ).prefix(while: \.isMarkup)
    let prefix = (tokenizer.vocabulary.addsBOS || beginsWithBOS) && bos != nil ? 1 : 0
    return prefix + tokenizer.encode(Array(opening), addSpecial: false).count
  }

  private func generationPrompt(after messages: [ChatMessage]) -> String {
    switch self {
    case .llama2, .mistral: ""
    case .chatml: "<|im_start|>assistant\n"
    case .zephyr: "<|assistant|>\n"
    case .alpaca: (messages.isEmpty ? "" : "\n\n") + "### Response:\n"
    case .llama3: "<|start_header_id|>assistant<|end_header_id|>\n\n"
    }
  }
}

/// Segments as they are put together.
private struct Prompt {
  private(set) var segments: [TextSegment] = []

  mutating func markup(_ text: String) {
    if !text.isEmpty { segments.append(TextSegment(text, isMarkup: true)) }
  }

  mutating func content(_ text: String) {
    if !text.isEmpty { segments.append(TextSegment(text, isMarkup: false)) }
  }

  /// A system turn is said at the beginning of the user's turn that follows; every turn of the user
  /// but the first begins a text anew.
  ///
  /// Source: the template published with Llama-2-7b-chat-hf.
  mutating func addLlama2(_ messages: [ChatMessage], bos: String, eos: String) {
    var system: [String] = []
    for (index, message) in messages.enumerated() {
      switch message.role {
      case .system:
        system.append(message.content)
        guard index + 1 == messages.count else { continue }
        addLlama2Turn(system, user: "", bos: index >= system.count ? bos : "")
      case .user:
        addLlama2Turn(system, user: message.content, bos: index > system.count ? bos : "")
        system = []
      case .assistant:
        markup(" ")
        content(trimmed(message.content))
        markup(" \(eos)")
      }
    }
  }

  private mutating func addLlama2Turn(_ system: [String], user: String, bos: String) {
    markup("\(bos)[INST] ")
    // The turn is trimmed as a whole: what the user says begins it only where the system says nothing.
    let rest = trimmed(user, atStart: system.isEmpty)
    if !system.isEmpty {
      markup("<<SYS>>\n")
      content(system.joined(separator: "\n"))
      markup(rest.allSatisfy(\.isWhitespace) ? "\n<</SYS>>" : "\n<</SYS>>\n\n")
    }
    if !rest.allSatisfy(\.isWhitespace) { content(rest) }
    markup(" [/INST]")
  }

  /// As the user's and the assistant's texts are, with nothing trimmed. The template has no place for the
  /// system's: it is said at the beginning of the user's turn that follows.
  ///
  /// Source: the template published with Mistral-7B-Instruct-v0.1; where the system's text goes is llama.cpp's
  /// choice (`mistral-v1`).
  mutating func addMistral(_ messages: [ChatMessage], eos: String) {
    var isInside = false
    for message in messages {
      if message.role != .assistant, !isInside {
        markup("[INST] ")
        isInside = true
      }
      switch message.role {
      case .system:
        content(message.content)
        markup("\n\n")
      case .user:
        content(message.content)
        markup(" [/INST]")
      case .assistant:
        content(message.content)
        markup(eos + " ")
        isInside = false
      }
    }
  }

  /// Turns stand a blank line apart; what is said without a heading is the system's.
  ///
  /// Source: the prompts of Stanford Alpaca, the introduction left to the caller's system turn.
  mutating func addAlpaca(_ messages: [ChatMessage], eos: String) {
    for (index, message) in messages.enumerated() {
      if index > 0 { markup("\n\n") }
      switch message.role {
      case .system: break
      case .user: markup("### Instruction:\n")
      case .assistant: markup("### Response:\n")
      }
      content(message.content)
      if message.role == .assistant { markup(eos) }
    }
  }
}

/// Without white space at both ends, or at the end alone.
private func trimmed(_ text: String, atStart: Bool = true) -> String {
  let scalars = text.unicodeScalars
  let first = scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
  let start = atStart ? first : scalars.startIndex
  let end = scalars[start...].lastIndex { !$0.properties.isWhitespace }.map(scalars.index(after:))
  return String(scalars[start..<(end ?? start)])
}
