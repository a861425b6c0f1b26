/// Keeps the tokens that are at least p times as likely as the most likely one.
///
/// p_i ≥ p · p_max is logit_i ≥ logit_max + ln p, so that no softmax is needed.
/// Source: Nguyen et al. 2024, "Turning Up the Heat: Min-p Sampling" (arXiv 2407.01082).
public struct MinP: LogitsProcessor {
  /// The least likelihood a kept token has, relative to the most likely one.
  public let p: Float

  /// Keeps tokens at least `p` times as likely as the best; 0 < p ≤ 1.
  public init(_ p: Float) {
    precondition(p > 0 && p <= 1)
    self.p = p
  }

  /// See `LogitsProcessor`.
  public func process(_ candidates: inout Candidates, after history: [Int]) {
    candidates.keep(from: candidates.best.logit + logarithm(p))
  }
}
