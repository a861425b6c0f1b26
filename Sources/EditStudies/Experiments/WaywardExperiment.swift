import EditEvaluation
import EditorTraining
import InstructionEditors
import LatentEditing

/// Edits that do what one instruction asks for and lie as near as they can to the edit of another one (Prompt Waywardness, arXiv
/// 2112.08348), and who is deceived by them: the text that is nearest, or what the model does (docs/study.md). A unit is a pair.
final class WaywardExperiment: StudyExperiment {
  private let material: StudyMaterial
  /// What is done, and what should be read.
  private let pairs: [(does: StudyRow, reads: StudyRow)]
  private let fits: FittedEdits
  /// Made when it is first asked for: it reads all known instructions.
  private lazy var reader = Result { try BehaviourReader(material) }
  private static let penalties = [1.0, 0.1, 0.01]
  private static let part = 0.9
  /// Gain below which an instruction does nothing to take a part of, nats a token.
  private static let leastGain = 0.05
  /// Rows of those learnt from that say whether it does enough.
  private static let watched = 8

  /// What is kept of a pair.
  private struct Unit: KeptUnit {
    let does, doesFamily, reads, readsFamily: String
    /// Why there is nothing more; then there is nothing more.
    var leftOut: String?
    /// Of the kept answers: their tokens, and the losses of the mean edit, of the edit that does it, of the edit that reads, and of what
    /// was found.
    var tokens = 0
    var losses: [Double] = []
    /// Whether it does enough on what it was learnt from, the penalty that it does so under, and after how many steps.
    var isReached = false
    var penalty = 0.0
    var steps = 0
    var cosine = 0.0
    var distance = 0.0
    /// The nearest known text, and that of the edit that it began with.
    var nearest = ""
    var nearestFamily = ""
    var nearestOfStart = ""
    var behaviour: BehaviourReader.Reading?
    /// What behaviour says of the edit that does it.
    var plain: BehaviourReader.Reading?
  }

  init(_ material: StudyMaterial) {
    self.material = material
    fits = FittedEdits(material)
    let rows = material.firstOfFamilies(known: true)
    let count = rows.count > 1 ? min(material.configuration.wayward.count, rows.count) : 0
    pairs = (0..<count).map { (rows[$0], rows[($0 + 1) % rows.count]) }
  }

  var unitCount: Int { pairs.count }

  func pending(_ units: [String: String]) -> [String] {
    pairs.indices.map { "pair/\($0)" }.filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    let (does, reads) = pairs[number]
    var pair = Unit(
      does: does.instruction, doesFamily: does.family, reads: reads.instruction,
      readsFamily: reads.family)
    let (_, wanted, mean) = try material.edits(does.instruction)
    guard let answers = try fits.answers(does, under: wanted, seed: UInt64(number)) else {
      pair.leftOut = "there are too few inputs"
      return try pair.json()
    }
    let watched = answers.learnt.prefix(Self.watched).map(\.row)
    let ends = try fits.losses(watched, under: [mean, wanted])
    let tokens = watched.reduce(0) { $0 + $1.response.count }
    guard ends[0] - ends[1] > Self.leastGain * Double(tokens) else {
      pair.leftOut = "the instruction does too little"
      return try pair.json()
    }
    let (written, start, _) = try material.edits(reads.instruction)
    let states = try fits.states(of: written, like: start)
    var found: (edit: CompiledEdit, states: [Float], distance: Double)?
    for penalty in Self.penalties where !pair.isReached {
      // The last one is what is left where none does enough.
      found =
        try fits.fit(
          states, of: start, to: answers.learnt.map(\.row),
          steps: material.configuration.wayward.steps, penalty: penalty
        ) { step, edit in
          let loss = try fits.losses(watched, under: [edit])[0]
          pair.isReached = ends[0] - loss >= Self.part * (ends[0] - ends[1])
          (pair.penalty, pair.steps) = (penalty, step)
          return !pair.isReached
        } ?? found
    }
    guard let found else {
      pair.leftOut = "the fit diverged"
      return try pair.json()
    }
    let kept = answers.kept.map(\.row)
    pair.tokens = kept.reduce(0) { $0 + $1.response.count }
    pair.losses = try fits.losses(kept, under: [mean, wanted, start, found.edit])
    let common = try material.editor.states(of: material.mean.get().inPlace(of: written))
    pair.cosine = try fits.cosine(found.states, states, mean: common)
    pair.distance = found.distance
    let reader = try reader.get()
    (pair.nearest, pair.nearestFamily) = reader.nearest(to: found.edit)
    pair.nearestOfStart = reader.nearest(to: start).text
    let inputs = answers.kept.map(\.input)
    let seed = material.configuration.seed &+ UInt64(number)
    pair.behaviour = try reader.read(.edit(found.edit), inputs: inputs, seed: seed)
    pair.plain = try reader.read(.edit(wanted), inputs: inputs, seed: seed)
    return try pair.json()
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let all = try pairs.indices.map { try Unit("pair/\($0)", of: units) }
    let accept = material.configuration.accept
    let found = all.filter { $0.leftOut == nil }
    let reached = found.filter(\.isReached)
    func means(_ some: [Unit], _ values: [(Unit) -> Double]) -> [Estimate?] {
      some.isEmpty
        ? values.map { _ in nil }
        : material.means(values.map { some.map($0) }, families: some.map(\.doesFamily))
    }
    let counts = (rows: reached.count, clusters: Set(reached.map(\.doesFamily)).count)
    var notes: [String] = []
    for unit in all where unit.leftOut != nil {
      notes.append("\(unit.doesFamily): \(unit.leftOut ?? "")")
    }
    for unit in found where !unit.isReached {
      notes.append("\(unit.doesFamily): no edit near the other text does enough")
    }
    let names = means(
      reached,
      [
        { $0.behaviour?.family == $0.doesFamily ? 1 : 0 },
        { $0.nearestFamily == $0.doesFamily ? 1 : 0 },
        { $0.nearest == $0.nearestOfStart ? 1 : 0 },
        { $0.behaviour?.family == $0.readsFamily ? 1 : 0 },
        { $0.plain?.family == $0.doesFamily ? 1 : 0 },
        { $0.behaviour?.isExplained == true ? 1 : 0 },
      ])
    let why =
      reached.isEmpty
      ? (notes.isEmpty ? "there are no two families" : notes.joined(separator: "; ")) : nil
    var lines = StudyLine.judged(
      job, "named_by_behaviour", names[0], accept, unit: "fraction of pairs", rows: counts.rows,
      clusters: counts.clusters, undecided: why)
    if !notes.isEmpty { lines[0].note = "left out: " + notes.joined(separator: "; ") }
    for (metric, estimate) in zip(
      [
        "named_by_nearest", "deceived_nearest", "deceived_behaviour", "named_by_behaviour_of_plain",
        "explained",
      ], names.dropFirst())
    {
      lines.append(
        .estimate(
          job, metric, estimate, unit: "fraction of pairs", rows: counts.rows,
          clusters: counts.clusters))
    }
    let shares =
      reached.isEmpty
      ? [nil, nil]
      : material.bootstrap.estimates(
        count: reached.count, families: reached.map(\.doesFamily)
      ) { times in
        let sums = (0..<4).map { i in drawnSum(reached.map { $0.losses[i] }, times) }
        return [3, 2].map {
          sums[0] > sums[1] ? (sums[0] - sums[$0]) / (sums[0] - sums[1]) : .nan
        }
      }
    let sizes = means(
      reached,
      [
        { $0.cosine }, { $0.distance }, { $0.behaviour?.roundTrip ?? 0 },
        { $0.plain?.roundTrip ?? 0 },
      ])
    let rest: [(String, String, String)] = [
      ("share", "share", "what was found"), ("share", "share", "the edit it lies near"),
      ("cosine", "cosine", "with the edit it lies near"),
      ("distance", "mean square", "from the edit it lies near"),
      ("round_trip", "round trip", "what behaviour names"),
      ("round_trip", "round trip", "what behaviour names of the edit that is not moved"),
    ]
    for ((metric, unit, condition), estimate) in zip(rest, shares + sizes) {
      lines.append(
        .estimate(
          job, metric, estimate, unit: unit, rows: counts.rows, clusters: counts.clusters,
          condition: condition))
    }
    lines.append(
      .estimate(
        job, "reached", means(found, [{ $0.isReached ? 1 : 0 }])[0], unit: "fraction of pairs",
        rows: found.count, clusters: Set(found.map(\.doesFamily)).count))
    return lines + found.flatMap { readings($0, job) }
  }

  /// What each reader says of an edit that was found.
  private func readings(_ unit: Unit, _ job: StudyJob) -> [StudyLine] {
    let source = "does \"\(unit.does)\", lies near \"\(unit.reads)\""
    func note(_ family: String, isNear: Bool) -> String {
      family == unit.doesFamily ? "what it does" : isNear ? "deceived" : "another family"
    }
    var lines = [
      StudyLine.reading(
        job, "nearest", source, said: unit.nearest, roundTrip: nil,
        note: note(unit.nearestFamily, isNear: unit.nearest == unit.nearestOfStart))
    ]
    if let behaviour = unit.behaviour {
      lines.append(
        .reading(
          job, "behaviour", source, said: behaviour.text, roundTrip: behaviour.roundTrip,
          note: behaviour.isExplained
            ? note(behaviour.family, isNear: behaviour.family == unit.readsFamily)
            : StudyLine.unexplained))
    }
    return lines
  }
}
