import EditEvaluation

/// What comes of the families that were measured.
extension VectorsExperiment {
  /// KL(edited || unedited), nats a token, below which there is nothing to take a part of.
  private static let leastDivergence = 0.05

  /// A kept answer: how many tokens it has, and KL from the edited model under each condition.
  private struct Answer {
    let family: String
    let tokens: Double
    let divergences: [Double]
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    var answers: [Answer] = []
    var found: [(family: String, numbers: [Double])] = []
    var leftOut: [String] = []
    let size = 1 + Self.conditions.count
    for (number, row) in rows.enumerated() {
      let numbers = try StudyUnit("family/\(number)", of: units).numbers
      let mine = stride(from: Self.front, to: numbers.count, by: size).map {
        Answer(
          family: row.family, tokens: numbers[$0], divergences: Array(numbers[$0 + 1..<$0 + size]))
      }
      let tokens = mine.reduce(0) { $0 + $1.tokens }
      guard mine.reduce(0, { $0 + $1.divergences[0] }) > Self.leastDivergence * tokens else {
        leftOut.append(row.family)
        continue
      }
      answers += mine
      found.append((row.family, numbers))
    }
    let note =
      leftOut.isEmpty
      ? nil
      : "left out, for the edit does too little there or there are too few inputs: "
        + leftOut.joined(separator: ", ")
    guard !found.isEmpty else {
      return ["families_with_half", "over_mean_difference"].flatMap { metric in
        StudyLine.judged(
          job, metric, nil, accept, unit: "share", rows: 0, clusters: 0,
          undecided: note ?? "there is no family")
      }
    }
    var lines = shares(answers, found.map(\.family), note, job)
    let ofFamilies = found.map(\.family)
    for (index, condition) in Self.unrelated.enumerated() {
      lines.append(
        .estimate(
          job, "unrelated_kl",
          material.means([found.map { $0.numbers[3 + index] }], families: ofFamilies)[0],
          unit: "nat/token", rows: found.count, clusters: found.count, condition: condition))
    }
    for (index, metric) in ["layer", "strength", "strength_everywhere"].enumerated() {
      lines.append(
        .estimate(
          job, metric, material.means([found.map { $0.numbers[index] }], families: ofFamilies)[0],
          unit: index == 0 ? "block" : "of the difference", rows: found.count,
          clusters: found.count,
          condition: index == 2 ? "mean differences everywhere" : "mean difference"))
    }
    return lines
  }

  /// Shares, 1 - KL(edited || w) / KL(edited || unedited), of each family and their mean, and both figures that are
  /// judged.
  private func shares(
    _ answers: [Answer], _ families: [String], _ note: String?, _ job: StudyJob
  ) -> [StudyLine] {
    let accept = material.configuration.accept
    let places = families.map { family in
      answers.indices.filter { answers[$0].family == family }
    }
    let conditions = Self.conditions.count
    /// Of each family how often it was drawn, and its shares.
    func drawn(_ times: [Int]) -> [(weight: Double, shares: [Double])] {
      places.map { places in
        let weight = Double(places.reduce(0) { $0 + times[$1] }) / Double(places.count)
        let sums = (0..<conditions).map { condition in
          places.reduce(0.0) { $0 + Double(times[$1]) * answers[$1].divergences[condition] }
        }
        return (weight, sums.map { sums[0] > 0 ? 1 - $0 / sums[0] : .nan })
      }.filter { $0.weight > 0 }
    }
    let all = answers.map(\.family)
    let figures = material.bootstrap.estimates(count: answers.count, families: all) { times in
      let found = drawn(times)
      let weight = found.reduce(0) { $0 + $1.weight }
      func mean(_ value: ([Double]) -> Double) -> Double {
        found.reduce(0) { $0 + $1.weight * value($1.shares) } / weight
      }
      return [mean { $0[1] >= 0.5 ? 1 : 0 }, mean { $0[1] - $0[2] }]
        + (1..<conditions).map { condition in mean { $0[condition] } }
    }
    let (count, clusters) = (answers.count, families.count)
    var lines =
      StudyLine.judged(
        job, "families_with_half", figures[0], accept, unit: "fraction of families", rows: count,
        clusters: clusters)
      + StudyLine.judged(
        job, "over_mean_difference", figures[1], accept, unit: "share", rows: count,
        clusters: clusters)
    if let note { lines[0].note = note }
    for condition in 1..<conditions {
      lines.append(
        .estimate(
          job, "share", figures[1 + condition], unit: "share", rows: count, clusters: clusters,
          condition: Self.conditions[condition]))
    }
    for (family, places) in zip(families, places) {
      let estimates = material.bootstrap.estimates(count: places.count) { times in
        let sums = (0..<3).map { condition in
          zip(places, times).reduce(0.0) {
            $0 + Double($1.1) * answers[$1.0].divergences[condition]
          }
        }
        return [1, 2].map { 1 - sums[$0] / sums[0] }
      }
      for (metric, estimate) in zip(
        ["share_of_family", "share_of_family_by_difference"], estimates)
      {
        lines.append(
          .estimate(
            job, metric, estimate, unit: "share", rows: places.count, clusters: 1,
            condition: family))
      }
    }
    return lines
  }
}
