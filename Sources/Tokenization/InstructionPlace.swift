/// Where an instruction stands in a conversation, in front of what the user says first.
public enum InstructionPlace: String, Sendable, Codable, CaseIterable {
  /// At the beginning of the user's turn, on a line of its own.
  case user
  /// In a system turn before it.
  case system
}

extension ChatFamily {
  /// The tokens of a conversation up to where the user's first words stand: of one that begins with `system`,
  /// if it is not nil or empty, or with the user's turn.
  public func opening(after system: String? = nil, with tokenizer: Tokenizer) -> [Int] {
    guard let system, !system.isEmpty else {
      return Array(
        encode([ChatMessage(.user, "x")], with: tokenizer, addGenerationPrompt: false)
          .prefix(firstContentToken(after: .user, with: tokenizer)))
    }
    return beginning([ChatMessage(.system, system)], with: tokenizer)
  }

  /// The same with `instruction` in front of the user's words: what takes the place of `opening(after:)`. What
  /// is between the instruction and the words is in it; the words are tokenized apart.
  ///
  ///     <|im_start|>user\nINSTRUCTION\n                                             user
  ///     <|im_start|>system\nINSTRUCTION<|im_end|>\n<|im_start|>user\n               system
  ///     <|im_start|>system\nSYSTEM<|im_end|>\n<|im_start|>user\nINSTRUCTION\n        user, after SYSTEM
  ///     <|im_start|>system\nSYSTEM\nINSTRUCTION<|im_end|>\n<|im_start|>user\n        system, after SYSTEM
  ///
  /// A template that trims what is said trims the instruction too.
  public func opening(
    with instruction: String, in place: InstructionPlace, after system: String? = nil,
    with tokenizer: Tokenizer
  ) -> [Int] {
    switch place {
    case .user:
      return opening(after: system, with: tokenizer)
        + tokenizer.encode(instruction + "\n", addSpecial: false, parseSpecial: false)
    case .system:
      let said = system.map { $0.isEmpty ? "" : $0 + "\n" } ?? ""
      return beginning([ChatMessage(.system, said + instruction)], with: tokenizer)
    }
  }

  /// The tokens of `messages` and of the user's turn behind them, up to the user's words.
  private func beginning(_ messages: [ChatMessage], with tokenizer: Tokenizer) -> [Int] {
    let plain = encode([ChatMessage(.user, "x")], with: tokenizer, addGenerationPrompt: false)
    let whole = encode(
      messages + [ChatMessage(.user, "x")], with: tokenizer, addGenerationPrompt: false)
    // Of both conversations the end is the same from the user's words on.
    return Array(
      whole.dropLast(plain.count - firstContentToken(after: .user, with: tokenizer)))
  }
}
