import EditSessions
import Foundation
import InstructionEditors
import LatentEditing
import MessagePassing
import ModelFiles
import TensorKernels

/// A training in its folder: what is written when, and where it goes on.
///
/// In the folder are the network (editor.safetensors or adapters.safetensors), best.safetensors (the least
/// loss on unseen instructions), training.state, metrics.jsonl and loss.svg. Used by one thread at a time.
public struct TrainingRun {
  /// Whether a run goes on with what is in its folder.
  public enum Resumption: Sendable {
    /// It begins, and refuses a folder with a training in it.
    case never
    /// It goes on, and refuses a folder without one.
    case always
    /// It goes on where there is something to go on with.
    case automatic
  }

  private let options: TrainingOptions
  private let trainer: Trainer
  private let folder: String?
  private let resumes: Bool
  private let storage: EditorStorage
  private let listener: any TrainingListener
  private var bestLoss = Double.infinity
  private var tokens = 0
  private var seconds = 0.0
  private var losses: [Double] = []
  private var rates: [Double] = []
  /// Of this run alone, as the rates are.
  private var runSeconds = 0.0
  private var lastSave = ContinuousClock.now
  private var lock: FolderLock?
  /// What the ranks have agreed on last: whether the training is to end, and whether a state is to be saved.
  private var isStopping = false
  private var isSaving = false

  /// Makes the folder, or goes on with what is in it.
  ///
  /// - Parameters:
  ///   - training: what is trained; its options say in which folder, and an empty name is none.
  ///   - resumption: whether a run goes on with what is there.
  ///   - listener: hears what happens, and may end it.
  /// - Throws: `TrainingRunError`, and `EditorTrainingError` as `FolderLock` and `Trainer.resume(from:)` do.
  public init(
    _ training: PreparedTraining, resumption: Resumption = .never,
    listener: (any TrainingListener)? = nil
  ) throws {
    options = training.options
    trainer = training.trainer
    storage = training.storage
    folder = options.output.isEmpty ? nil : options.output
    self.listener = listener ?? NoListener()
    try trainer.join()
    guard let folder else {
      resumes = false
      return
    }
    guard let ranks = trainer.ranks else {
      (lock, resumes) = try Self.claim(
        folder, trainer.network, resumption, self.listener)
      if resumes { try resume(in: folder) }
      return
    }
    // The folder is the first rank's.
    let (network, told) = (trainer.network, self.listener)
    let claimed = try ranks.agreeing {
      ranks.isFirst ? try Self.claim(folder, network, resumption, told) : nil
    }
    lock = claimed?.lock
    resumes = try ranks.gather([claimed?.resumes == true ? 1 : 0])[0][0] != 0
    if resumes { try resume(in: folder) }
  }

  /// Makes the folder and locks it; whether there is something in it to go on with.
  private static func claim(
    _ folder: String, _ network: TrainedNetwork, _ resumption: Resumption,
    _ listener: any TrainingListener
  ) throws -> (lock: FolderLock, resumes: Bool) {
    guard resumption != .always || exists(in: folder) else {
      throw TrainingRunError.noTraining(folder: folder)
    }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw TrainingRunError.folderNotMade(folder: folder)
    }
    let lock = try FolderLock(folder: folder)
    if let owner = lock.formerOwner { listener.receive(.lockBroken(folder: folder, owner: owner)) }
    for name in [network.name + ".safetensors", "best.safetensors", "training.state"] {
      UnfinishedFile.removeAll(of: folder + "/" + name)
    }
    let resumes = resumption != .never && exists(in: folder)
    guard resumes || !exists(in: folder) else {
      throw TrainingRunError.trainingExists(folder: folder)
    }
    return (lock, resumes)
  }

  private func resume(in folder: String) throws {
    let before = try trainer.resume(from: folder + "/training.state")
    let now = trainer.ranks?.count ?? 1
    if before != now { listener.receive(.ranksChanged(before: before, now: now)) }
  }

  /// Whether this process writes into the folder.
  private var isFirst: Bool { trainer.ranks?.isFirst ?? true }

  /// Has the ranks agree: one that is told to stop stops all, and the first one's clock says when to save.
  private mutating func agree() throws {
    let own = (listener.isStopRequested, isSaveDue)
    guard let ranks = trainer.ranks else {
      (isStopping, isSaving) = own
      return
    }
    let all = try ranks.gather([own.0 ? 1 : 0, own.1 ? 1 : 0])
    isStopping = all.contains { $0[0] != 0 }
    isSaving = all[0][1] != 0
  }

  /// Whether there is a training in `folder`.
  public static func exists(in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/training.state")
  }

  private func path(_ name: String) -> String { (folder ?? ".") + "/" + name }

  /// Trains to the plan's last step, or until the listener asks to stop, and writes what belongs in the
  /// folder. Throws `EditorTrainingError`, `LatentEditingError` and `ModelFileError`.
  @discardableResult
  public mutating func run() throws -> TrainingResult {
    guard folder != nil else {
      try train { _ in }
      return result
    }
    let writer =
      isFirst
      ? try MetricsWriter(
        path: path("metrics.jsonl"), resumingAfter: resumes ? trainer.step : nil) : nil
    if isFirst {
      let known = try MetricsWriter.read(path: path("metrics.jsonl"))
      tokens = known.last?.tokens ?? 0
      seconds = known.last?.seconds ?? 0
      bestLoss = known.compactMap { $0.validation?["unseen"]?.edited }.min() ?? .infinity
    }
    try agree()
    if trainer.step == 0, !isStopping { try validate { try writer?.append($0) } }
    try train { try writer?.append($0) }
    if trainer.step > 0,
      options.validation.interval == 0 || trainer.step % options.validation.interval != 0
    {
      if !isStopping { try validate { try writer?.append($0) } }
    }
    try save()
    guard let writer else { return result }
    try listener.finishing {
      if trainer.step == trainer.plan.steps { try writer.append(summary) }
      try LossCurve(
        title: "Loss of \(path(trainer.network.name + ".safetensors"))",
        metrics: MetricsWriter.read(path: path("metrics.jsonl")), split: "unseen"
      ).svg().write(toFile: path("loss.svg"), atomically: true, encoding: .utf8)
    }
    return result
  }

  private mutating func train(_ append: (TrainingMetrics) throws -> Void) throws {
    listener.receive(.began(step: trainer.step, last: trainer.plan.steps))
    try agree()
    while trainer.step < trainer.plan.steps, !isStopping {
      try trainer.run { report in
        record(report)
        listener.receive(.step(report))
        try append(metrics(report))
        try agree()
        return !isStopping && !isDue(options.validation.interval) && !isSaving
      }
      if isStopping { break }
      if isDue(options.validation.interval) {
        try validate(append)
        try agree()
      }
      if isSaving { try save() }
    }
  }

  private var isSaveDue: Bool {
    let seconds = options.run.saveSeconds
    return isDue(options.run.saveInterval)
      || seconds > 0 && ContinuousClock.now - lastSave >= .seconds(seconds)
  }

  private func isDue(_ interval: Int) -> Bool { interval > 0 && trainer.step % interval == 0 }

  private mutating func record(_ report: StepReport) {
    tokens += report.tokenCount
    seconds += report.seconds
    runSeconds += report.seconds
    losses.append(report.losses.meanCrossEntropy)
    rates.append(Double(report.tokenCount) / report.seconds)
  }

  private func metrics(_ report: StepReport) -> TrainingMetrics {
    var line = TrainingMetrics(step: report.step, kind: .train)
    let objective = trainer.plan.objective
    line.crossEntropy = report.losses.meanCrossEntropy
    if objective.distillation != 0 { line.distillation = report.losses.meanDivergence }
    line.loss =
      Double(objective.crossEntropy) * report.losses.meanCrossEntropy
      + Double(objective.distillation) * report.losses.meanDivergence
    line.rateFactor = report.rateFactor
    line.gradientNorm = report.gradientNorm
    line.tokens = tokens
    line.tokensPerSecond = Double(report.tokenCount) / report.seconds
    line.seconds = seconds
    return line
  }

  private mutating func validate(_ append: (TrainingMetrics) throws -> Void) throws {
    guard options.validation.interval > 0 else { return }
    listener.receive(.validating)
    let reports = try trainer.validate { !listener.isStopRequested }
    guard !reports.isEmpty else { return }
    var line = TrainingMetrics(step: trainer.step, kind: .validation)
    line.validation = Dictionary(
      uniqueKeysWithValues: reports.map { report in
        (
          report.split,
          TrainingMetrics.Validation(
            edited: report.edited, ablated: report.ablated, shuffled: report.shuffled,
            prompted: report.prompted, tokens: report.tokenCount)
        )
      })
    line.tokens = tokens
    line.seconds = seconds
    try append(line)
    listener.receive(.validated(reports))
    let chosen = reports.first { $0.split == "unseen" } ?? reports[0]
    if trainer.step > 0, chosen.edited < bestLoss, isFirst, trainer.canWriteNetwork {
      bestLoss = chosen.edited
      try listener.finishing {
        try trainer.writeNetwork(to: path("best.safetensors"), storage: storage)
      }
    }
  }

  private mutating func save() throws {
    lastSave = .now
    guard folder != nil else { return }
    try listener.finishing {
      try trainer.save(to: path("training.state"))
      guard isFirst, trainer.canWriteNetwork else { return }
      try trainer.writeNetwork(
        to: path(trainer.network.name + ".safetensors"), storage: storage)
      try trainer.network.writeFolder(path("peft"))
    }
    if isFirst { listener.receive(.saved) }
  }

  /// Tokens a second of a step; nil before the first.
  private var medianRate: Double? { rates.isEmpty ? nil : Statistics.median(rates) }

  private var summary: TrainingMetrics {
    var line = TrainingMetrics(step: trainer.step, kind: .summary)
    line.crossEntropy = losses.last
    line.tokens = tokens
    line.seconds = seconds
    line.tokensPerSecond = medianRate
    line.peakRssBytes = SystemMemory.peakResidentBytes
    return line
  }

  private var result: TrainingResult {
    TrainingResult(
      step: trainer.step, loss: losses.last, tokensPerSecond: medianRate,
      secondsPerStep: rates.isEmpty ? nil : runSeconds / Double(rates.count),
      peakRssBytes: SystemMemory.peakResidentBytes, plannedBytes: trainer.memory.total,
      finished: trainer.step == trainer.plan.steps, ranks: trainer.ranks?.count,
      exchangeSecondsPerStep: perStep(\.exchanged), waitingSecondsPerStep: perStep(\.waited))
  }

  private func perStep(_ part: KeyPath<(exchanged: Double, waited: Double), Double>) -> Double? {
    trainer.exchangeSeconds.map { $0[keyPath: part] / Double(max(1, rates.count)) }
  }
}

/// What a run came to.
public struct TrainingResult: Sendable, Equatable, Encodable {
  /// Steps taken since the training began.
  public let step: Int
  /// Cross-entropy of the last step of this run, in nats a token.
  public let loss: Double?
  /// The median of its steps.
  public let tokensPerSecond: Double?
  /// The mean of its steps.
  public let secondsPerStep: Double?
  /// The most memory that the process has had.
  public let peakRssBytes: Int
  /// What was planned.
  public let plannedBytes: Int
  /// Whether the plan's last step was taken.
  public let finished: Bool
  /// The ranks that trained together; nil for a process by itself, as what follows.
  public let ranks: Int?
  /// How long messages were under way in a step, and how long the first rank waited for them: the rest was hidden
  /// behind what it computed.
  public let exchangeSecondsPerStep, waitingSecondsPerStep: Double?
}
