/// Keeps the k most likely tokens.
///
/// Source: Fan, Lewis and Dauphin 2018, "Hierarchical Neural Story Generation" (arXiv 1805.04833).
public struct TopK: LogitsProcessor {
  /// How many tokens are kept.
  public let k: Int

  /// Keeps the `k` most likely tokens, at least one.
  public init(_ k: Int) {
    precondition(k >= 1)
    self.k = k
  }

  /// See `LogitsProcessor`.
  public func process(_ candidates: inout Candidates, after history: [Int]) {
    candidates.keepBest(k)
  }
}
