import EditEvaluation
import EditorTraining
import InstructionEditors
import LatentEditing

/// What each site's latents do, by integrated gradients from the mean edit to the edit over latents, on rows of training,
/// one of each family: the order in which sites are kept by trainings of few. Nothing that trainings are measured on has a
/// part in it.
struct SiteMapExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let rows: [StudyRow]
  private static let mostRows = 96

  init(_ material: StudyMaterial) throws {
    self.material = material
    var random = SeededGenerator(material.configuration.seed, 0x4D41_5053)
    var order = Array(material.data.training.indices)
    random.shuffle(&order)
    var seen: Set<String> = []
    rows = try order.map { material.data.training[$0] }.filter {
      seen.insert($0.family ?? $0.instruction).inserted
        && material.editor.prompt($0.input).count <= material.longestPrompt
    }.prefix(min(Self.mostRows, material.configuration.rows)).map { try material.row($0) }
  }

  var unitCount: Int { rows.count }

  func pending(_ units: [String: String]) -> [String] {
    rows.indices.map { "row/\($0)" }.filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let row = rows[StudyUnit.number(unit)]
    let written = try material.editor.write(row.instruction)
    let found = try material.path.get().measure(
      latentsOf: material.editor.configuration, row.tokens,
      from: material.mean.get().inPlace(of: written).latents(of: material.editor.configuration),
      to: written.latents(of: material.editor.configuration))
    return try StudyUnit(numbers: [found.from, found.to] + found.attributions).json()
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let found = try rows.indices.map { try StudyUnit("row/\($0)", of: units).numbers }
    let layers = material.editor.configuration.layers
    let columns = layers.indices.map { site in found.map { $0[2 + site] } }
    let families = rows.map(\.family)
    let clusters = Set(families).count
    let sums = material.bootstrap.estimates(count: rows.count, families: families) { times in
      columns.map { drawnSum($0, times) / Double(rows.count) }
    }
    let error = material.bootstrap.estimates(count: rows.count, families: families) { times in
      let gain = drawnSum(found.map { $0[0] - $0[1] }, times)
      let errors = found.map { abs($0.dropFirst(2).reduce(0, +) - ($0[0] - $0[1])) }
      return [gain > 0 ? drawnSum(errors, times) / gain : .nan]
    }[0]
    return [
      .series(
        job, "attribution", x: layers.map(Double.init), xName: "block", sums, unit: "nat/row",
        rows: rows.count, clusters: clusters),
      .estimate(
        job, "completeness_error", error, unit: "of the gain", rows: rows.count,
        clusters: clusters),
    ]
  }

  /// What is attributed to each block in the results of such a job, and the blocks, the best first.
  static func order(_ lines: [StudyResult]) -> (mass: [Int: Double], order: [Int])? {
    guard let line = lines.first(where: { $0.metric == "attribution" }), let x = line.x,
      let y = line.y
    else { return nil }
    let pairs = zip(x, y).map { (Int($0), $1 ?? 0) }
    return (
      Dictionary(pairs) { a, _ in a },
      pairs.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.map(\.0)
    )
  }
}
