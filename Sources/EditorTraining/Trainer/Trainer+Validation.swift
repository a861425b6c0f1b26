import LatentEditing
import MessagePassing

/// How good what is trained is on examples that it is not trained on.
extension Trainer {
  /// Losses of held-out examples, at most `limit` of each split.
  ///
  /// `goesOn` is asked between batches; where it says no, nothing is returned.
  public func validate(
    limit: Int = .max, while goesOn: () -> Bool = { true }
  ) throws -> [ValidationReport] {
    try join()
    try exchange?.finishParameters()
    let rank = ranks?.rank ?? 0
    let count = ranks?.count ?? 1
    var isWhole = true
    let reports: [ValidationReport] = try data.validation.compactMap { name, examples in
      guard !examples.isEmpty else { return nil }
      var losses = HeldOutLosses(
        Array(examples.prefix(limit)), batchSize: plan.batchSize / count,
        firstContent: data.firstContent)
      for condition in ValidationReport.conditions {
        // As many batches at once as there are ranks, each of which has one.
        for first in stride(from: 0, to: losses.batches.count, by: count) {
          if isWhole {
            isWhole = try ranks?.gather([goesOn() ? 1 : 0]).allSatisfy { $0[0] != 0 } ?? goesOn()
          }
          guard isWhole else { return nil }
          if first + rank < losses.batches.count {
            try losses.measure(first + rank, condition, pass)
          }
        }
      }
      if let ranks { try losses.combine(ranks) }
      return ValidationReport(losses, step: step, split: name)
    }
    return isWhole ? reports : []
  }
}
