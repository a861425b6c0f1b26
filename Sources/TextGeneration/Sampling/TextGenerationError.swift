import LanguageModels
import Tokenization

/// What can go wrong while text is generated.
public enum TextGenerationError: Error, CustomStringConvertible {
  /// The model returned no logits.
  case noLogits
  /// A logit is NaN or +infinity.
  case unusableLogit(token: Int, value: Float)
  /// Every token's logit is -infinity.
  case everythingMasked(tokens: Int)
  /// A sampling option is out of range.
  case samplingOption(name: String, value: String, needed: String)
  /// A stop string is empty.
  case emptyStopString
  /// There is no token to start from.
  case emptyPrompt
  /// The prompt does not fit in the context.
  case promptTooLong(tokens: Int, contextLength: Int)
  /// The model failed.
  case model(LanguageModelError)
  /// The model, as it is edited, cannot take the prompt.
  case prompt(PromptError)
  /// The tokenizer or the chat template failed.
  case tokenization(TokenizationError)

  /// One sentence: what was found, what was needed, what to do.
  public var description: String {
    switch self {
    case .noLogits:
      "The model returned no logits; its vocabulary is empty."
    case .unusableLogit(let token, let value):
      "The model gave token \(token) the logit \(value), so nothing can be chosen; the weights are "
        + "damaged or overflow (try --activations f32)."
    case .everythingMasked(let tokens):
      "All \(tokens) tokens have the logit -infinity, so nothing can be chosen."
    case .samplingOption(let name, let value, let needed):
      "The \(name) is \(value) but must be \(needed)."
    case .emptyStopString:
      "A stop string is empty; give at least one character."
    case .emptyPrompt:
      "The prompt has no tokens, and this model does not add one at the start; give some text."
    case .promptTooLong(let tokens, let contextLength):
      "The prompt has \(tokens) tokens but the context holds \(contextLength); shorten it or ask "
        + "for a longer context (--ctx-size)."
    case .model(let error): error.description
    case .prompt(let error): error.description
    case .tokenization(let error): error.description
    }
  }
}
