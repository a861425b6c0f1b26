#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What turns the logits at one position into log-probabilities:
/// log p(i) = logit(i) − greatest − ln Σ exp(logit − greatest), the sum in double precision.
package struct LogSoftmax {
  /// The greatest logit.
  package let greatest: Float
  /// The first token that has it.
  package let best: Int
  /// ln Σ exp(logit − greatest).
  package let logSum: Double

  /// Nil when a logit is NaN or +infinity, or all are -infinity.
  package init?(_ logits: Span<Float>) {
    var greatest = -Float.infinity
    var best = 0
    for index in logits.indices {
      let logit = logits[index]
      guard logit < .infinity else { return nil }
      if logit > greatest {
        greatest = logit
        best = index
      }
    }
    guard greatest > -.infinity else { return nil }
    var sum = 0.0
    for index in logits.indices { sum += Double(expf(logits[index] - greatest)) }
    self.greatest = greatest
    self.best = best
    logSum = log(sum)
  }

  /// The log-probability of a token with this logit.
  package func callAsFunction(_ logit: Float) -> Double { Double(logit - greatest) - logSum }
}
