import EditEvaluation
import EditorTraining

/// Whether the best sites by the map are better than as many random ones, after the same training of each (arXiv
/// 2502.11447), and whether the map says how good random ones are (docs/study.md).
struct RandomSitesExperiment: ComparingExperiment {
  private let material: StudyMaterial
  private let groups: [TrainedCells]
  private let mass: [Int: Double]

  init(
    _ material: StudyMaterial, _ cells: [(cell: StudyCell, lines: [StudyResult])],
    mass: [Int: Double]
  ) {
    self.material = material
    groups = TrainedCells.groups(cells)
    self.mass = mass
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let (count, clusters) = (material.rows.count, material.clusters)
    let counts = Set(
      groups.compactMap { group -> Int? in
        if case .drawn(let count, _, _) = group.cell.sites { count } else { nil }
      }
    ).sorted()
    var lines: [StudyLine] = []
    func losses(_ title: String) -> [Double]? {
      groups.first { $0.title == title }?.losses("edited")
    }
    let whole = groups.first { $0.title == "none" }
    let ends = whole.flatMap { w in
      w.losses("mean").flatMap { m in w.losses("edited").map { (mean: m, edited: $0) } }
    }
    for number in counts {
      let metric = "p_of_\(number)"
      let sets = groups.compactMap { group -> [Double]? in
        guard case .drawn(number, _, _) = group.cell.sites else { return nil }
        return group.losses("edited")
      }
      guard let best = losses("best \(number)") else {
        lines += [
          StudyLine.notRun(job, metric, accept, why: "the training of the best sites diverged")
        ].compactMap { $0 }
        continue
      }
      let p = material.bootstrap.estimates(count: count, families: material.families) { times in
        let own = drawnSum(best, times)
        return [
          Double(1 + sets.filter { drawnSum($0, times) <= own }.count) / Double(1 + sets.count)
        ]
      }[0]
      lines += StudyLine.judged(
        job, metric, p, accept, unit: "rank among sets", rows: count, clusters: clusters)
      guard let ends else { continue }
      let all = [best] + sets
      let shares = material.bootstrap.estimates(count: count, families: material.families) {
        times in
        all.map { material.share($0, mean: ends.mean, whole: ends.edited, times) }
      }
      lines.append(
        .estimate(
          job, "share", shares[0], unit: "share", rows: count, clusters: clusters,
          condition: "best \(number)"))
      lines.append(
        .series(
          job, "share_of_random", x: sets.indices.map(Double.init), xName: "set",
          Array(shares.dropFirst()), unit: "share", rows: count, clusters: clusters,
          condition: "\(number) sites"))
    }
    for number in [3, 6] where !counts.contains(number) {
      lines += [
        StudyLine.notRun(
          job, "p_of_\(number)", accept, why: "no sets of so many sites are trained in this study")
      ].compactMap { $0 }
    }
    lines += predictiveness(job, ends)
    return lines
  }

  /// Of a random set: its number of sites, the map's mass in it, its mean block, its share.
  private struct Point {
    let count: Int
    let mass, depth, share: Double
  }

  private func predictiveness(
    _ job: StudyJob, _ ends: (mean: [Double], edited: [Double])?
  ) -> [StudyLine] {
    let once = [Int](repeating: 1, count: material.rows.count)
    let total = mass.values.reduce(0, +)
    let points = groups.compactMap { group -> Point? in
      guard let ends, case .drawn(let count, _, let layers) = group.cell.sites,
        let losses = group.losses("edited")
      else { return nil }
      return Point(
        count: count, mass: layers.reduce(0) { $0 + (mass[$1] ?? 0) } / total,
        depth: Double(layers.reduce(0, +)) / Double(layers.count),
        share: material.share(losses, mean: ends.mean, whole: ends.edited, once))
    }
    let accept = material.configuration.accept
    guard points.count >= 4 else {
      return [
        StudyLine.notRun(
          job, "predictiveness", accept, why: "\(points.count) random sets are too few")
      ].compactMap { $0 }
    }
    let found = material.bootstrap.estimates(count: points.count) { times in
      let weights = times.map(Double.init)
      let (x, y, z) = (
        Self.centred(points, \.mass, weights), Self.centred(points, \.share, weights),
        Self.centred(points, \.depth, weights)
      )
      func r(_ a: [Double], _ b: [Double]) -> Double {
        RankCorrelation.pearson(a, b, weights: weights) ?? .nan
      }
      let (xy, xz, yz) = (r(x, y), r(x, z), r(y, z))
      return [(xy - xz * yz) / ((1 - xz * xz) * (1 - yz * yz)).squareRoot(), yz]
    }
    return StudyLine.judged(
      job, "predictiveness", found[0], accept, unit: "partial Pearson", rows: points.count,
      clusters: points.count)
      + [
        .estimate(
          job, "predictiveness_of_depth", found[1], unit: "Pearson", rows: points.count,
          clusters: points.count)
      ]
  }

  /// Values less their mean over sets of as many sites: more sites have more of everything.
  private static func centred(
    _ points: [Point], _ value: KeyPath<Point, Double>, _ weights: [Double]
  ) -> [Double] {
    let numbers = Set(points.map(\.count))
    let means = Dictionary(
      uniqueKeysWithValues: numbers.map { number in
        let mine = points.indices.filter { points[$0].count == number }
        let weight = mine.reduce(0) { $0 + weights[$1] }
        let sum = mine.reduce(0) { $0 + weights[$1] * points[$1][keyPath: value] }
        return (number, weight > 0 ? sum / weight : 0)
      })
    return points.map { $0[keyPath: value] - means[$0.count]! }
  }
}
