/// Where an instruction stands in a conversation, in front of what the user says first.
public enum InstructionPlace: String, Sendable, Codable, CaseIterable {
  /// At the beginning of the user's turn, on a line of its own.
  case user
  /// In a system turn before it.
  case system
}

extension ChatFamily {
  /// The tokens of a conversation up to where the user's first words stand, with `instruction` in front of
  /// them: what takes the place of the first `firstContentToken(after: .user)` tokens of the conversation
  /// without it. What is between the instruction and the words is in it; the words are tokenized apart.
  ///
  ///     <|im_start|>user\nINSTRUCTION\n                                             user
  ///     <|im_start|>system\nINSTRUCTION<|im_end|>\n<|im_start|>user\n               system
  ///
  /// A template that trims what is said trims the instruction too.
  public func opening(
    with instruction: String, in place: InstructionPlace, with tokenizer: Tokenizer
  ) -> [Int] {
    let content = firstContentToken(after: .user, with: tokenizer)
    let plain = encode([ChatMessage(.user, "x")], with: tokenizer, addGenerationPrompt: false)
    switch place {
    case .user:
      return plain.prefix(content)
        + tokenizer.encode(instruction + "\n", addSpecial: false, parseSpecial: false)
    case .system:
      let whole = encode(
        [ChatMessage(.system, instruction), ChatMessage(.user, "x")], with: tokenizer,
        addGenerationPrompt: false)
      // Of both conversations the end is the same from the user's words on.
      return Array(whole.dropLast(plain.count - content))
    }
  }
}
