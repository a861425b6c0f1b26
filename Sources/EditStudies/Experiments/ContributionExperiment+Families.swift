import EditEvaluation

/// What the maps of single families say, and what follows from the curves without another pass.
extension ContributionExperiment {
  /// Where the last 0.6 of all blocks begins, and where the first third of them ends.
  private var borders: (last: Int, first: Int) { (max(1, depth * 2 / 5), max(1, depth / 3)) }

  /// Shares of all blocks from 0.4 of the depth on and of those in the first third, and what keys and values have only
  /// together.
  func borders(_ first: [[Double]], mean: [Double], edited: [Double], _ job: StudyJob)
    -> [StudyLine]
  {
    let (rows, clusters) = (material.rows.count, material.clusters)
    let from = 5 + depth + windows.count
    let below = from + depth - 1
    func column(_ i: Int) -> [Double] { first.map { $0[i] } }
    let shares = material.shares(
      [column(from + borders.last - 1), column(below + borders.first - 1)], mean: mean,
      edited: edited)
    var lines: [StudyLine] = []
    for (metric, share, condition) in [
      ("share_of_last", shares[0], "blocks from \(borders.last) on"),
      ("share_of_first", shares[1], "blocks below \(borders.first)"),
    ] {
      lines += StudyLine.judged(
        job, metric, share, material.configuration.accept, unit: "share", rows: rows,
        clusters: clusters, condition: condition)
    }
    let (keys, values) = (column(3), column(4))
    let together = material.bootstrap.estimates(count: rows, families: material.families) {
      times in
      let (meanSum, editedSum) = (drawnSum(mean, times), drawnSum(edited, times))
      guard meanSum > editedSum else { return [.nan] }
      return [
        1 - (2 * meanSum - drawnSum(keys, times) - drawnSum(values, times))
          / (meanSum - editedSum)
      ]
    }[0]
    lines.append(
      .estimate(
        job, "share_of_both_together", together, unit: "share", rows: rows, clusters: clusters))
    return lines
  }

  /// The best blocks when they are taken from the first on, or from the last on: no order that was found, and no pass more.
  func plainOrders(_ first: [[Double]], mean: [Double], edited: [Double], _ job: StudyJob)
    -> [StudyLine]
  {
    let from = 5 + depth + windows.count
    let below = from + depth - 1
    return [
      ("first to last", { below + $0 - 1 }), ("last to first", { from + self.depth - $0 - 1 }),
    ]
    .map { (condition: String, column: (Int) -> Int) in
      let shares = material.shares(
        counts.map { k in first.map { $0[column(k)] } }, mean: mean, edited: edited)
      return .series(
        job, "best_blocks", x: counts.map(Double.init), xName: "blocks", shares, unit: "share",
        rows: material.rows.count, clusters: material.clusters, condition: condition)
    }
  }

  /// Whether the map of a family is its own: the same on both halves of its rows, beside the map of another family; and how
  /// many blocks a family needs.
  func families(_ first: [[Double]], _ second: [[Double]], _ job: StudyJob) -> [StudyLine] {
    let accept = material.configuration.accept
    let places = Dictionary(grouping: material.rows.indices) { material.rows[$0].family }
      .sorted { $0.key < $1.key }
    func map(_ rows: [Int]) -> [Double] {
      windows.map { window in
        rows.reduce(0.0) { $0 + first[$1][1] - first[$1][5 + depth + window] }
      }
    }
    /// Means of `values` over families, where there are any.
    func judged(
      _ metric: String, _ values: [(family: String, value: Double)], unit: String, none: String
    ) -> [StudyLine] {
      StudyLine.judged(
        job, metric,
        values.isEmpty
          ? nil : material.means([values.map(\.value)], families: values.map(\.family))[0],
        accept, unit: unit, rows: values.count, clusters: values.count,
        undecided: values.isEmpty ? none : nil)
    }
    let halves = places.compactMap { family, rows -> (family: String, value: Double)? in
      let maps = [false, true].map { isSecond in
        rows.filter { material.rows[$0].isInSecondHalf == isSecond }
      }
      guard !maps.contains([]), let r = RankCorrelation.spearman(map(maps[0]), map(maps[1])) else {
        return nil
      }
      return (family, r > -1 ? RankCorrelation.wholeReliability(ofHalves: r) : -1)
    }
    var lines = judged(
      "reliability_of_families", halves, unit: "Spearman-Brown",
      none: "no family has unseen wordings in both halves; measure more rows of a family")
    let others = places.indices.compactMap { index -> (family: String, value: Double)? in
      guard places.count > 1 else { return nil }
      return RankCorrelation.spearman(
        map(places[index].value), map(places[(index + 1) % places.count].value)
      ).map { (places[index].key, $0) }
    }
    lines += judged(
      "map_of_other_family", others, unit: "Spearman", none: "there is one family")
    // A family's gain of the best k blocks, in the order of gradients on the other half.
    let least = places.compactMap { family, rows -> (family: String, value: Double)? in
      let gain = rows.reduce(0.0) { $0 + first[$1][1] - first[$1][2] }
      guard gain > 0 else { return nil }
      let k = counts.indices.first { k in
        rows.reduce(0.0) { $0 + first[$1][1] - second[$1][k] } >= 0.9 * gain
      }
      return (family, Double(k.map { counts[$0] } ?? depth))
    }
    let all = least.map(\.family)
    let median =
      least.isEmpty
      ? nil
      : material.bootstrap.estimates(count: least.count, families: all) { times in
        [drawnMedian(least.map(\.value), times)]
      }[0]
    lines += StudyLine.judged(
      job, "k90_of_families", median, accept, unit: "blocks, median of families",
      rows: least.count, clusters: least.count,
      undecided: median == nil ? "the edit gains nothing in any family" : nil)
    return lines
  }
}
