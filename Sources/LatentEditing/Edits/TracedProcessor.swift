import LanguageModels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An edited processor with an unedited one beside it that is fed the same tokens in the same passes: what
/// each chosen token's distribution would have been without the edit goes into the trace.
public final class TracedProcessor: SequenceModel {
  private let edited: EditedProcessor
  private let unedited: ProcessorState
  private let recorder: TraceRecorder
  /// The prompt without the edit.
  private var given: [Int] = []
  /// Tokens of the prompt as the edit extends it.
  private var promptLength = 0
  /// How many more those are.
  private var ghosts: Int { promptLength - given.count }
  private var last: (edited: [Float], unedited: [Float])?

  /// `edited`, and a state of its own for the unedited model, which shares the memory of its passes.
  public init(_ edited: EditedProcessor, unedited: ProcessorState, recorder: TraceRecorder) {
    precondition(edited.memory === unedited.memory, "the states do not share a memory")
    self.edited = edited
    self.unedited = unedited
    self.recorder = recorder
  }

  /// Tokens in the cache.
  public var position: Int { edited.position }
  /// The prompt as the edit needs it.
  public func extended(_ prompt: Prompt) -> Prompt { edited.extended(prompt) }

  /// Gets the edit ready for `prompt`.
  public func prepare(_ prompt: Prompt) throws(PromptError) {
    promptLength = extended(prompt).tokens.count
    given = prompt.tokens
    last = nil
    try edited.prepare(prompt)
    unedited.truncate(to: min(unedited.position, max(0, edited.position - ghosts)))
  }

  /// Tokens that fit.
  public var contextLength: Int { min(edited.contextLength, unedited.contextLength + ghosts) }

  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) {
    edited.truncate(to: position)
    unedited.truncate(to: max(0, position - ghosts))
  }

  /// Feeds `tokens` to both; the edited logits.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    let start = edited.position
    if start >= promptLength, let last {
      if let token = tokens.first,
        let divergence = Self.divergence(last.unedited, last.edited)
      {
        recorder.add(EditTrace.Token(position: start, id: token, divergence: divergence))
      }
    }
    // The unedited model is as far from the prompt's end, and reads the prompt as it was given.
    let end = max(unedited.position, start + tokens.count - ghosts)
    let own = (unedited.position..<end).map { position in
      position < given.count ? given[position] : tokens[position + ghosts - start]
    }
    let segments = [
      try edited.segment(tokens, logitsFrom: tokens.count - 1),
      own.isEmpty ? nil : PassSegment(unedited, own),
    ]
    var logits: [[Float]] = [[], []]
    let places = segments.indices.filter { segments[$0] != nil }
    let failures = edited.memory.forward(segments.compactMap { $0 }) { segment, _, found in
      logits[places[segment]] = found.withUnsafeBufferPointer { Array($0) }
    }
    if let failure = failures.compactMap({ $0 }).first { throw failure }
    if !own.isEmpty { last = (logits[0], logits[1]) }
    return logits[0]
  }

  /// Feeds `tokens` to both one by one; the edited logits.
  public func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    for (index, token) in tokens.enumerated() {
      let logits: [Float]
      do throws(LanguageModelError) { logits = try forward([token]) } catch { throw .model(error) }
      guard index >= first else { continue }
      do throws(Failure) { try body(index, logits.span) } catch { throw .listener(error) }
    }
  }

  /// KL(softmax(a) || softmax(b)), in nat; nil where a logit is no number, which generation refuses.
  private static func divergence(_ a: [Float], _ b: [Float]) -> Double? {
    guard let first = LogSoftmax(a.span), let second = LogSoftmax(b.span) else { return nil }
    return zip(a, b).reduce(0.0) { total, pair in
      let logP = first(pair.0)
      return total + exp(logP) * (logP - second(pair.1))
    }
  }
}
