import LatentEditing

/// Which known instructions the edit is like, by where it lies and by what it does, and which tokens it makes likelier.
extension Explainer {
  /// The nearest known instructions by their values, each with its round trip: whether an edit of its text behaves
  /// alike. That texts are near does not make them an explanation (Prompt Waywardness, arXiv 2112.08348).
  func neighbours(
    _ subject: Subject, _ answered: Answered, _ neighbourhood: Neighbourhood
  ) throws -> ([EditExplanation.Neighbour], EditExplanation.Familiarity) {
    let cosines = neighbourhood.cosines(of: subject.edit)
    let order = cosines.indices.sorted { (cosines[$1], $0) < (cosines[$0], $1) }
    let nearest = Array(order.prefix(ExplanationOptions.neighbours))
    // Others, from all over the order: the unit is what is usual between instructions.
    let rest = Array(order.dropFirst(ExplanationOptions.neighbours))
    let strangers = (0..<ExplanationOptions.strangers).map {
      rest[($0 * 2 + 1) * rest.count / (2 * ExplanationOptions.strangers)]
    }
    let edits = try (nearest + strangers).map { try editor.compile(editor.write(known[$0].text)) }
    var sums = [Double](repeating: 0, count: edits.count)
    for (number, row) in answered.rows.enumerated() {
      let p = try runs.logProbabilities(row, under: subject.edit)
      for (index, sum) in try runs.divergences(row, of: p, under: edits).enumerated() {
        sums[index] += sum
      }
      try report(.neighbours, Double(number + 1) / Double(answered.rows.count))
    }
    let unit = sums.dropFirst(nearest.count).reduce(0, +) / Double(strangers.count)
    let best = cosines[order[0]]
    let usual = neighbourhood.nearestCosines()
    return (
      nearest.enumerated().map { index, number in
        .init(
          instruction: known[number].text, family: known[number].family, cosine: cosines[number],
          roundTrip: unit > 0 ? 1 - sums[index] / unit : 0)
      },
      .init(
        cosine: best,
        percentile: Double(usual.filter { $0 <= best }.count) / Double(usual.count))
    )
  }

  /// Mean over inputs of log p(t | edit) - log p(t | mean edit) at the first token of the answer: the tokens that it
  /// raises and lowers most, of those that either makes as likely as one in a thousand on some input.
  func tokenChanges(
    _ subject: Subject, _ answered: Answered
  ) throws -> ([EditExplanation.TokenChange], [EditExplanation.TokenChange]) {
    let effect = try runs.firstTokenEffect(
      answered.rows, of: subject.edit, beside: subject.meanEdit)
    let changes = effect.changes
    let candidates = changes.indices.filter { effect.isLikely[$0] }.sorted {
      (changes[$1], $0) < (changes[$0], $1)
    }
    func listed(_ ids: some Sequence<Int>) -> [EditExplanation.TokenChange] {
      ids.prefix(ExplanationOptions.listedTokens).map { id in
        .init(
          token: tokenizer.decode([id], special: true), id: id, change: changes[id])
      }
    }
    return (
      listed(candidates.filter { changes[$0] > 0 }),
      listed(candidates.reversed().filter { changes[$0] < 0 })
    )
  }
}
