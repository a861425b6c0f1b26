import EditEvaluation
import Foundation

/// Whether the blocks in which an edit is read are those in which the model's heads carry tasks (docs/study.md): maps by block of other
/// jobs, compared.
struct FunctionVectorsExperiment: ComparingExperiment {
  private typealias Showing = TaskHeadsExperiment.Showing
  private let material: StudyMaterial
  private let results: [StudyConfiguration.Experiment.Kind: [StudyResult]]

  init(
    _ material: StudyMaterial,
    _ results: [StudyConfiguration.Experiment.Kind: [StudyResult]]
  ) {
    self.material = material
    self.results = results
  }

  /// A map by block, of two halves, whose parts are drawn: `[2][blocks][parts]`.
  private struct Map {
    let name: String
    /// What its parts are: those of maps of the same are drawn together.
    let of: Parts
    let halves: [[[Double]]]
    var families: [String?] = []
    /// Of a map whose parts are not there.
    var reliability: Double?

    enum Parts { case tasks, rows, nothing }

    var count: Int { halves[0].first?.count ?? 0 }

    func sums(_ times: [Int]) -> [[Double]] {
      halves.map { half in half.map { drawnSum($0, times) } }
    }
  }

  private static let confound =
    "edits in front can act only where tokens look at what stands in front, and an edit of the first token only behind the block in which "
    + "that becomes long (first_token_length), whatever the heads carry; edits at the last token would be the fair comparison"

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let metric = "agreement_with_knock_out"
    let heads = results[.taskHeads] ?? []
    let maps = Showing.allCases.compactMap { showing in
      TaskHeadsExperiment.maps(heads, "\(showing.name)_effect").map {
        Map(name: "heads, \(showing.rawValue)", of: .tasks, halves: $0)
      }
    }
    let others = readers() + vectors(heads) + insertion()
    guard let mine = maps.first(where: { $0.name.hasSuffix(Showing.instruction.rawValue) }),
      let reading = others.first
    else {
      return [StudyLine.notRun(job, metric, accept, why: TaskHeadsExperiment.noTasks)].compactMap {
        $0
      }
    }
    let agreement = compare(mine, reading)
    var lines = StudyLine.judged(
      job, metric, agreement?.corrected, accept, unit: "Spearman, corrected", rows: mine.count,
      clusters: mine.count,
      undecided: agreement == nil
        ? "a map is constant"
        : agreement?.found.undecided
          ?? (TaskHeadsExperiment.isShown(heads, .instruction)
            ? nil : "it is not shown that the instruction in the prompt helps"))
    lines[0].note = Self.confound
    for map in maps { for other in others { lines += relation(map, other, job) } }
    if maps.count == 2 { lines += relation(maps[0], maps[1], job) }
    lines.append(
      .estimate(
        job, "agreement", nil, unit: "Spearman, corrected", rows: 0, clusters: 0,
        condition: "heads, instruction; edits trained at the last token",
        note: "missing: no editors are trained at other positions"))
    return lines
  }

  /// Who reads the edit: all tokens, the prompt's last token alone.
  private func readers() -> [Map] {
    guard let lines = results[.tracing] else { return [] }
    return zip(["knocked-out readers", "knocked-out reader at the last token"], [false, true])
      .compactMap { name, isLast in
        guard let losses = TracingExperiment.losses(lines, ofLast: isLast) else { return nil }
        let rows = material.rows.prefix(losses[0].count)
        return Map(
          name: name, of: .rows,
          halves: [false, true].map { isSecond in
            losses.map { zip($0, rows).map { $1.isInSecondHalf == isSecond ? $0 : 0 } }
          }, families: rows.map(\.family))
      }
  }

  /// Where a vector helps.
  private func vectors(_ lines: [StudyResult]) -> [Map] {
    Showing.allCases.compactMap { showing in
      TaskHeadsExperiment.maps(lines, "\(showing.name)_vector").map {
        Map(name: "vector, \(showing.rawValue)", of: .tasks, halves: $0)
      }
    }
  }

  /// Where the edit alone acts, where that was measured: the same in every draw, since its rows are not there.
  private func insertion() -> [Map] {
    let lines = results[.contribution] ?? []
    guard let y = lines.first(where: { $0.metric == "insertion_single" })?.y else { return [] }
    let half = y.map { [($0 ?? 0) / 2] }
    let reliability = lines.first { $0.metric == "reliability" && $0.kind == "estimate" }?.value
    return [
      Map(
        name: "edit in one block", of: .nothing, halves: [half, half],
        reliability: reliability ?? 0)
    ]
  }

  /// Parts of both maps are drawn; reliabilities are those of all.
  private func compare(
    _ a: Map, _ b: Map
  ) -> (found: MapAgreement, plain: Estimate?, corrected: Estimate?)? {
    func once(_ map: Map) -> [[Double]] { map.sums([Int](repeating: 1, count: map.count)) }
    guard let found = MapAgreement(once(a), once(b), reliabilities: (a.reliability, b.reliability))
    else { return nil }
    let sets = [a, b].prefix(a.of == b.of ? 1 : 2).map { ($0.count, $0.families) }
    let estimates = material.bootstrap.estimates(of: sets) { times in
      let x = MapAgreement.whole(a.sums(times[0]))
      let y = MapAgreement.whole(b.sums(times[times.count - 1]))
      guard let r = RankCorrelation.spearman(x, y) else { return [.nan, .nan] }
      return [r, found.corrected(r) ?? .nan]
    }
    return (found, estimates[0], estimates[1])
  }

  private func relation(_ a: Map, _ b: Map, _ job: StudyJob) -> [StudyLine] {
    let agreement = compare(a, b)
    let values: [(String, Estimate?, String)] = [
      ("agreement", agreement?.corrected, "Spearman, corrected"),
      ("agreement_uncorrected", agreement?.plain, "Spearman"),
      (
        "agreement_p", agreement.map { Estimate(value: $0.found.shiftProbability) },
        "part of shifts"
      ),
    ]
    let r = agreement?.found.reliabilities
    let note =
      "reliabilities "
      + [r?.x, r?.y].map { $0.map { String(format: "%.2f", $0) } ?? "-" }.joined(separator: ", ")
    return values.map { metric, estimate, unit in
      .estimate(
        job, metric, estimate, unit: unit, rows: a.count, clusters: a.count,
        condition: "\(a.name); \(b.name)", note: metric == "agreement" ? note : nil)
    }
  }
}
