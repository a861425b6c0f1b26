/// Chooses the next token from the logits, in llama.cpp's order: repetition penalty, top-k, top-p,
/// min-p, temperature, draw. Steps whose option does nothing are left out.
///
/// At temperature 0 the most likely token is taken; of the other steps only the penalty could
/// change which that is, so only the penalty is applied.
public struct SamplingChain: Sendable {
  /// The steps, in the order they are applied.
  public let processors: [any LogitsProcessor]
  private var sampler: any Sampler
  /// Kept between calls for its storage.
  private var candidates = Candidates()

  /// The chain `options` describe.
  public init(_ options: SamplingOptions) throws(TextGenerationError) {
    try options.validate()
    var steps: [any LogitsProcessor] = []
    if options.repetitionPenalty != 1 {
      steps.append(
        RepetitionPenalty(penalty: options.repetitionPenalty, window: options.penaltyWindow))
    }
    guard options.temperature > 0 else {
      self.init(steps, sampler: GreedySampler())
      return
    }
    if options.topK > 0 { steps.append(TopK(options.topK)) }
    if options.topP < 1 { steps.append(TopP(options.topP)) }
    if options.minP > 0 { steps.append(MinP(options.minP)) }
    if options.temperature != 1 { steps.append(Temperature(options.temperature)) }
    self.init(steps, sampler: DistributionSampler(seed: options.seed))
  }

  /// A chain of one's own.
  public init(_ processors: [any LogitsProcessor], sampler: any Sampler) {
    self.processors = processors
    self.sampler = sampler
  }

  /// The id of the next token, for `logits` (one for each token of the vocabulary) after the tokens
  /// of `history` (prompt and generated, oldest first).
  public mutating func next(
    _ logits: [Float], after history: [Int]
  ) throws(TextGenerationError) -> Int {
    try candidates.load(logits, for: processors, greedy: sampler is GreedySampler)
    for processor in processors { processor.process(&candidates, after: history) }
    return sampler.pick(from: candidates)
  }
}

extension Candidates {
  /// Starts again from `logits`, from as many as the first of `processors` would leave, or from the best alone
  /// where nothing comes before a choice that is `greedy`.
  package mutating func load(
    _ logits: [Float], for processors: [any LogitsProcessor], greedy: Bool
  ) throws(TextGenerationError) {
    if processors.isEmpty, greedy {
      try load(logits, best: 1)
    } else if let topK = processors.first as? TopK {
      try load(logits, best: topK.k)
    } else {
      try load(logits)
    }
  }
}
