/// How well a rater rates, by its likeliest class: what a model has to do before anything is said of its effects.
package struct Competence: Sendable, Equatable {
  /// The part that is right, and the mean over classes of 2 TP / (2 TP + FP + FN), 0 for a class that is neither there nor
  /// given (macro F1).
  package let accuracy, macroF1: Double

  /// Of pairs of what was given and what is right, classes from 0, each as often as `times` says.
  package init(_ found: [(given: Int, right: Int)], classes: Int, times: [Int]? = nil) {
    let times = times ?? [Int](repeating: 1, count: found.count)
    var (hits, given, right) = (
      [Int](repeating: 0, count: classes), [Int](repeating: 0, count: classes),
      [Int](repeating: 0, count: classes)
    )
    for (pair, count) in zip(found, times) {
      given[pair.given] += count
      right[pair.right] += count
      if pair.given == pair.right { hits[pair.given] += count }
    }
    let all = right.reduce(0, +)
    accuracy = all > 0 ? Double(hits.reduce(0, +)) / Double(all) : .nan
    macroF1 =
      (0..<classes).reduce(0.0) {
        let sum = given[$1] + right[$1]
        return $0 + (sum > 0 ? 2 * Double(hits[$1]) / Double(sum) : 0)
      } / Double(classes)
  }
}
