import EditEvaluation
import EditorTraining
import Foundation

/// How few sites, coordinates and numbers an edit needs where it is trained to need few: trainings with penalties beside
/// those that keep the best sites, and random ones (docs/study.md).
struct FrontierExperiment: ComparingExperiment {
  private let material: StudyMaterial
  private let groups: [TrainedCells]
  private let siteCount: Double

  init(_ material: StudyMaterial, _ cells: [(cell: StudyCell, lines: [StudyResult])]) {
    self.material = material
    groups = TrainedCells.groups(cells)
    siteCount = Double(material.editor.configuration.layers.count)
  }

  private var tokens: [Int] { material.rows.map(\.tokens.response.count) }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    guard let whole = groups.first(where: { $0.title == "none" }),
      let (mean, edited) = whole.losses("mean").flatMap({ m in
        whole.losses("edited").map { (m, $0) }
      })
    else {
      return Self.metrics.compactMap {
        StudyLine.notRun(job, $0, accept, why: "the training without a penalty diverged")
      }
    }
    let trained = groups.filter {
      if case .drawn = $0.cell.sites { false } else { true }
    }
    let losses = trained.map { $0.losses("edited") ?? [] }
    let shares = material.bootstrap.estimates(count: edited.count, families: material.families) {
      times in losses.map { material.share($0, mean: mean, whole: edited, times) }
    }
    let (count, clusters) = (edited.count, material.clusters)
    var lines: [StudyLine] = []
    for (group, share) in zip(trained, shares) {
      lines.append(
        .estimate(
          job, "share", share, unit: "share", rows: count, clusters: clusters,
          condition: group.title, note: group.count == 1 ? "one seed" : "\(group.count) seeds"))
      for metric in ["active_sites", "active_coordinates", "exact_zeros"] {
        guard let value = group.value(metric) else { continue }
        var line = StudyLine("estimate", job, metric)
        (line.value, line.condition) = (value, group.title)
        line.unit = metric == "exact_zeros" ? "fraction of coordinates" : "of the editor's"
        lines.append(line)
      }
    }
    lines += curves(trained, losses, shares, job) + ranks(trained, losses, shares, job)
    let figures = material.bootstrap.estimates(count: count, families: material.families) { times in
      self.figures(trained, losses, mean: mean, edited: edited, times)
    }
    for (metric, estimate) in zip(Self.metrics, figures) {
      if let why = missing(metric) {
        lines += [StudyLine.notRun(job, metric, accept, why: why)].compactMap { $0 }
      } else {
        lines += StudyLine.judged(
          job, metric, estimate, accept, unit: Self.units[metric] ?? "", rows: count,
          clusters: clusters,
          undecided: estimate == nil
            ? "no training has such a number of sites" : untried(metric, trained, accept))
      }
    }
    return lines
  }

  private static let metrics = [
    "sites_with_90", "sites_with_75", "exact_zeros", "soft_over_hard", "over_pruning",
    "area_over_random",
  ]
  private static let units = [
    "sites_with_90": "sites", "sites_with_75": "sites", "exact_zeros": "fraction of coordinates",
    "soft_over_hard": "nat/token", "over_pruning": "nat/token", "area_over_random": "share",
  ]

  /// Why there is no such figure.
  private func missing(_ metric: String) -> String? {
    func has(_ kinds: [EditSparsity.Kind]) -> Bool {
      groups.contains { kinds.contains($0.cell.penalty) }
    }
    switch metric {
    case "exact_zeros":
      return has([.rows, .shrink]) ? nil : "nothing was trained with rows or shrink"
    case "soft_over_hard":
      return has([.l0, .l0Instruction]) ? nil : "nothing was trained with gates"
    case "over_pruning":
      return has([.l0]) && !best.isEmpty ? nil : "nothing was trained with l0 beside best sites"
    case "area_over_random":
      return !random.isEmpty ? nil : "no random sites are trained in this study (random-sites)"
    default: return nil
    }
  }

  /// Why a number of sites says nothing: there is no training of so few, so that none of them has failed.
  private func untried(
    _ metric: String, _ trained: [TrainedCells],
    _ accept: [String: StudyConfiguration.Threshold]
  ) -> String? {
    guard metric.hasPrefix("sites_with"), let threshold = accept["frontier.\(metric)"],
      !trained.contains(where: { threshold.holds($0.sites) })
    else { return nil }
    return "no training has so few sites"
  }

  private var best: [(sites: Double, losses: [Double])] {
    groups.compactMap { group in
      guard case .best = group.cell.sites, let losses = group.losses("edited") else { return nil }
      return (group.sites, losses)
    }
  }

  /// Losses of random sets by their number of sites.
  private var random: [Int: [[Double]]] {
    var found: [Int: [[Double]]] = [:]
    for group in groups {
      guard case .drawn(let count, _, _) = group.cell.sites, let losses = group.losses("edited")
      else { continue }
      found[count, default: []].append(losses)
    }
    return found
  }

  /// By penalty and strength.
  private func curves(
    _ trained: [TrainedCells], _ losses: [[Double]], _ shares: [Estimate?], _ job: StudyJob
  ) -> [StudyLine] {
    let estimates = material.losses(losses)
    return EditSparsity.Kind.allCases.filter { $0 != .none }.flatMap { kind -> [StudyLine] in
      let mine = trained.indices.filter { trained[$0].cell.penalty == kind }
      guard !mine.isEmpty else { return [] }
      func series(_ metric: String, _ values: [Estimate?], _ unit: String) -> StudyLine {
        .series(
          job, metric, x: mine.map { trained[$0].cell.strength }, xName: "strength", values,
          unit: unit, rows: material.rows.count, clusters: material.clusters,
          condition: kind.rawValue)
      }
      return [
        series("loss", mine.map { estimates[$0] }, "nat/token"),
        series("share_by_strength", mine.map { shares[$0] }, "share"),
        series("sites_by_strength", mine.map { Estimate(value: trained[$0].sites) }, "sites"),
      ]
    }
  }

  /// By the rank of heads.
  private func ranks(
    _ trained: [TrainedCells], _ losses: [[Double]], _ shares: [Estimate?], _ job: StudyJob
  ) -> [StudyLine] {
    let mine = trained.indices.filter { trained[$0].cell.rank != nil }
    guard !mine.isEmpty else { return [] }
    let estimates = material.losses(losses)
    return [
      ("loss", mine.map { estimates[$0] }, "nat/token"),
      ("share_by_rank", mine.map { shares[$0] }, "share"),
    ].map { metric, values, unit in
      .series(
        job, metric, x: mine.map { Double(trained[$0].cell.rank ?? 0) }, xName: "rank", values,
        unit: unit, rows: material.rows.count, clusters: material.clusters, condition: "rank")
    }
  }

  /// In the order of `metrics`.
  private func figures(
    _ trained: [TrainedCells], _ losses: [[Double]], mean: [Double], edited: [Double],
    _ times: [Int]
  ) -> [Double] {
    let whole = drawnSum(tokens, times)
    let shares = losses.map { material.share($0, mean: mean, whole: edited, times) }
    func fewest(_ least: Double) -> Double {
      trained.indices.filter { shares[$0] >= least }.map { trained[$0].sites }.min() ?? siteCount
    }
    let zeros =
      trained.indices.filter {
        [.rows, .shrink].contains(trained[$0].cell.penalty) && shares[$0] >= 0.8
      }.compactMap { trained[$0].value("exact_zeros") }.max() ?? 0
    let gaps = trained.compactMap { group -> Double? in
      guard let soft = group.losses("edited"), let hard = group.losses("rounded") else {
        return nil
      }
      return (drawnSum(hard, times) - drawnSum(soft, times)) / whole
    }
    let pruned =
      best.map { (sites: $0.sites, loss: drawnSum($0.losses, times) / whole) }
      + [(siteCount, drawnSum(edited, times) / whole)]
    let over = trained.indices.compactMap { index -> Double? in
      guard trained[index].cell.penalty == .l0,
        let loss = Self.interpolated(pruned, at: trained[index].sites)
      else { return nil }
      return drawnSum(losses[index], times) / whole - loss
    }
    return [
      fewest(0.9), fewest(0.75), zeros, gaps.max() ?? .nan,
      over.isEmpty ? .nan : over.reduce(0, +) / Double(over.count),
      area(trained, shares, mean: mean, edited: edited, times),
    ]
  }

  /// Of losses by numbers of sites that at `sites`, in a straight line over the logarithm; nil below the fewest.
  private static func interpolated(
    _ pruned: [(sites: Double, loss: Double)], at sites: Double
  ) -> Double? {
    let sorted = pruned.sorted { $0.sites < $1.sites }
    guard let above = sorted.firstIndex(where: { $0.sites >= sites }) else { return nil }
    if sorted[above].sites == sites { return sorted[above].loss }
    guard above > 0 else { return nil }
    let (a, b) = (sorted[above - 1], sorted[above])
    let part = (log(sites) - log(a.sites)) / (log(b.sites) - log(a.sites))
    return a.loss + part * (b.loss - a.loss)
  }

  /// The largest area, of any penalty, under the share of its best training of at most k sites, over log k, less that of
  /// random sites; over the numbers k of random sites, and divided by their range.
  private func area(
    _ trained: [TrainedCells], _ shares: [Double], mean: [Double], edited: [Double],
    _ times: [Int]
  ) -> Double {
    let random = random
    let counts = random.keys.sorted()
    let chance = counts.map { count in
      let all = random[count]!.map { material.share($0, mean: mean, whole: edited, times) }
      return all.reduce(0, +) / Double(all.count)
    }
    let areas = EditSparsity.Kind.allCases.filter { $0 != .none }.compactMap { kind -> Double? in
      let mine = trained.indices.filter { trained[$0].cell.penalty == kind }
      guard !mine.isEmpty, !counts.isEmpty else { return nil }
      let differences = zip(counts, chance).map { count, chance in
        (mine.filter { trained[$0].sites <= Double(count) }.map { shares[$0] }.max() ?? 0) - chance
      }
      return Self.mean(differences, over: counts.map { log(Double($0)) })
    }
    return areas.max() ?? .nan
  }

  /// The area under y by trapezoids, over the range of x; y itself where there is one.
  static func mean(_ y: [Double], over x: [Double]) -> Double {
    guard y.count > 1, let first = x.first, let last = x.last else { return y.first ?? .nan }
    var area = 0.0
    for i in 1..<y.count { area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2 }
    return area / (last - first)
  }
}
