import LanguageModels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Perplexity: exp of the mean negative log-probability of the scored tokens.
public struct Perplexity: Sendable, Equatable {
  /// exp(mean of −ln p).
  public let value: Double
  /// Standard error of `value`, as llama.cpp prints it: that of the mean times the value.
  public let standardError: Double
  /// Tokens scored.
  public let tokens: Int

  init(_ negativeLogProbabilities: RunningMean) {
    value = exp(negativeLogProbabilities.mean)
    standardError = negativeLogProbabilities.standardError * value
    tokens = negativeLogProbabilities.count
  }

  /// Measures `model` on `windows`.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - windows: what it is measured on.
  ///   - vocabularySize: logits of one position.
  ///   - path: where the log-probabilities of every token are written as well, or nil.
  ///   - onWindow: called with the number of windows done and the perplexity so far; answers whether
  ///     to go on.
  public static func measure(
    _ model: some SequenceModel, on windows: PerplexityWindows, vocabularySize: Int,
    base path: String? = nil, onWindow: (Int, Perplexity) -> Bool = { _, _ in true }
  ) throws(EvaluationError) -> Perplexity {
    var losses = RunningMean()
    var base = try path.map { path throws(EvaluationError) in
      try BaseLogitsWriter(path: path, windows: windows, vocabularySize: vocabularySize)
    }
    try windows.run(model, vocabularySize: vocabularySize) { done in
      onWindow(done, Perplexity(losses))
    } score: { logits, next, position throws(EvaluationError) in
      let logSoftmax = try LogSoftmax(logits, position: position)
      losses.add(-logSoftmax(logits[next]))
      try base?.append(logits, logSoftmax)
    }
    try base?.commit()
    return Perplexity(losses)
  }
}
