import EditSessions
import EditorTraining
import Foundation
import InstructionEditors

/// The training of a cell: `EditorTraining`'s own run, in a folder of the job's, up to the steps that are asked for.
final class CellTraining {
  /// What there is after so many steps.
  struct Report {
    /// Where it was given up, and why; nil where it was not.
    var diverged: String?
    /// Blocks with an open site, coordinates that are left, and all.
    var open: [Int] = []
    var coordinates = (left: 0, of: 0)
    /// Of the instructions of the rows the part of coordinates that are the mean edit's, each its own.
    var zeros: Double?
    /// Whether sparsity was asked for.
    var isSparse = false

    /// Of a unit.
    init(_ json: String) throws {
      let unit = try StudyUnit("unit", of: ["unit": json])
      guard let words = unit.words else { return }
      guard words.first != "diverged" else {
        diverged = words.last
        return
      }
      isSparse = unit.numbers.count == 3
      guard isSparse else { return }
      open = words.compactMap { Int($0) }
      coordinates = (Int(unit.numbers[0]), Int(unit.numbers[1]))
      zeros = unit.numbers[2]
    }

    func lines(_ job: StudyJob) -> [StudyLine] {
      guard isSparse else { return [] }
      func line(_ metric: String, _ value: Double, _ unit: String) -> StudyLine {
        var line = StudyLine("estimate", job, metric)
        (line.value, line.unit) = (value, unit)
        return line
      }
      var sites = StudyLine("series", job, "open_sites")
      (sites.x, sites.xName) = (open.indices.map(Double.init), StudyLine.rowNumbers)
      (sites.y, sites.unit) = (open.map(Double.init), "block")
      return [
        line("active_sites", Double(open.count), "sites"),
        line("active_coordinates", Double(coordinates.left), "coordinates"),
        line("coordinates", Double(coordinates.of), "coordinates"),
        line("exact_zeros", zeros ?? 0, "fraction of coordinates"), sites,
      ]
    }
  }

  private let material: StudyMaterial
  private let cell: StudyCell
  private let meaning: ChangedMeaning?
  private let sparsity: EditSparsity?
  private let folder: String
  private var training: PreparedTraining?

  init(
    _ material: StudyMaterial, _ cell: StudyCell, _ meaning: ChangedMeaning?,
    sparsity: EditSparsity?, folder: String
  ) {
    self.material = material
    self.cell = cell
    self.meaning = meaning
    self.sparsity = sparsity
    self.folder = folder
  }

  /// Whether there are gates that are not 0 or 1.
  var hasGates: Bool { [.l0, .l0Instruction].contains(sparsity?.kind) }

  /// What `body` gives while gates are 0 or 1.
  func roundingGates<Result>(_ body: () throws -> Result) rethrows -> Result {
    let centring = training?.trainer.editor.heads.centring
    centring?.roundsGates = true
    defer { centring?.roundsGates = false }
    return try body()
  }

  /// Trains up to `step`, from where the folder is. A training that diverges is a result. Throws `interrupted` where it is
  /// told to stop, and what training throws.
  func train(to step: Int) throws -> StudyUnit {
    do { try reach(step) } catch EditorTrainingError.diverged(let step) {
      return StudyUnit(words: ["diverged", "a gradient was no number in step \(step)"])
    }
    guard sparsity != nil, let trainer = training?.trainer else { return StudyUnit(words: []) }
    let counts = try trainer.sparsityCounts()
    let instructions = Array(Set(material.rows.map(\.instruction))).sorted()
    let parts = try trainer.editor.ownParts(
      of: instructions.map { material.editor.tokens(of: $0) })
    let zeros = parts.reduce(0) { $0 + $1.zeros.reduce(0, +) }
    return StudyUnit(
      numbers: [
        Double(counts.coordinates), Double(counts.of),
        Double(zeros) / Double(parts.count * counts.of),
      ], words: counts.openLayers.map(String.init))
  }

  /// The editor after `step`, to which training has come before. Throws `damaged` where its state is of another step.
  func editor(after step: Int) throws -> Editor {
    if training?.trainer.step != step { try reach(step) }
    guard let trainer = training?.trainer, trainer.step == step else {
      throw StudyError.damaged(
        path: folder,
        problem:
          "the training's state is after step \(training?.trainer.step ?? 0), and step \(step) was to be measured; "
          + "forget the job to have it done again")
    }
    return trainer.editor
  }

  private func reach(_ step: Int) throws {
    let training = try prepared()
    // The job's claim is this process's: whoever locked the folder is gone.
    try? FileManager.default.removeItem(atPath: folder + "/training.lock")
    let listener = StudyListener(material, to: step, steps: training.trainer.plan.steps)
    var run = try TrainingRun(training, resumption: .automatic, listener: listener)
    guard training.trainer.step < step else { return }
    try run.run()
    guard training.trainer.step >= step else {
      throw StudyError.interrupted(work: "training")
    }
  }

  private func prepared() throws -> PreparedTraining {
    if let training { return training }
    let loaded = material.editor.loaded
    let made = try PreparedTraining(
      options, loaded.opened, processor: loaded.processor,
      given: (rows, split, .editor(try start())), storage: .bf16)
    training = made
    return made
  }

  /// The editor that training begins with.
  private func start() throws -> Editor {
    let loaded = material.editor.loaded
    let processor = loaded.processor
    guard !cell.isNew else {
      return try Editor(
        material.editor.configuration, seed: cell.seed, processor: processor, pool: processor.pool)
    }
    let editor = try Editor(
      path: material.editorPath, identity: loaded.opened.identity(), processor: processor,
      pool: processor.pool)
    guard let rank = cell.rank else { return editor }
    let trained = Set(material.data.split.train.map { material.data.found.rows[$0].instruction })
    return try LowRankHeads.nearest(
      to: editor, rank: rank, on: trained.map { material.editor.tokens(of: $0) })
  }

  private var options: TrainingOptions {
    var options = TrainingOptions()
    options.model = material.configuration.model
    options.output = folder
    options.chatTemplate = material.configuration.chatTemplate
    options.run.steps = cell.evaluations.last ?? 0
    options.run.batchSize = cell.batchSize
    options.run.seed = cell.seed
    // By the clock: a state of an editor takes seconds to write.
    options.run.saveInterval = 0
    options.run.saveSeconds = 60
    options.optimization.learningRate = cell.learningRate
    options.optimization.backboneRate = cell.backboneRate
    options.optimization.schedule = LearningRateSchedule(.constant, warmUpSteps: 10)
    options.objective.sparsity = sparsity
    options.gradients.backward = material.configuration.training.backward
    options.validation.interval = 0
    options.validation.rows = 0
    return options
  }

  private var rows: TrainingData {
    guard let meaning else { return material.data.found }
    let trained = Set(split.train)
    return TrainingData(
      material.data.found,
      rows: material.data.found.rows.enumerated().map { index, row in
        guard trained.contains(index) else { return row }
        var row = row
        row.instruction = meaning.instruction(of: row, isTrained: true)
        return row
      })
  }

  private var split: DataSplit {
    guard let meaning else { return DataSplit(train: material.data.split.train) }
    return DataSplit(
      train: material.data.split.train.filter { index in
        let row = material.data.found.rows[index]
        return row.parts.isEmpty && row.family.map(meaning.families.contains) == true
      })
  }

  /// Removes what only a training that goes on needs.
  func discard() {
    training = nil
    for name in ["training.state", "training.lock"] {
      try? FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }
}
