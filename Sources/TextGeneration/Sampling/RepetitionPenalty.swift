/// Makes tokens that occurred lately less likely: a positive logit is divided by the penalty, a
/// negative one multiplied with it.
///
/// Source: CTRL (Keskar et al. 2019, arXiv 1909.05858, section 4.1), which divides only; that would
/// make a token with a negative logit more likely, so the usual correction (Hugging Face,
/// llama.cpp) is applied. A token is penalised once, however often it occurred.
public struct RepetitionPenalty: LogitsProcessor {
  /// Above 1 discourages repetition, 1 does nothing, below 1 encourages it.
  public let penalty: Float
  /// How many of the last tokens count; nil for all of them.
  public let window: Int?

  /// Penalises the tokens among the last `window` (nil: all).
  public init(penalty: Float, window: Int? = 64) {
    precondition(penalty > 0 && (window ?? 0) >= 0)
    self.penalty = penalty
    self.window = window
  }

  /// See `LogitsProcessor`.
  public func process(_ candidates: inout Candidates, after history: [Int]) {
    for id in Set(history.suffix(window ?? history.count)) {
      candidates.adjust(id) { $0 > 0 ? $0 / penalty : $0 * penalty }
    }
  }
}
