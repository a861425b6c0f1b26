#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What turns the logits at one position into log-probabilities:
/// log p(i) = logit(i) − greatest − ln Σ exp(logit − greatest), the sum in double precision.
struct LogSoftmax {
  /// The greatest logit.
  let greatest: Float
  /// The first token that has it.
  let best: Int
  /// ln Σ exp(logit − greatest).
  let logSum: Double

  /// Throws `unusableLogits` when a logit is NaN or +infinity, or all are -infinity.
  init(_ logits: Span<Float>, position: Int) throws(EvaluationError) {
    var greatest = -Float.infinity
    var best = 0
    for index in logits.indices {
      let logit = logits[index]
      guard logit < .infinity else { throw .unusableLogits(position: position) }
      if logit > greatest {
        greatest = logit
        best = index
      }
    }
    guard greatest > -.infinity else { throw .unusableLogits(position: position) }
    var sum = 0.0
    for index in logits.indices { sum += Double(expf(logits[index] - greatest)) }
    self.greatest = greatest
    self.best = best
    logSum = log(sum)
  }

  /// The log-probability of a token with this logit.
  func callAsFunction(_ logit: Float) -> Double { Double(logit - greatest) - logSum }
}
