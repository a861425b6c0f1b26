import Tokenization

/// How much text is generated, and how.
public struct GenerationOptions: Sendable, Equatable {
  /// How each token is chosen.
  public var sampling: SamplingOptions
  /// Tokens to generate at most; nil until the model ends or the context is full.
  public var maximumTokens: Int?
  /// The text ends before the first of these.
  public var stopStrings: [String]
  /// As `stopStrings`, and the white space before them is left out too: how a chat template begins the
  /// next turn.
  public var turnEnds: [String]
  /// Tokens that end the text, beside those of the vocabulary.
  public var endTokens: Set<Int> = []
  /// End tokens are never chosen, so that only the other limits apply.
  public var ignoresEndTokens: Bool
  /// Prompt tokens fed between two reports of progress (and chances to stop).
  public var prefillStep: Int
  /// How tokens are drafted from what came before; nil for one at a time. The answer is the same.
  public var speculation: PromptLookup.Options?

  /// Options; by default until the model ends, sampled as llama.cpp samples.
  public init(
    sampling: SamplingOptions = SamplingOptions(), maximumTokens: Int? = nil,
    stopStrings: [String] = [], turnEnds: [String] = [], ignoresEndTokens: Bool = false,
    prefillStep: Int = 256
  ) {
    precondition(prefillStep > 0 && (maximumTokens ?? 0) >= 0)
    self.sampling = sampling
    self.maximumTokens = maximumTokens
    self.stopStrings = stopStrings
    self.turnEnds = turnEnds
    self.ignoresEndTokens = ignoresEndTokens
    self.prefillStep = prefillStep
  }

  /// Ends the text where the assistant's turn ends, too.
  public mutating func end(at end: AssistantTurnEnd) {
    endTokens.formUnion(end.tokens)
    turnEnds += end.strings
  }
}
