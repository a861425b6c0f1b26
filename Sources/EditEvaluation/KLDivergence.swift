import LanguageModels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How far a model's distributions are from a base model's on the same text:
/// KL(base ‖ model) = Σ p_base · (ln p_base − ln p) at each scored position, and how often both
/// have the same most likely token.
///
/// As in llama.cpp, base tokens with ln p ≤ −16 do not count: the file does not tell them apart.
/// Rounding in the file makes values of about 1e-5 and below meaningless; they can be negative.
public struct KLDivergence: Sendable {
  /// Mean over the positions.
  public let mean: Double
  /// Standard error of the mean.
  public let standardError: Double
  /// Values at the positions, in ascending order.
  public let sorted: [Double]
  /// Share of positions with the same most likely token, 0 to 1.
  public let sameTop: Double
  /// √(mean square) of the difference between the probabilities of the token that came.
  public let probabilityDifference: Double
  /// The model's perplexity.
  public let perplexity: Perplexity
  /// The base's perplexity.
  public let basePerplexity: Perplexity

  /// Perplexity divided by the base's.
  public var perplexityRatio: Double { perplexity.value / basePerplexity.value }
  /// The greatest value.
  public var maximum: Double { sorted[sorted.count - 1] }

  /// The value that the fraction `p` of the positions (0 to 1) stays below, interpolated linearly.
  public func percentile(_ p: Double) -> Double {
    EditEvaluation.percentile(p, of: sorted)
  }

  /// Measures `model` against `base`, on the base's text. `onWindow` is called with the number
  /// of windows done and the mean so far; it answers whether to go on.
  public static func measure(
    _ model: some SequenceModel, against base: BaseLogits, vocabularySize: Int,
    limit: Int? = nil, onWindow: (Int, Double) -> Bool = { _, _ in true }
  ) throws(EvaluationError) -> KLDivergence {
    try base.check(vocabularySize: vocabularySize)
    let windows = try base.windows.first(limit)
    var row = [Float](repeating: 0, count: vocabularySize)
    var values: [Double] = []
    var divergence = RunningMean()
    var losses = RunningMean()
    var baseLosses = RunningMean()
    var squares = RunningMean()
    var sameTop = 0
    try windows.run(model, vocabularySize: vocabularySize) { done in
      onWindow(done, divergence.mean)
    } score: { logits, next, position throws(EvaluationError) in
      let logSoftmax = try LogSoftmax(logits, position: position)
      try base.load(values.count, into: &row)
      var sum = 0.0
      var best = 0
      for token in row.indices {
        let logBase = row[token]
        if logBase > row[best] { best = token }
        if logBase > -16 {
          sum += Double(expf(logBase)) * (Double(logBase) - logSoftmax(logits[token]))
        }
      }
      values.append(sum)
      divergence.add(sum)
      if best == logSoftmax.best { sameTop += 1 }
      let logProbability = logSoftmax(logits[next])
      losses.add(-logProbability)
      baseLosses.add(-Double(row[next]))
      let difference = exp(logProbability) - exp(Double(row[next]))
      squares.add(difference * difference)
    }
    return KLDivergence(
      mean: divergence.mean, standardError: divergence.standardError, sorted: values.sorted(),
      sameTop: Double(sameTop) / Double(values.count),
      probabilityDifference: squares.mean.squareRoot(), perplexity: Perplexity(losses),
      basePerplexity: Perplexity(baseLosses))
  }
}
