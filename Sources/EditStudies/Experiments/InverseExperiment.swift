import EditEvaluation
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing

/// Which instruction explains an edit that no text made (docs/study.md): states that are fitted to what an instruction makes of inputs,
/// the mean difference that it makes as a control vector, and a vector that is drawn. A unit is a family.
final class InverseExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let rows: [StudyRow]
  private let fits: FittedEdits
  /// Made when it is first asked for: it reads all known instructions.
  private lazy var reader = Result { try BehaviourReader(material) }
  private static let strengths: [Float] = [0.5, 1, 2]
  /// Answers that a vector's block and strength are chosen on.
  private static let choosing = 8
  private static let leastGain = 0.05

  /// What is kept of a family.
  private struct Unit: KeptUnit {
    let text, family: String
    /// Why there is nothing more; then there is nothing more.
    var leftOut: String?
    /// Losses of the kept answers: of the mean edit, of the edit of the text, of what was fitted; of no edit, and of the vector.
    var losses: [Double] = []
    var fitted: BehaviourReader.Reading?
    var difference: BehaviourReader.Reading?
    var random: BehaviourReader.Reading?
    /// The family of the known instruction with the nearest values, of what was fitted.
    var nearestFamily = ""
  }

  init(_ material: StudyMaterial) {
    self.material = material
    fits = FittedEdits(material)
    rows = Array(
      material.firstOfFamilies(known: true).prefix(material.configuration.inverse.count))
  }

  var unitCount: Int { rows.count }

  func pending(_ units: [String: String]) -> [String] {
    rows.indices.map { "family/\($0)" }.filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    let row = rows[number]
    var mine = Unit(text: row.instruction, family: row.family)
    let (_, wanted, mean) = try material.edits(row.instruction)
    guard let answers = try fits.answers(row, under: wanted, seed: UInt64(number)) else {
      mine.leftOut = "there are too few inputs"
      return try mine.json()
    }
    let (learnt, kept) = (answers.learnt.map(\.row), answers.kept.map(\.row))
    let ends = try fits.losses(kept, under: [mean, wanted])
    guard
      ends[0] - ends[1] > Self.leastGain * Double(kept.reduce(0) { $0 + $1.response.count })
    else {
      mine.leftOut = "the instruction does too little"
      return try mine.json()
    }
    // Prefixes need tokens: those of an instruction of another family, with the mean edit's states.
    let others = material.known.filter { $0.family != row.family }
    guard !others.isEmpty else {
      mine.leftOut = "there is no other family"
      return try mine.json()
    }
    var random = SeededGenerator(material.configuration.seed, 0x494E_5645, UInt64(number))
    let frame = try material.editor.write(others[random.pick(others.count)].text)
    let written = try material.mean.get().inPlace(of: frame)
    let start = try material.editor.compile(written)
    guard
      let fitted = try fits.fit(
        fits.states(of: written, like: start), of: start, to: learnt,
        steps: material.configuration.inverse.steps)
    else {
      mine.leftOut = "the fit diverged"
      return try mine.json()
    }
    let reader = try reader.get()
    let seed = material.configuration.seed &+ UInt64(number)
    let inputs = answers.kept.map(\.input)
    mine.fitted = try reader.read(
      .edit(fitted.edit), inputs: inputs, asksPrompted: true, seed: seed)
    mine.nearestFamily = reader.nearest(to: fitted.edit).family
    let vector = try vector(learnt)
    mine.difference = try reader.read(.vector(vector.edit), inputs: inputs, seed: seed)
    let size = (vector.direction.reduce(0) { $0 + $1 * $1 } / Float(vector.direction.count))
      .squareRoot()
    let drawn = vector.direction.map { _ in random.next() & 1 == 0 ? size : -size }
    mine.random = try reader.read(
      .vector(edit(drawn, vector.layer)), inputs: inputs, seed: seed)
    mine.losses =
      ends + (try fits.losses(kept, under: [fitted.edit]))
      + (try losses(kept, [nil, vector.edit]))
    return try mine.json()
  }

  /// The mean over tokens of the right answers of the state after a block, less that over tokens of what the unedited model
  /// answers itself; of three blocks and three strengths those under which right answers lose least.
  private func vector(
    _ rows: [EditedRuns.Row]
  ) throws -> (direction: [Float], layer: Int, edit: LatentEdit) {
    let depth = material.editor.layerCount
    let layers = Set([depth / 3, depth / 2, 2 * depth / 3].map { min(max(1, $0), depth - 1) })
      .sorted()
    let points = layers.map { Placement.after.point(ofLayer: $0) }
    let own = try material.answers(rows.map { ($0.prompt, nil) })
    var sums = [[Double]](
      repeating: [Double](
        repeating: 0, count: material.editor.loaded.configuration.hiddenSize),
      count: layers.count)
    func add(_ rows: [EditedRuns.Row], _ sign: Double) throws {
      let tokens = Double(rows.reduce(0) { $0 + $1.response.count })
      for row in rows {
        let states = try material.runs.responseStates(row, under: nil, points: points)
        for (i, states) in states.enumerated() {
          let width = sums[i].count
          for j in states.indices { sums[i][j % width] += sign * Double(states[j]) / tokens }
        }
      }
    }
    try add(rows, 1)
    try add(zip(rows, own).map { EditedRuns.Row(prompt: $0.prompt, response: $1) }, -1)
    var choices: [(direction: [Float], layer: Int, edit: LatentEdit)] = []
    for (sum, layer) in zip(sums, layers) {
      for strength in Self.strengths {
        let direction = sum.map { strength * Float($0) }
        choices.append((direction, layer, try edit(direction, layer)))
      }
    }
    let found = try losses(Array(rows.prefix(Self.choosing)), choices.map(\.edit))
    let best = found.indices.min { (found[$0], $0) < (found[$1], $1) } ?? 0
    return choices[best]
  }

  private func edit(_ direction: [Float], _ layer: Int) throws -> LatentEdit {
    let c = material.editor.loaded.configuration
    return try ControlVector(directions: [layer: direction]).edit(
      width: c.hiddenSize, layerCount: c.layerCount)
  }

  /// Sums of -log p of `rows` under each vector, and without one.
  private func losses(
    _ rows: [EditedRuns.Row], _ vectors: [LatentEdit?]
  ) throws -> [Double] {
    try rows.reduce(into: [Double](repeating: 0, count: vectors.count)) { sums, row in
      let found = try material.runs.losses(
        row, under: vectors.map { _ in nil },
        visitors: vectors.map { vector in
          try vector.map { try EditInjector($0, prompt: PromptShape(length: row.prompt.count)) }
        })
      for (i, loss) in found.enumerated() { sums[i] += loss }
    }
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let all = try rows.indices.map { try Unit("family/\($0)", of: units) }
    let accept = material.configuration.accept
    let found = all.filter { $0.leftOut == nil }
    let notes = all.filter { $0.leftOut != nil }.map { "\($0.family): \($0.leftOut ?? "")" }
    func means(_ values: [(Unit) -> Double]) -> [Estimate?] {
      found.isEmpty
        ? values.map { _ in nil }
        : material.means(values.map { found.map($0) }, families: found.map(\.family))
    }
    let judged = means([
      { $0.fitted?.family == $0.family ? 1 : 0 },
      { $0.fitted?.families.contains($0.family) == true ? 1 : 0 },
      { $0.random?.isExplained == false ? 1 : 0 },
    ])
    let why =
      found.isEmpty
      ? (notes.isEmpty
        ? "no unseen instruction is of a family that was trained on"
        : notes.joined(separator: "; ")) : nil
    var lines = zip(["family_at_1", "family_at_5", "none_for_random"], judged).flatMap {
      StudyLine.judged(
        job, $0, $1, accept, unit: "fraction of families", rows: found.count,
        clusters: found.count, undecided: why)
    }
    if !notes.isEmpty { lines[0].note = "left out: " + notes.joined(separator: "; ") }
    let rest: [(String, String?, (Unit) -> Double)] = [
      ("family_at_1_of_nearest", nil, { $0.nearestFamily == $0.family ? 1 : 0 }),
      ("family_at_1_of_prompted", nil, { $0.fitted?.prompted.first == $0.family ? 1 : 0 }),
      ("family_at_1_of_difference", nil, { $0.difference?.family == $0.family ? 1 : 0 }),
      ("explained", "fitted", { $0.fitted?.isExplained == true ? 1 : 0 }),
      ("explained", "mean difference", { $0.difference?.isExplained == true ? 1 : 0 }),
      ("explained", "random", { $0.random?.isExplained == true ? 1 : 0 }),
    ]
    let trips: [(String, (Unit) -> Double)] = [
      ("fitted", { $0.fitted?.roundTrip ?? 0 }),
      ("mean difference", { $0.difference?.roundTrip ?? 0 }),
      ("random", { $0.random?.roundTrip ?? 0 }),
    ]
    for ((metric, condition, _), estimate) in zip(rest, means(rest.map(\.2))) {
      lines.append(
        .estimate(
          job, metric, estimate, unit: "fraction of families", rows: found.count,
          clusters: found.count, condition: condition))
    }
    for ((condition, _), estimate) in zip(trips, means(trips.map(\.1))) {
      lines.append(
        .estimate(
          job, "round_trip", estimate, unit: "round trip", rows: found.count,
          clusters: found.count, condition: condition))
    }
    for (condition, estimate) in zip(["fitted", "mean difference"], shares(found)) {
      lines.append(
        .estimate(
          job, "share", estimate, unit: "share", rows: found.count, clusters: found.count,
          condition: condition))
    }
    lines.append(
      .estimate(
        job, "chance",
        Estimate(value: 1 / Double(Set(material.known.map(\.family)).count)),
        unit: "fraction of families", rows: found.count, clusters: found.count))
    return lines + found.flatMap { readings($0, job) }
  }

  /// Of the gain over the mean edit what the fit has, and of that over no edit what the vector has.
  private func shares(_ found: [Unit]) -> [Estimate?] {
    found.isEmpty
      ? [nil, nil]
      : material.bootstrap.estimates(count: found.count, families: found.map(\.family)) { times in
        let sums = (0..<5).map { i in drawnSum(found.map { $0.losses[i] }, times) }
        func share(_ none: Int, _ some: Int) -> Double {
          sums[none] > sums[1] ? (sums[none] - sums[some]) / (sums[none] - sums[1]) : .nan
        }
        return [share(0, 2), share(3, 4)]
      }
  }

  private func readings(_ unit: Unit, _ job: StudyJob) -> [StudyLine] {
    [("fitted", unit.fitted), ("mean difference", unit.difference), ("random", unit.random)]
      .compactMap { kind, reading in
        reading.map {
          .reading(
            job, "behaviour", "\(kind), \"\(unit.text)\"", said: $0.text,
            roundTrip: $0.roundTrip,
            note: !$0.isExplained
              ? StudyLine.unexplained
              : $0.family == unit.family ? "its family" : "another family")
        }
      }
  }
}
