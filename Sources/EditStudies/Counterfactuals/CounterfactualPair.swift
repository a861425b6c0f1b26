/// Two reviews of one original between which one aspect was changed, in one of both directions, as CEBaB's own pipeline
/// makes them (`get_intervention_pairs`): every edit with its original, the original with every edit, and two edits of one
/// aspect with one another; those between which people saw no change are left out.
package struct CounterfactualPair: Sendable, Equatable {
  /// Where both are in the list of reviews.
  package let base, counterfactual: Int
  /// What was changed.
  package let aspect: CounterfactualReview.Aspect
  /// What people saw of it in both.
  package let from, to: String

  package init(
    base: Int, counterfactual: Int, aspect: CounterfactualReview.Aspect, from: String, to: String
  ) {
    self.base = base
    self.counterfactual = counterfactual
    self.aspect = aspect
    self.from = from
    self.to = to
  }

  /// The pairs of `reviews`, original by original in the order in which they come first.
  package static func all(of reviews: [CounterfactualReview]) -> [CounterfactualPair] {
    var groups: [[Int]] = []
    var numbers: [String: Int] = [:]
    for (index, review) in reviews.enumerated() {
      if let number = numbers[review.originalID] {
        groups[number].append(index)
      } else {
        numbers[review.originalID] = groups.count
        groups.append([index])
      }
    }
    return groups.flatMap { group -> [CounterfactualPair] in
      let originals = group.filter { reviews[$0].isOriginal }
      let edits = group.filter { !reviews[$0].isOriginal }
      var found: [CounterfactualPair] = []
      func add(_ base: Int, _ counterfactual: Int, _ aspect: CounterfactualReview.Aspect?) {
        guard let aspect else { return }
        let (from, to) = (
          reviews[base].labels[aspect] ?? "", reviews[counterfactual].labels[aspect] ?? ""
        )
        guard from != to else { return }
        found.append(
          CounterfactualPair(
            base: base, counterfactual: counterfactual, aspect: aspect, from: from, to: to))
      }
      for original in originals {
        for edit in edits { add(edit, original, reviews[edit].editType) }
      }
      for original in originals {
        for edit in edits { add(original, edit, reviews[edit].editType) }
      }
      for a in edits {
        for b in edits where reviews[a].editType == reviews[b].editType && a != b {
          add(a, b, reviews[a].editType)
        }
      }
      return found
    }
  }
}

/// How far an estimate J of the effect of a change is from the effect I itself, both differences of two distributions.
package struct EffectDistance: Sendable, Equatable {
  /// |I - J|, 1 - I . J / (|I| |J|), which is 1 where one of both is zero, and | |I| - |J| |.
  package let l2, cosine, normDifference: Double

  package init(_ effect: [Double], estimate: [Double]) {
    precondition(effect.count == estimate.count)
    func norm(_ values: [Double]) -> Double {
      values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let (a, b) = (norm(effect), norm(estimate))
    l2 = norm(zip(effect, estimate).map { $0 - $1 })
    cosine =
      a == 0 || b == 0 ? 1 : 1 - zip(effect, estimate).reduce(0) { $0 + $1.0 * $1.1 } / (a * b)
    normDifference = abs(a - b)
  }
}
