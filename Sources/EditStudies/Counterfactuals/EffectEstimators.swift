/// Estimates of what a change of an aspect does to a rating that need no edit, from ratings N of training reviews and what
/// people saw in them.
package struct EffectEstimators {
  /// What training reviews say of each aspect, and their ratings.
  private let labels: [[CounterfactualReview.Aspect: String]]
  private let ratings: [[Double]]
  private let learner: LogisticRegression?
  /// The ratings that there are, from 0: the regression's classes.
  private let classes: [Int]
  private static let values = ["Negative", "Positive", "unknown"]

  package init(_ reviews: [CounterfactualReview], _ ratings: [[Double]]) {
    labels = reviews.map(\.labels)
    self.ratings = ratings
    let given = ratings.map { $0.firstIndex(of: $0.max()!)! }
    let classes = Set(given).sorted()
    self.classes = classes
    learner =
      classes.count > 1
      ? LogisticRegression(
        reviews.map { Self.features($0.labels) },
        labels: given.map { classes.firstIndex(of: $0)! }, classes: classes.count, penalty: 1)
      : nil
  }

  /// One of twelve for each aspect and what is seen of it.
  private static func features(_ labels: [CounterfactualReview.Aspect: String]) -> [Double] {
    CounterfactualReview.Aspect.allCases.flatMap { aspect in
      values.map { labels[aspect] == $0 ? 1 : 0 }
    }
  }

  /// A regression on what is seen of all aspects (the S-learner): its answer with the aspect changed less that without. Zeros
  /// where all training reviews have one rating.
  package func learned(
    _ labels: [CounterfactualReview.Aspect: String], _ pair: CounterfactualPair
  ) -> [Double] {
    guard let learner else { return [Double](repeating: 0, count: 5) }
    var (before, after) = (labels, labels)
    before[pair.aspect] = pair.from
    after[pair.aspect] = pair.to
    var effect = [Double](repeating: 0, count: 5)
    for (place, (x, y)) in zip(
      learner.probabilities(of: Self.features(after)),
      learner.probabilities(of: Self.features(before))
    ).enumerated() { effect[classes[place]] = x - y }
    return effect
  }

  /// The mean rating of reviews with the one value of the aspect less that of those with the other (conditional
  /// expectation); zeros where there is none.
  package func conditional(_ pair: CounterfactualPair) -> [Double] {
    func mean(_ value: String) -> [Double]? {
      let found = labels.indices.filter { labels[$0][pair.aspect] == value }
      guard !found.isEmpty else { return nil }
      return (0..<5).map { star in
        found.reduce(0.0) { $0 + ratings[$1][star] } / Double(found.count)
      }
    }
    guard let after = mean(pair.to), let before = mean(pair.from) else {
      return [Double](repeating: 0, count: 5)
    }
    return zip(after, before).map { $0 - $1 }
  }

  /// The rating of a review, the `pick`th of those in which people saw the changed value and the same of all other
  /// aspects, less `rating`; of those with the changed value alone where there is none such (approximate match).
  func matched(
    _ labels: [CounterfactualReview.Aspect: String], _ pair: CounterfactualPair,
    rating: [Double], pick: (Int) -> Int
  ) -> [Double] {
    var wanted = labels
    wanted[pair.aspect] = pair.to
    var found = self.labels.indices.filter { self.labels[$0] == wanted }
    if found.isEmpty {
      found = self.labels.indices.filter { self.labels[$0][pair.aspect] == pair.to }
    }
    guard !found.isEmpty else { return [Double](repeating: 0, count: 5) }
    return zip(ratings[found[pick(found.count)]], rating).map { $0 - $1 }
  }

  /// The rating of any review less `rating`.
  func random(rating: [Double], pick: (Int) -> Int) -> [Double] {
    guard !ratings.isEmpty else { return [Double](repeating: 0, count: 5) }
    return zip(ratings[pick(ratings.count)], rating).map { $0 - $1 }
  }
}
