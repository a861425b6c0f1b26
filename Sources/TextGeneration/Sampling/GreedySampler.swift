/// Picks the most likely token; of equally likely ones the lowest id.
public struct GreedySampler: Sampler {
  /// A sampler without state.
  public init() {}

  /// See `Sampler`.
  public func pick(from candidates: Candidates) -> Int { Int(candidates.best.id) }
}
