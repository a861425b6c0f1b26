import LanguageModels
import TextGeneration
import Tokenization

/// Prompts of the forms that `prompt` may have: a text, ids of tokens, both mixed, an object with a
/// `prompt_string`, or an array of these.
struct PromptInput {
  let tokenizer: Tokenizer

  /// The prompts. Throws what is wrong with them.
  func prompts(_ value: JSONValue?) throws(ServerError) -> [Prompt] {
    guard let value else { throw .invalid("'prompt' is required", param: "prompt") }
    guard let array = value.array else { return [try prompt(value)] }
    // One of ids, or of ids and texts that follow each other, is one prompt.
    if !array.isEmpty,
      array.contains(where: { $0.integer != nil })
        && array.allSatisfy({ $0.integer != nil || $0.string != nil })
    {
      return [try prompt(value)]
    }
    guard !array.isEmpty else { throw .invalid("'prompt' is empty", param: "prompt") }
    var prompts: [Prompt] = []
    for element in array { prompts.append(try prompt(element)) }
    return prompts
  }

  private func prompt(_ value: JSONValue) throws(ServerError) -> Prompt {
    switch value {
    case .string(let text): return tokenizer.prompt(text, parseSpecial: true)
    case .object(let object):
      if object["multimodal_data"].map({ $0 != .null && $0 != .array([]) }) ?? false {
        throw .unsupported("prompt.multimodal_data", "this model reads text alone")
      }
      guard let text = object["prompt_string"]?.string else {
        throw .invalid("'prompt' is an object without a prompt_string", param: "prompt")
      }
      return tokenizer.prompt(text, parseSpecial: true)
    case .array(let elements):
      var tokens: [Int] = []
      for (index, element) in elements.enumerated() {
        if let text = element.string {
          tokens += tokenizer.encode(text, addSpecial: index == 0, parseSpecial: true)
        } else {
          tokens.append(try token(element))
        }
      }
      let begins = tokens.first.map { $0 == tokenizer.bosToken } ?? false
      return Prompt(tokens, firstContent: begins && tokens.count > 1 ? 1 : 0)
    default:
      throw .invalid(
        "'prompt' is \(value.kind), and must be a string, ids of tokens, or an array of these",
        param: "prompt")
    }
  }

  private func token(_ value: JSONValue) throws(ServerError) -> Int {
    guard let id = value.integer, (0..<tokenizer.vocabularyCount).contains(id) else {
      throw .invalid(
        "'prompt' has a token that is not among the \(tokenizer.vocabularyCount) of the model",
        param: "prompt")
    }
    return id
  }
}
