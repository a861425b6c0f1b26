import LatentEditing

/// What an edit does to the first token of answers.
struct FirstTokenEffect {
  /// Mean over rows of log p(t | edit) - log p(t | other edit), `[vocabulary]`.
  let changes: [Double]
  /// Whether one of both makes the token as likely as one in a thousand for some row.
  let isLikely: [Bool]

  /// log 0.001.
  fileprivate static let leastLogProbability: Float = -6.9078
}

extension EditedRuns {
  /// What `edit` does to the first token of the answers of `rows`, one at least, beside `other`. Throws what running throws.
  func firstTokenEffect(
    _ rows: [Row], of edit: CompiledEdit, beside other: CompiledEdit
  ) throws -> FirstTokenEffect {
    var sums: [Double] = []
    var isLikely: [Bool] = []
    for row in rows {
      let first = Row(prompt: row.prompt, response: [row.response[0]])
      let edited = try logProbabilities(first, under: edit)[0]
      let mean = try logProbabilities(first, under: other)[0]
      if sums.isEmpty {
        sums = [Double](repeating: 0, count: edited.count)
        isLikely = [Bool](repeating: false, count: edited.count)
      }
      for token in edited.indices {
        sums[token] += Double(edited[token] - mean[token])
        if max(edited[token], mean[token]) > FirstTokenEffect.leastLogProbability {
          isLikely[token] = true
        }
      }
    }
    return FirstTokenEffect(changes: sums.map { $0 / Double(rows.count) }, isLikely: isLikely)
  }
}
