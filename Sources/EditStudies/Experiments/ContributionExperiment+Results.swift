import EditEvaluation
import Foundation

/// What comes of the rows that were measured.
extension ContributionExperiment {
  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let first = try insertions(units).map(\.numbers)
    let second = try material.rows.indices.map {
      try StudyUnit(name("best", $0), of: units).numbers
    }
    let (rows, clusters) = (material.rows.count, material.clusters)
    func column(_ i: Int) -> [Double] { first.map { $0[i] } }
    let (mean, edited) = (column(1), column(2))
    let accept = material.configuration.accept
    var lines: [StudyLine] = []
    for (condition, loss) in zip(
      ["unedited", "mean", "edited"], material.losses([column(0), mean, edited]))
    {
      lines.append(
        .estimate(
          job, "loss", loss, unit: "nat/token", rows: rows, clusters: clusters, condition: condition
        ))
    }
    let worse = material.means([zip(column(0), edited).map { $0 < $1 ? 1 : 0 }])[0]
    lines.append(
      .estimate(
        job, "anti_steerable", worse, unit: "fraction of rows", rows: rows, clusters: clusters))
    let halves = material.shares([column(3), column(4)], mean: mean, edited: edited)
    for (metric, share) in zip(["share_keys", "share_values"], halves) {
      lines += StudyLine.judged(
        job, metric, share, accept, unit: "share", rows: rows, clusters: clusters)
    }
    var next = 5
    for (metric, x) in [
      ("insertion_single", Array(0..<depth)), ("insertion_window_\(windowSize)", Array(windows)),
      ("insertion_from", Array(1..<depth)), ("insertion_below", Array(1..<depth)),
    ] {
      let shares = material.shares(
        x.indices.map { column(next + $0) }, mean: mean, edited: edited)
      next += x.count
      lines.append(
        .series(
          job, metric, x: x.map(Double.init), xName: "block", shares, unit: "share", rows: rows,
          clusters: clusters))
    }
    let reliability = reliability { row, window in
      first[row][1] - first[row][5 + self.depth + window]
    }
    lines += StudyLine.judged(
      job, "reliability", reliability.map { Estimate(value: $0) }, accept, unit: "Spearman-Brown",
      rows: rows, clusters: clusters, undecided: reliability == nil ? "a map is constant" : nil,
      isPoint: true)
    lines += borders(first, mean: mean, edited: edited, job)
    lines += families(first, second, job)
    lines += plainOrders(first, mean: mean, edited: edited, job)
    lines += try gradients(units, first, job)
    lines += best(second, mean: mean, edited: edited, reliability: reliability, job)
    return lines
  }

  /// Spearman's correlation of the maps of both halves, window by window, for all of the rows.
  private func reliability(_ value: (_ row: Int, _ window: Int) -> Double) -> Double? {
    let maps = [false, true].map { isSecond in
      windows.map { window -> Double in
        material.rows.indices.filter { material.rows[$0].isInSecondHalf == isSecond }.reduce(0) {
          $0 + value($1, window)
        }
      }
    }
    return RankCorrelation.spearman(maps[0], maps[1]).map(
      RankCorrelation.wholeReliability(ofHalves:))
  }

  /// The map of integrated gradients: what part of the gain is attributed to each block, whether it adds up, whether it is
  /// the same on both halves, and whether it is the map of single insertions.
  private func gradients(
    _ units: [String: String], _ first: [[Double]], _ job: StudyJob
  ) throws -> [StudyLine] {
    let paths = try self.paths(units)
    let (rows, clusters) = (material.rows.count, material.clusters)
    let accept = material.configuration.accept
    let depth = depth
    let gains = paths.map { $0[0] - $0[1] }
    let errors = zip(paths, gains).map { abs($0.dropFirst(2).reduce(0, +) - $1) }
    let layers = (0..<depth).map { layer in paths.map { $0[2 + layer] } }
    let figures = material.bootstrap.estimates(count: rows, families: material.families) { times in
      let gain = drawnSum(gains, times)
      guard gain > 0 else { return [Double](repeating: .nan, count: depth + 1) }
      return ([errors] + layers).map { drawnSum($0, times) / gain }
    }
    func total(_ layer: Int) -> Double { paths.reduce(0) { $0 + $1[2 + layer] } }
    let single = (0..<depth).map { layer in first.reduce(0) { $0 + $1[1] - $1[5 + layer] } }
    let found = (0..<depth).map(total)
    let reliability = reliability { row, window in
      (window..<window + self.windowSize).reduce(0) { $0 + paths[row][2 + $1] }
    }
    let agreement = RankCorrelation.spearman(found, single).map { Estimate(value: $0) }
    let chance = RankCorrelation.shiftProbability(found, single).map { Estimate(value: $0) }
    return StudyLine.judged(
      job, "completeness_error", figures[0], accept, unit: "of the gain", rows: rows,
      clusters: clusters)
      + [
        .series(
          job, "gradients", x: (0..<depth).map(Double.init), xName: "block",
          Array(figures.dropFirst()), unit: "share", rows: rows, clusters: clusters)
      ]
      + StudyLine.judged(
        job, "gradients_reliability", reliability.map { Estimate(value: $0) }, accept,
        unit: "Spearman-Brown", rows: rows, clusters: clusters,
        undecided: reliability == nil ? "a map is constant" : nil, isPoint: true)
      + [
        .estimate(
          job, "gradients_and_insertion", agreement, unit: "Spearman", rows: rows,
          clusters: clusters),
        .estimate(
          job, "gradients_and_insertion_p", chance, unit: "part of shifts", rows: rows,
          clusters: clusters),
      ]
  }

  /// The best k blocks by each order, the least k with 0.9, and the area under the curve over random orders'.
  private func best(
    _ second: [[Double]], mean: [Double], edited: [Double], reliability: Double?, _ job: StudyJob
  ) -> [StudyLine] {
    let (rows, clusters) = (material.rows.count, material.clusters)
    let found = Self.orderNames.count
    let names = Self.orderNames + (0..<Self.randomOrders).map { "random \($0 + 1)" }
    let accept = material.configuration.accept
    var lines: [StudyLine] = []
    for (index, condition) in names.enumerated() {
      let shares = material.shares(
        counts.indices.map { k in second.map { $0[index * counts.count + k] } }, mean: mean,
        edited: edited)
      lines.append(
        .series(
          job, "best_blocks", x: counts.map(Double.init), xName: "blocks", shares, unit: "share",
          rows: rows, clusters: clusters, condition: condition))
      if index == 0, let eight = counts.firstIndex(of: 8) {
        lines += StudyLine.judged(
          job, "share_8", shares[eight], accept, unit: "share", rows: rows, clusters: clusters)
        let drawn = (0..<rows).map { row in
          (0..<Self.randomOrders).reduce(0.0) {
            $0 + second[row][(found + $1) * counts.count + eight]
          } / Double(Self.randomOrders)
        }
        lines += StudyLine.judged(
          job, "share_8_of_random", material.shares([drawn], mean: mean, edited: edited)[0], accept,
          unit: "share", rows: rows, clusters: clusters)
      }
      if index == 0 {
        let least = zip(counts, shares).first { ($0.1?.value ?? 0) >= 0.9 }?.0
        lines.append(
          .estimate(
            job, "k90", least.map { Estimate(value: Double($0)) }, unit: "blocks", rows: rows,
            clusters: clusters,
            note: least == nil ? "no number of blocks that was tried has 0.9" : nil))
      }
    }
    let columns = (0..<names.count * counts.count).map { i in second.map { $0[i] } }
    let area = material.bootstrap.estimates(count: rows, families: material.families) { times in
      let (meanSum, editedSum) = (drawnSum(mean, times), drawnSum(edited, times))
      let areas = names.indices.map { index -> Double in
        let shares = counts.indices.map { k in
          (meanSum - drawnSum(columns[index * counts.count + k], times)) / (meanSum - editedSum)
        }
        return self.area(shares + [1])
      }
      let random = areas.dropFirst(found).reduce(0, +) / Double(Self.randomOrders)
      let misses = counts.indices.map { k in
        abs(1 - (meanSum - drawnSum(columns[k], times)) / (meanSum - editedSum))
      }
      return areas.prefix(found).map { $0 - random } + [self.area(misses + [0])]
    }
    lines.append(
      .estimate(
        job, "cmd", area[found], unit: "share", rows: rows, clusters: clusters,
        condition: Self.orderNames[0]))
    let isUnreliable = (reliability ?? 0) < 0.5
    for (metric, estimate) in zip(
      ["cpr_over_random", "cpr_of_insertion_over_random", "cpr_of_size_over_random"], area)
    {
      lines += StudyLine.judged(
        job, metric, estimate, accept, unit: "share", rows: rows, clusters: clusters,
        undecided: isUnreliable ? "the map's reliability is below 0.5" : nil)
    }
    return lines
  }

  /// The area under shares of the best `counts` and all blocks over log k, from 1 to all, as a part of its width
  /// (CPR of MIB, arXiv 2504.13151).
  private func area(_ shares: [Double]) -> Double {
    let x = (counts + [depth]).map { log(Double($0)) }
    let whole = zip(zip(x, x.dropFirst()), zip(shares, shares.dropFirst())).reduce(0.0) {
      $0 + ($1.0.1 - $1.0.0) * ($1.1.0 + $1.1.1) / 2
    }
    return whole / log(Double(depth))
  }
}
