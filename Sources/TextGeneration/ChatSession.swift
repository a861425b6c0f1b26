import LanguageModels
import Tokenization

/// A conversation with a model. Each turn continues the cache of the turns before: what the
/// conversation begins with in common with them is not fed again.
public final class ChatSession {
  private let generator: Generator
  private let encode: ([ChatMessage]) throws(TokenizationError) -> Prompt
  /// The turns so far, the system's first if there is one.
  public private(set) var messages: [ChatMessage] = []

  /// A conversation written by `template`; `say` throws where it cannot be.
  public convenience init(
    _ generator: Generator, tokenizer: Tokenizer, template: ChatTemplate, system: String? = nil
  ) {
    self.init(generator, system: system) { messages throws(TokenizationError) in
      try template.prompt(messages, with: tokenizer)
    }
  }

  /// As above, with conversations written, up to where the assistant speaks, by `encode`.
  public init(
    _ generator: Generator, system: String? = nil,
    encode: @escaping ([ChatMessage]) throws(TokenizationError) -> Prompt
  ) {
    self.generator = generator
    self.encode = encode
    restart(system: system)
  }

  /// What the system said at the beginning.
  public var system: String? { messages.first.flatMap { $0.role == .system ? $0.content : nil } }

  /// Forgets the turns; begins with `system`, if it is not nil or empty.
  public func restart(system: String?) {
    messages = []
    if let system, !system.isEmpty { messages.append(ChatMessage(.system, system)) }
  }

  /// The conversation so far.
  private func written() throws(TextGenerationError) -> Prompt {
    do throws(TokenizationError) {
      return try encode(messages)
    } catch {
      throw .tokenization(error)
    }
  }

  /// Says `text` and lets the model answer, reporting as `Generator.run` does. The answer, also one
  /// that was cut short, becomes part of the conversation; when it throws, `text` does not either.
  public func say(
    _ text: String, options: GenerationOptions = GenerationOptions(),
    listener: (GenerationEvent) -> GenerationAnswer
  ) throws(TextGenerationError) {
    messages.append(ChatMessage(.user, text))
    var answer = ""
    do throws(TextGenerationError) {
      try generator.run(prompt: try written(), options: options) { event in
        switch event {
        case .token(_, let text), .heldBack(let text): answer += text
        case .prefill, .finished: break
        }
        return listener(event)
      }
    } catch {
      messages.removeLast()
      throw error
    }
    messages.append(ChatMessage(.assistant, answer))
  }
}
