/// Keeps the smallest set of most likely tokens whose probabilities add up to at least p (the
/// nucleus).
///
/// Source: Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration" (arXiv 1904.09751).
public struct TopP: LogitsProcessor {
  /// The probability the kept tokens must reach together.
  public let p: Float

  /// Keeps the nucleus of probability `p`, above 0 and at most 1.
  public init(_ p: Float) {
    precondition(p > 0 && p <= 1)
    self.p = p
  }

  /// See `LogitsProcessor`.
  public func process(_ candidates: inout Candidates, after history: [Int]) {
    let needed = Double(p) * candidates.partition
    let greatest = candidates.best.logit
    // The nucleus is nearly always small, so sort few, and more only if they do not suffice.
    var sorted = 128
    while true {
      let best =
        candidates.order == .descending
        ? candidates.elements : candidates.elements.sortedBest(sorted)
      var sum = 0.0
      for (index, element) in best.enumerated() {
        sum += Double(exponential(element.logit - greatest))
        if sum >= needed { return candidates.keepBest(index + 1) }
      }
      // The sum over everything may fall short of `needed` by rounding.
      if best.count == candidates.elements.count { return candidates.keepBest(best.count) }
      sorted *= 8
    }
  }
}
