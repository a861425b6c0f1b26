import EditorTraining
import Foundation
import LatentEditing
import ModelFiles

/// A training in its folder: what is written when, and what is shown.
struct TrainingRun {
  /// What is said: the result on standard output and what was validated on standard error, the result as
  /// JSON, or nothing.
  enum Report {
    case text, json, nothing
  }

  private let options: TrainingOptions
  private let trainer: Trainer
  private let folder: String?
  private let resumes: Bool
  private let storage: EditorStorage
  private let report: Report
  private var bestLoss = Double.infinity
  private var tokens = 0
  private var seconds = 0.0
  private var losses: [Double] = []
  private var rates: [Double] = []
  /// Of this run alone, as the rates are.
  private var runSeconds = 0.0

  /// Makes the folder, or goes on with what is in it.
  init(
    _ options: TrainingOptions, _ trainer: Trainer, folder: String?, resumes: Bool,
    storage: EditorStorage, report: Report
  ) throws {
    self.options = options
    self.trainer = trainer
    self.folder = folder
    self.resumes = resumes
    self.storage = storage
    self.report = report
    guard let folder else { return }
    guard !resumes || Self.exists(in: folder) else {
      throw CommandError.noTraining(folder: folder)
    }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CommandError.unreadable(path: folder, reason: "the folder cannot be made")
    }
    for name in [trainer.network.name + ".safetensors", "best.safetensors", "training.state"] {
      removeUnfinishedFiles(of: path(name))
    }
    if resumes {
      try trainer.resume(from: path("training.state"))
    } else if Self.exists(in: folder) {
      throw CommandError.trainingExists(folder: folder)
    }
  }

  /// Whether there is a training in `folder`.
  static func exists(in folder: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/training.state")
  }

  private func path(_ name: String) -> String { (folder ?? ".") + "/" + name }

  mutating func run() throws {
    Interrupt.installTermination()
    guard folder != nil else {
      try train { _ in }
      return try finish()
    }
    let writer = try MetricsWriter(
      path: path("metrics.jsonl"), resumingAfter: resumes ? trainer.step : nil)
    let known = try MetricsWriter.read(path: path("metrics.jsonl"))
    tokens = known.last?.tokens ?? 0
    seconds = known.last?.seconds ?? 0
    bestLoss = known.compactMap { $0.validation?["unseen"]?.edited }.min() ?? .infinity
    if trainer.step == 0 { try validate { try writer.append($0) } }
    try train { try writer.append($0) }
    if trainer.step > 0,
      options.validation.interval == 0 || trainer.step % options.validation.interval != 0
    {
      if !Interrupt.isRequested { try validate { try writer.append($0) } }
    }
    try save()
    if trainer.step == trainer.plan.steps { try writer.append(summary) }
    try LossCurve(
      title: "Loss of \(path(trainer.network.name + ".safetensors"))",
      metrics: MetricsWriter.read(path: path("metrics.jsonl")), split: "unseen"
    ).svg().write(toFile: path("loss.svg"), atomically: true, encoding: .utf8)
    try finish()
  }

  private mutating func train(_ append: (TrainingMetrics) throws -> Void) throws {
    let bar = ProgressBar("training", unit: "steps/s")
    defer { bar.finish() }
    let first = trainer.step
    while trainer.step < trainer.plan.steps {
      try trainer.run { report in
        record(report)
        bar.update(
          Double(report.step - first), of: Double(trainer.plan.steps - first),
          note: "loss \(Numbers.fixed(report.losses.meanCrossEntropy, 3))")
        try append(metrics(report))
        return !Interrupt.isRequested && !isDue(options.validation.interval)
          && !isDue(options.run.saveInterval)
      }
      if Interrupt.isRequested { break }
      if isDue(options.validation.interval) {
        bar.finish()
        try validate(append)
      }
      if isDue(options.run.saveInterval) { try save() }
    }
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
    let reports = try trainer.validate()
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
    if report == .text {
      for report in reports {
        func text(_ value: Double) -> String { Numbers.fixed(value, 3) }
        Console.log(
          "step \(report.step), \(report.split): \(trainer.network.participle) \(text(report.edited)), shuffled "
            + "\(text(report.shuffled)), ablated \(text(report.ablated)), prompted "
            + "\(text(report.prompted)); recovered \(text(report.recoveredFraction)), instruction "
            + "effect \(text(report.instructionEffect))")
      }
    }
    let chosen = reports.first { $0.split == "unseen" } ?? reports[0]
    if trainer.step > 0, chosen.edited < bestLoss {
      bestLoss = chosen.edited
      try trainer.writeNetwork(to: path("best.safetensors"), storage: storage)
    }
  }

  private func save() throws {
    guard folder != nil else { return }
    try trainer.save(to: path("training.state"))
    try trainer.writeNetwork(
      to: path(trainer.network.name + ".safetensors"), storage: storage)
  }

  /// What was interrupted, and how it goes on; nil where it is done.
  var interruptedWork: String? {
    guard trainer.step < trainer.plan.steps else { return nil }
    let place = "training at step \(trainer.step) of \(trainer.plan.steps)"
    guard let folder else { return place + "; nothing was saved, for want of an --output" }
    return place + "; the state is saved: go on with the same command and --resume (\(folder))"
  }

  /// Tokens a second of a step; nil before the first.
  private var medianRate: Double? { rates.isEmpty ? nil : Numbers.median(rates) }

  private var summary: TrainingMetrics {
    var line = TrainingMetrics(step: trainer.step, kind: .summary)
    line.crossEntropy = losses.last
    line.tokens = tokens
    line.seconds = seconds
    line.tokensPerSecond = medianRate
    line.peakRssBytes = Memory.peakResidentBytes
    return line
  }

  private func finish() throws {
    struct Result: Encodable {
      let step: Int
      let loss: Double?
      let tokensPerSecond: Double?
      let secondsPerStep: Double?
      let peakRssBytes: Int
      let plannedBytes: Int
      let finished: Bool
    }
    let rate = medianRate
    let finished = trainer.step == trainer.plan.steps
    switch report {
    case .nothing: break
    case .json:
      try JSON.print(
        Result(
          step: trainer.step, loss: losses.last, tokensPerSecond: rate,
          secondsPerStep: rates.isEmpty ? nil : runSeconds / Double(rates.count),
          peakRssBytes: Memory.peakResidentBytes, plannedBytes: trainer.memory.total,
          finished: finished))
    case .text:
      guard finished else { return }
      Console.print(
        "step \(trainer.step): loss \(losses.last.map { Numbers.fixed($0, 4) } ?? "-"), "
          + "\(rate.map { Numbers.fixed($0, 0) } ?? "-") tokens/s, peak "
          + Memory.display(Memory.peakResidentBytes))
    }
  }
}
