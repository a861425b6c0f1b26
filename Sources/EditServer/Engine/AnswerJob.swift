import LanguageModels
import Synchronization
import TextGeneration

/// How one sequence is generated.
package struct AnswerOptions: Sendable {
  /// How tokens are chosen.
  package var sampler = SamplerOptions()
  /// Tokens at most; nil until the model ends or the context is full.
  package var maximumTokens: Int?
  /// The text ends before the first of these.
  package var stops: [String] = []
  /// As these, and the white space before them is left out too.
  package var turnEnds: [String] = []
  /// Tokens that end the text, beside those of the vocabulary.
  package var endTokens: Set<Int> = []
  /// End tokens are never chosen.
  package var ignoresEnd = false
  /// The likeliest tokens that are told of each; nil for none.
  package var probabilities: Int?
  /// Told as they are after sampling.
  package var probabilitiesAfterSampling = false
  /// The same of the prompt's tokens, and the prompt is text of the answer.
  package var echoes = false
  /// What is in the cache may be used.
  package var usesCache = true
  /// Whether what happens is told as it happens, and not at the end.
  package var streams = false
  /// How tokens are drafted from what came before; nil for one at a time.
  package var speculation: PromptLookup.Options?
  /// The sequence's place, where it is chosen; nil for any.
  package var slot: Int?
  /// How far the prompt is read is told.
  package var reportsProgress = false
  /// Ends the text after so many seconds, once it has a new line.
  package var secondsAtMost: Double?
  /// Whether the answer is a text of its own, and does not continue the prompt's.
  package var startsText = false
  /// What the edit does to each token's distribution is told.
  package var tracesDivergence = false
  /// What it adds is told.
  package var tracesSites = false
}

/// One sequence that is to be generated: a choice of a request.
final class AnswerJob: Sendable {
  /// Which choice of its request it is.
  let choice: Int
  /// The prompt, before the edit extends it.
  let prompt: Prompt
  /// How it is generated.
  let options: AnswerOptions
  /// What is done to the model.
  let edit: EditSelection
  /// How the prompt was written, for editors that need to know.
  let conversation: Bool
  /// Where its events go.
  let request: AnswerRequest

  init(
    choice: Int, prompt: Prompt, options: AnswerOptions, edit: EditSelection, conversation: Bool,
    request: AnswerRequest
  ) {
    self.choice = choice
    self.prompt = prompt
    self.options = options
    self.edit = edit
    self.conversation = conversation
    self.request = request
  }
}

/// A request that is being answered: its events, and whether anybody still wants them.
final class AnswerRequest: Sendable {
  let events = EventQueue()
  private let cancelled = Atomic(false)

  /// Whether the client has left.
  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  /// The client has left, or the answer failed: none of its sequences goes on.
  func cancel() {
    cancelled.store(true, ordering: .releasing)
    events.close()
  }
}
