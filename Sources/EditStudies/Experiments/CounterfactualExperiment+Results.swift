import EditEvaluation
import EditorTraining

/// What comes of the reviews that were rated.
extension CounterfactualExperiment {
  /// A pair: the effect of people's change on the rating, and all estimates of it.
  private struct Effect {
    let original: String
    let aspect: Review.Aspect
    let distances: [EffectDistance]
    /// Whether the expected stars change in the same direction.
    let agrees: [Bool]
  }

  /// Estimates that need no edit, behind those of edits.
  private static let baselines = [
    "zero", "s-learner", "conditional expectation", "approximate match", "random review",
  ]

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let rated = try self.rated(units)
    let originals = data.test.map(\.originalID)
    let gate = material.bootstrap.estimates(count: rated.count, families: originals) { times in
      let found = Competence(rated, classes: 5, times: times)
      return [found.accuracy, found.macroF1]
    }
    var lines: [StudyLine] = []
    for (metric, estimate) in zip(["accuracy", "macro_f1"], gate) {
      lines += StudyLine.judged(
        job, metric, estimate, accept, unit: "of reviews", rows: rated.count,
        clusters: Set(originals).count)
    }
    guard try isCompetent(units) else {
      return lines
        + [
          "cosine", "cosine_over_s_learner", "cosine_over_wrong_aspect",
          "wrong_aspect_over_right", "l2_over_s_learner", "norm_difference_over_s_learner",
        ].flatMap { metric in
          StudyLine.judged(
            job, metric, nil, accept, unit: "of pairs", rows: 0, clusters: 0,
            undecided: "the model does not rate well enough for its effects to mean something; "
              + "tune one on the training reviews and study that")
        }
    }
    return lines + distances(try effects(units), job)
  }

  private func effects(_ units: [String: String]) throws -> [Effect] {
    let ratings = try data.test.indices.map { try StudyUnit("test/\($0)", of: units).numbers }
    let training = try data.training.indices.map {
      try StudyUnit("training/\($0)", of: units).numbers
    }
    let estimators = EffectEstimators(data.training, training)
    var numbers: [Change: Int] = [:]
    for (index, change) in changes.enumerated() { numbers[change] = index }
    var random = SeededGenerator(material.configuration.seed, 0x4345_4242)
    return try data.pairs.map { pair in
      let (base, labels) = (ratings[pair.base], data.test[pair.base].labels)
      func effect(_ rating: [Double]) -> [Double] {
        zip(rating, base).map { (($0 - $1) * 10_000).rounded(.toNearestOrEven) / 10_000 }
      }
      let change = numbers[Change(base: pair.base, aspect: pair.aspect, to: pair.to)]!
      let edited = try StudyUnit("change/\(change)", of: units).numbers
      let estimates =
        Self.edits.indices.map { effect(Array(edited[5 * $0..<5 * $0 + 5])) } + [
          [Double](repeating: 0, count: 5), estimators.learned(labels, pair),
          estimators.conditional(pair),
          estimators.matched(labels, pair, rating: base) { random.pick($0) },
          estimators.random(rating: base) { random.pick($0) },
        ]
      let truth = effect(ratings[pair.counterfactual])
      func stars(_ effect: [Double]) -> Double {
        effect.enumerated().reduce(0) { $0 + Double($1.offset + 1) * $1.element }
      }
      return Effect(
        original: data.test[pair.base].originalID, aspect: pair.aspect,
        distances: estimates.map { EffectDistance(truth, estimate: $0) },
        agrees: estimates.map { stars($0) * stars(truth) > 0 })
    }
  }

  private func distances(_ effects: [Effect], _ job: StudyJob) -> [StudyLine] {
    let names = Self.edits + Self.baselines
    let families = effects.map(\.original)
    let (count, clusters) = (effects.count, Set(families).count)
    let accept = material.configuration.accept
    let kinds: [(metric: String, value: (EffectDistance) -> Double)] = [
      ("cosine", { $0.cosine }), ("l2", { $0.l2 }), ("norm_difference", { $0.normDifference }),
    ]
    var lines: [StudyLine] = []
    for (metric, value) in kinds {
      let means = material.means(
        names.indices.map { name in effects.map { value($0.distances[name]) } }, families: families)
      if metric == "cosine" {
        lines += StudyLine.judged(
          job, metric, means[0], accept, unit: "mean of pairs", rows: count, clusters: clusters)
      }
      for (name, mean) in zip(names, means) where metric != "cosine" || name != names[0] {
        lines.append(
          .estimate(
            job, metric, mean, unit: "mean of pairs", rows: count, clusters: clusters,
            condition: name))
      }
    }
    let learner = Self.edits.count + 1
    let differences = material.means(
      [
        effects.map { $0.distances[0].cosine - $0.distances[learner].cosine },
        effects.map { $0.distances[0].cosine - $0.distances[1].cosine },
        effects.map { $0.distances[1].cosine - $0.distances[0].cosine },
        effects.map { $0.distances[0].l2 - $0.distances[learner].l2 },
        effects.map { $0.distances[0].normDifference - $0.distances[learner].normDifference },
      ], families: families)
    for (metric, difference) in zip(
      [
        "cosine_over_s_learner", "cosine_over_wrong_aspect", "wrong_aspect_over_right",
        "l2_over_s_learner", "norm_difference_over_s_learner",
      ], differences)
    {
      lines += StudyLine.judged(
        job, metric, difference, accept, unit: "mean of pairs", rows: count, clusters: clusters)
    }
    for aspect in Review.Aspect.allCases {
      let mine = effects.filter { $0.aspect == aspect }
      guard !mine.isEmpty else { continue }
      lines.append(
        .estimate(
          job, "cosine_of_aspect",
          material.means([mine.map { $0.distances[0].cosine }], families: mine.map(\.original))[0],
          unit: "mean of pairs", rows: mine.count, clusters: Set(mine.map(\.original)).count,
          condition: aspect.rawValue))
    }
    let agreement = material.means(
      names.indices.map { name in effects.map { $0.agrees[name] ? 1 : 0 } }, families: families)
    for (name, mean) in zip(names, agreement) {
      lines.append(
        .estimate(
          job, "sign_of_stars", mean, unit: "fraction of pairs", rows: count, clusters: clusters,
          condition: name))
    }
    return lines
  }
}
