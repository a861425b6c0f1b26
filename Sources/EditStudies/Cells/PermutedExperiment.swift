import EditEvaluation
import EditorTraining

/// Whether an editor learns faster where words mean what they say than where they mean something else, or nothing: what the
/// model knows of the words has a part in its edits, or they teach it (docs/study.md).
struct PermutedExperiment: ComparingExperiment {
  private let material: StudyMaterial
  private let groups: [TrainedCells]
  private let steps: [Int]

  init(_ material: StudyMaterial, _ cells: [(cell: StudyCell, lines: [StudyResult])]) {
    self.material = material
    groups = TrainedCells.groups(cells)
    steps = cells.first?.cell.evaluations ?? []
  }

  private static let metrics = ["selectivity", "selectivity_350", "code_over_true"]

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let meaning = ChangedMeaning(material.data, .natural, seed: material.configuration.seed)
    let rows = material.rows.indices.filter { index in
      let row = material.data.rows[index].row
      return row.parts.isEmpty && row.family.map(meaning.families.contains) == true
    }.map { material.rows[$0] }
    let (count, clusters) = (rows.count, Set(rows.map(\.family)).count)
    let tokens = rows.map(\.tokens.response.count)
    /// Losses by step, of the mean of those groups.
    func curve(_ isIn: (MeaningLabels) -> Bool) -> [[Double]]? {
      let mine = groups.filter { $0.cell.labels.map(isIn) == true }
      let all = mine.map { group in
        steps.compactMap { step in
          group.losses("edited" + (step == steps.last ? "" : " after \(step)"))
        }
      }
      guard !all.isEmpty, all.allSatisfy({ $0.count == steps.count }) else { return nil }
      return steps.indices.map { step in
        (0..<count).map { row in all.reduce(0) { $0 + $1[step][row] } / Double(all.count) }
      }
    }
    guard let natural = curve({ $0 == .natural }),
      let permuted = curve({ if case .permuted = $0 { true } else { false } }),
      let code = curve({ $0 == .code })
    else {
      return Self.metrics.compactMap {
        StudyLine.notRun(job, $0, accept, why: "a training diverged")
      }
    }
    var lines = [("natural", natural), ("permuted", permuted), ("code", code)].map { name, curve in
      StudyLine.series(
        job, "loss", x: steps.map(Double.init), xName: "step",
        material.losses(curve, of: rows), unit: "nat/token", rows: count, clusters: clusters,
        condition: name)
    }
    let found = material.bootstrap.estimates(count: count, families: rows.map(\.family)) { times in
      let whole = drawnSum(tokens, times)
      func over(_ other: [[Double]]) -> [Double] {
        zip(other, natural).map { (drawnSum($0, times) - drawnSum($1, times)) / whole }
      }
      let (permutedOver, codeOver) = (over(permuted), over(code))
      let x = steps.map(Double.init)
      return [
        FrontierExperiment.mean(permutedOver, over: x), FrontierExperiment.mean(codeOver, over: x),
        codeOver.last ?? .nan,
      ] + permutedOver
    }
    func judged(_ metric: String, _ estimate: Estimate?) -> [StudyLine] {
      StudyLine.judged(
        job, metric, estimate, accept, unit: "nat/token", rows: count, clusters: clusters)
    }
    lines += judged("selectivity", found[0]) + judged("selectivity_of_code", found[1])
    lines += judged("code_over_true", found[2])
    lines.append(
      .series(
        job, "selectivity_by_step", x: steps.map(Double.init), xName: "step",
        Array(found.dropFirst(3)), unit: "nat/token", rows: count, clusters: clusters))
    if let index = steps.firstIndex(of: 350) {
      lines += judged("selectivity_350", found[3 + index])
    } else {
      lines += [
        StudyLine.notRun(
          job, "selectivity_350", accept, why: "nothing was measured after step 350")
      ].compactMap { $0 }
    }
    return lines
  }
}
