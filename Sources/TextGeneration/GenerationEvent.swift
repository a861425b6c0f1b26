/// What happens while text is generated, in order: `prefill` once or more, `token` for each token,
/// `heldBack` at most once, `finished`.
public enum GenerationEvent: Sendable {
  /// `done` of the `total` prompt tokens that had to be fed have been.
  case prefill(done: Int, total: Int)
  /// A token was chosen. `text` is what is now certain to be part of the answer: it may be empty,
  /// or belong to earlier tokens, because half characters and possible beginnings of a stop string
  /// wait for what follows.
  case token(id: Int, text: String)
  /// Text that was waiting, released because nothing follows.
  case heldBack(text: String)
  /// Nothing follows.
  case finished(reason: FinishReason, statistics: GenerationStatistics)
}

/// The listener's answer to an event.
public enum GenerationAnswer: Sendable {
  /// Go on.
  case more
  /// Finish with `FinishReason.cancelled` as soon as possible.
  case stop
}

/// Why generation ended.
public enum FinishReason: String, Sendable, CaseIterable {
  /// The model chose an end token; it is not part of the ids or the text.
  case endToken = "end_token"
  /// A stop string came up; the text ends before it.
  case stopString = "stop_string"
  /// As many tokens as asked for.
  case length
  /// The context holds no more tokens.
  case contextFull = "context_full"
  /// The listener answered `stop`.
  case cancelled
}

/// Counts and times of one generation.
public struct GenerationStatistics: Sendable, Equatable {
  /// Tokens of the prompt.
  public var promptTokens = 0
  /// Of those, tokens that were still in the cache.
  public var reusedTokens = 0
  /// Seconds spent feeding the others.
  public var prefillSeconds = 0.0
  /// Tokens chosen, without the end token.
  public var generatedTokens = 0
  /// Tokens fed after the prompt. The first token is chosen from the prompt's logits and the last one
  /// is not fed, so this is at most `generatedTokens`.
  public var decodedTokens = 0
  /// Tokens that were drafted from what came before.
  public var draftedTokens = 0
  /// Of those, tokens that were chosen: they are among the decoded ones.
  public var acceptedTokens = 0
  /// Seconds from the end of the prefill to the end.
  public var decodeSeconds = 0.0

  /// Nothing counted yet.
  public init() {}

  /// Prompt tokens fed per second, or nil when none were.
  public var prefillRate: Double? { rate(promptTokens - reusedTokens, prefillSeconds) }
  /// Tokens decoded per second, or nil when none were.
  public var decodeRate: Double? { rate(decodedTokens, decodeSeconds) }

  /// A draft was checked.
  mutating func count(_ check: DraftCheck) {
    draftedTokens += check.drafted
    acceptedTokens += check.accepted
  }

  private func rate(_ count: Int, _ seconds: Double) -> Double? {
    count > 0 && seconds > 0 ? Double(count) / seconds : nil
  }
}
