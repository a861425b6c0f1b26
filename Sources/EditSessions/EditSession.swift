import LanguageModels
import LatentEditing
import Synchronization
import TextGeneration
import Tokenization

/// A conversation with an edited model, whose work is done on a thread of its own.
///
/// Turns that are said while another is answered wait for it. Dropping a stream ends its answer, whose
/// beginning stays in the conversation; a stream that is dropped before its turn has none.
public final class EditSession: Sendable {
  private let core: Confined<SessionCore>
  private let thread: SessionThread

  init(_ core: Confined<SessionCore>, on thread: SessionThread) {
    self.core = core
    self.thread = thread
  }

  /// The answer to `text`, piece by piece as it is certain.
  public func respond(
    to text: String, options: GenerationOptions = GenerationOptions()
  ) -> AsyncThrowingStream<String, any Error> {
    stream(text, options) { event in
      switch event {
      case .token(_, let piece), .heldBack(let piece): piece.isEmpty ? nil : piece
      case .prefill, .finished: nil
      }
    }
  }

  /// All that happens while `text` is answered: the prompt being read, tokens, why it ended and how long it
  /// took.
  public func events(
    answering text: String, options: GenerationOptions = GenerationOptions()
  ) -> AsyncThrowingStream<GenerationEvent, any Error> {
    stream(text, options) { $0 }
  }

  /// The turns so far, the system's first if there is one.
  public var messages: [ChatMessage] {
    get async throws {
      let core = core
      return try await thread.run { core.value.chat.messages }
    }
  }

  /// Forgets the turns; begins with `system`, if it is not nil or empty. An editor that reads its instruction as
  /// the beginning of the conversation reads it again, beside that text: throws what it throws, and the
  /// conversation is then as it was.
  public func restart(system: String? = nil) async throws {
    let core = core
    try await thread.run { try core.value.restart(system: system) }
  }

  private func stream<Element: Sendable>(
    _ text: String, _ options: GenerationOptions,
    _ element: @escaping @Sendable (GenerationEvent) -> Element?
  ) -> AsyncThrowingStream<Element, any Error> {
    let (stream, continuation) = AsyncThrowingStream<Element, any Error>.makeStream()
    let drop = Drop()
    continuation.onTermination = { _ in drop.isDropped.store(true, ordering: .relaxed) }
    // Until it has answered, the job keeps the thread.
    thread.enqueue { [core, thread] in
      guard !drop.isDropped.load(ordering: .relaxed) else { return }
      do {
        try core.value.say(text, options: options) { event in
          if let element = element(event) { continuation.yield(element) }
          return drop.isDropped.load(ordering: .relaxed) ? .stop : .more
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: error)
      }
      withExtendedLifetime(thread) {}
    }
    return stream
  }

  private final class Drop: Sendable {
    let isDropped = Atomic(false)
  }
}

/// The conversation itself, which the session's thread alone uses.
struct SessionCore {
  let chat: ChatSession
  private let end: AssistantTurnEnd
  private let model: any SequenceModel
  private let opening: (_ system: String?) throws -> CompiledEdit?

  /// `opening` is what a prefix editor makes of the beginning of conversations with that system text; nil where
  /// there is none such.
  init(
    _ model: any SequenceModel, tokenizer: Tokenizer, template: ChatTemplate, system: String?,
    opening: @escaping (_ system: String?) throws -> CompiledEdit?
  ) {
    self.model = model
    self.opening = opening
    chat = ChatSession(
      Generator(model, tokenizer: tokenizer, startsText: true), tokenizer: tokenizer,
      template: template, system: system)
    end = template.assistantTurnEnd(with: tokenizer)
  }

  func restart(system: String?) throws {
    if system ?? "" != chat.system ?? "", let edited = model as? EditedProcessor,
      let other = try opening(system)
    {
      edited.replaceOpening(other)
    }
    chat.restart(system: system)
  }

  func say(
    _ text: String, options: GenerationOptions, listener: (GenerationEvent) -> GenerationAnswer
  ) throws {
    var options = options
    options.end(at: end)
    try chat.say(text, options: options, listener: listener)
  }
}
