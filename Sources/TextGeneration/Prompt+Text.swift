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
  /// The prompt that is a conversation written out, with the tokens the vocabulary adds around it: names of special
  /// tokens mean these, and where one of them is the BOS that is added, there is one.
  public func prompt(writtenConversation text: String) -> Prompt {
    let prompt = prompt(text, parseSpecial: true)
    guard vocabulary.addsBOS, let bosToken, prompt.tokens.starts(with: [bosToken, bosToken]) else {
      return prompt
    }
    return Prompt(Array(prompt.tokens.dropFirst()), firstContent: max(0, prompt.firstContent - 1))
  }

  /// The prompt that is `text` itself, with the tokens the vocabulary adds around it.
  public func prompt(_ text: String, parseSpecial: Bool = false) -> Prompt {
    Prompt(
      encode(text, addSpecial: true, parseSpecial: parseSpecial),
      firstContent: vocabulary.addsBOS ? 1 : 0)
  }
}
