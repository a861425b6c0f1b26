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
