import PlainText

/// What a trace comes to: an object of JSON as `emend edit show --json` writes it.
public struct TraceSummary: Sendable, Encodable {
  /// Blocks of the model.
  public let layers: Int
  /// Tokens of the prompt, and additions to the residual stream.
  public let promptTokens, sites: Int
  /// KL(unedited || edited) of the answer's tokens, in nats; nil where there are none.
  public let meanDivergence, largestDivergence: Double?
  private let answerTokens: Int

  private enum CodingKeys: String, CodingKey {
    case layers, promptTokens, sites, meanDivergence, largestDivergence
  }

  /// A summary of `trace`.
  public init(_ trace: EditTrace) {
    let divergences = trace.tokens.map(\.divergence)
    layers = trace.layerCount
    promptTokens = trace.promptLength
    sites = trace.sites.count
    answerTokens = divergences.count
    meanDivergence =
      divergences.isEmpty ? nil : divergences.reduce(0, +) / Double(divergences.count)
    largestDivergence = divergences.max()
  }

  /// The same for people.
  public var text: String {
    let counts =
      "\(sites) additions; prompt of \(promptTokens) tokens, answer of \(answerTokens)"
    guard let meanDivergence, let largestDivergence else { return counts }
    return counts
      + "\nKL(unedited || edited) of the answer's tokens: mean \(Numbers.fixed(meanDivergence, 4)), largest "
      + "\(Numbers.fixed(largestDivergence, 4)) nat"
  }
}
