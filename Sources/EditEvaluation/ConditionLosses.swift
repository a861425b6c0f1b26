import EditorTraining

/// What some rows cost under each condition: sums of -log p over their response tokens.
public struct ConditionLosses: Sendable, Equatable {
  /// Response tokens of each row.
  public let tokenCounts: [Int]
  /// By condition, row by row, in nats.
  public let sums: [EditCondition: [Double]]

  /// Sums of rows with that many tokens, one at least.
  public init(tokenCounts: [Int], sums: [EditCondition: [Double]]) {
    precondition(!tokenCounts.isEmpty && tokenCounts.allSatisfy { $0 >= 1 })
    precondition(sums.values.allSatisfy { $0.count == tokenCounts.count })
    self.tokenCounts = tokenCounts
    self.sums = sums
  }

  /// What was measured of held-out rows.
  init(_ losses: HeldOutLosses) {
    self.init(tokenCounts: losses.tokenCounts, sums: losses.sums)
  }

  /// Those of the rows of these indices, of which there is one at least.
  public func rows(_ indices: [Int]) -> ConditionLosses {
    ConditionLosses(
      tokenCounts: indices.map { tokenCounts[$0] },
      sums: sums.mapValues { sums in indices.map { sums[$0] } })
  }
}
