import LanguageModels
import Tokenization

extension ChatTemplate {
  /// The prompt that asks for an answer to a conversation; its content begins with the first message's.
  public func prompt(
    _ messages: [ChatMessage], with tokenizer: Tokenizer
  ) throws(TokenizationError) -> Prompt {
    Prompt(
      try encode(messages, with: tokenizer),
      firstContent: try firstContentToken(after: messages.first?.role ?? .user, with: tokenizer))
  }
}

extension Tokenizer {
  /// The prompt that is `text` itself, with the tokens the vocabulary adds around it.
  public func prompt(_ text: String, parseSpecial: Bool = false) -> Prompt {
    Prompt(
      encode(text, addSpecial: true, parseSpecial: parseSpecial),
      firstContent: vocabulary.addsBOS ? 1 : 0)
  }
}

extension Prompt {
  /// A conversation as text may name the BOS that is put in front of all text: the same with one.
  package func withoutSecondBOS(_ tokenizer: Tokenizer) -> Prompt {
    guard tokenizer.vocabulary.addsBOS, let bos = tokenizer.bosToken,
      tokens.starts(with: [bos, bos])
    else { return self }
    return Prompt(Array(tokens.dropFirst()), firstContent: max(0, firstContent - 1))
  }
}
