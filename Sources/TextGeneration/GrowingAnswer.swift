import LanguageModels

/// The answer to one prompt as it grows: which token comes next, what of its text is certain, and why it ends.
struct GrowingAnswer {
  /// What was counted so far.
  var statistics = GenerationStatistics()
  private let options: GenerationOptions
  private let endTokens: Set<Int>
  /// Ids from here on have no text.
  private let tokenCount: Int
  private var chain: SamplingChain
  private var lookup: PromptLookup?
  private var matcher: StopStringMatcher
  private var decoder: any TextDecoder
  /// The prompt as it is fed, and what was chosen after it.
  private(set) var history: [Int]

  /// The answer to `prompt`, of which there is nothing yet; tokens are chosen by `chain` where one is given
  /// instead of that of the options. Throws where options are out of range.
  init(
    to prompt: [Int], options: GenerationOptions, chain: SamplingChain? = nil, endTokens: Set<Int>,
    tokenCount: Int, decoder: any TextDecoder
  ) throws(TextGenerationError) {
    self.options = options
    self.endTokens = endTokens.union(options.endTokens)
    self.tokenCount = tokenCount
    if let chain { self.chain = chain } else { self.chain = try SamplingChain(options.sampling) }
    matcher = try StopStringMatcher(options.stopStrings, turnEnds: options.turnEnds)
    self.decoder = decoder
    lookup = options.speculation.map { PromptLookup($0) }
    history = prompt
    statistics.promptTokens = prompt.count
  }

  /// What follows the logits of the last token.
  enum Next: Equatable {
    /// A token, and the text that is certain with it.
    case token(id: Int, text: String)
    case end(FinishReason)
  }

  /// Chooses the next token from `logits`.
  mutating func next(_ logits: [Float]) throws(TextGenerationError) -> Next {
    if statistics.generatedTokens == options.maximumTokens { return .end(.length) }
    let allowed = options.ignoresEndTokens ? masking(endTokens, in: logits) : logits
    let id = try chain.next(allowed, after: history)
    guard id < tokenCount else {
      throw .model(.tokenOutOfRange(token: id, vocabularySize: tokenCount))
    }
    if endTokens.contains(id) { return .end(.endToken) }
    history.append(id)
    statistics.generatedTokens += 1
    return .token(id: id, text: matcher.append(decoder.append(id)))
  }

  /// Tokens that a pass over the last token may have beside it, where the context has room for `room` more: those
  /// that can still be chosen and fed, drafted from what came before.
  mutating func draft(room: Int, most: Int = .max) -> [Int] {
    var most = min(most, room)
    if let maximum = options.maximumTokens {
      // The last one is not fed.
      most = min(most, maximum - statistics.generatedTokens - 1)
    }
    return lookup?.draft(after: history, most: most) ?? []
  }

  /// A draft was checked, as far as tokens were chosen.
  mutating func learn(_ check: DraftCheck) {
    statistics.count(check)
    lookup?.learn(drafted: check.drafted, accepted: check.accepted)
  }

  /// Why nothing follows the token that was chosen last, which was answered so; nil where something does.
  /// `isFull` says whether the context has no room for it.
  func end(after answer: GenerationAnswer, isFull: Bool) -> FinishReason? {
    if matcher.hasStopped { return .stopString }
    if answer == .stop { return .cancelled }
    if statistics.generatedTokens == options.maximumTokens { return .length }
    return isFull ? .contextFull : nil
  }

  /// The text that was held back, once nothing follows.
  mutating func finish() -> String { matcher.append(decoder.finish()) + matcher.finish() }

  private func masking(_ tokens: Set<Int>, in logits: [Float]) -> [Float] {
    var logits = logits
    for token in tokens where logits.indices.contains(token) { logits[token] = -.infinity }
    return logits
  }
}
