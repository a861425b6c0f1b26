import Tokenization

/// A conversation with a model. Each turn continues the cache of the turns before: what the
/// conversation begins with in common with them is not fed again.
public final class ChatSession {
  private let generator: Generator
  private let encode: ([ChatMessage]) throws(TextGenerationError) -> [Int]
  /// The turns so far, the system's first if there is one.
  public private(set) var messages: [ChatMessage] = []

  /// A conversation written by `template`; `say` throws where it cannot be.
  public convenience init(
    _ generator: Generator, tokenizer: Tokenizer, template: ChatTemplate, system: String? = nil
  ) {
    self.init(generator, system: system) { messages throws(TextGenerationError) in
      do throws(TokenizationError) {
        return try template.encode(messages, with: tokenizer)
      } catch {
        throw .tokenization(error)
      }
    }
  }

  /// As above, with the tokens of a conversation, up to where the assistant speaks, by `encode`.
  public init(
    _ generator: Generator, system: String? = nil,
    encode: @escaping ([ChatMessage]) throws(TextGenerationError) -> [Int]
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

  /// Says `text` and lets the model answer, reporting as `Generator.run` does. The answer, also one
  /// that was cut short, becomes part of the conversation; when it throws, `text` does not either.
  public func say(
    _ text: String, options: GenerationOptions = GenerationOptions(),
    listener: (GenerationEvent) -> GenerationAnswer
  ) throws(TextGenerationError) {
    messages.append(ChatMessage(.user, text))
    var answer = ""
    do {
      try generator.run(prompt: try encode(messages), options: options) { event in
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
