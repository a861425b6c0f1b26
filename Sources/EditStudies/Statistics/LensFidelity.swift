/// How well what a lens says of tokens is what an edit does to them.
package enum LensFidelity {
  /// Spearman's correlation of `scores` and `effect` over the `count` tokens whose effect is farthest from 0, of equal ones the first.
  /// Nil where either is constant there.
  package static func spearman(_ scores: [Double], _ effect: [Double], count: Int) -> Double? {
    precondition(scores.count == effect.count)
    let some = effect.indices.sorted {
      (abs(effect[$1]), $0) < (abs(effect[$0]), $1)
    }.prefix(count)
    return RankCorrelation.spearman(some.map { scores[$0] }, some.map { effect[$0] })
  }

  /// The part of pairs of one of `chosen` and one of the others in which the chosen one has the higher score, equal ones
  /// counting a half: the area under the curve of true over false positives. Nil where one kind is missing.
  package static func area(_ scores: [Double], of chosen: Set<Int>) -> Double? {
    let n = Double(chosen.count)
    let others = Double(scores.count) - n
    guard n > 0, others > 0 else { return nil }
    let ranks = RankCorrelation.ranks(scores)
    let sum = chosen.sorted().reduce(0) { $0 + ranks[$1] }
    return (sum - n * (n + 1) / 2) / (n * others)
  }
}
