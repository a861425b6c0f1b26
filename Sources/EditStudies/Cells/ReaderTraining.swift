import EditSessions
import EditorTraining
import Foundation
import LanguageModels

/// The training of a reader of edits: `EditorTraining`'s own run in a folder of the job's, which goes on to the same bits.
final class ReaderTraining {
  private let material: StudyMaterial
  private let options: ReaderOptions
  private let folder: String
  private var training: PreparedTraining?

  init(_ material: StudyMaterial, _ options: ReaderOptions, folder: String) {
    self.material = material
    self.options = options
    self.folder = folder
  }

  /// Trains to the last step, from where the folder is; the loss of that step, nat a token. Training that diverges is a
  /// result. Throws `interrupted` where it is told to stop, and what training throws.
  func train() throws -> StudyUnit {
    do { try reach() } catch EditorTrainingError.diverged(let step) {
      return StudyUnit(words: ["diverged", "a gradient was no number in step \(step)"])
    }
    let lines = try MetricsWriter.read(path: folder + "/metrics.jsonl")
    return StudyUnit(numbers: lines.last { $0.kind == .train }?.crossEntropy.map { [$0] } ?? [])
  }

  /// The adapters after the last step. Throws as `train` does.
  func adapters() throws -> LowRankAdapters {
    if training == nil { try reach() }
    guard case .reader(let reader)? = training?.trainer.network,
      training?.trainer.step == options.steps
    else {
      throw StudyError.damaged(
        path: folder, problem: "the training's state is gone; forget the job to have it done again")
    }
    return reader.adapters
  }

  private func reach() throws {
    let training = try prepared()
    // The job's claim is this process's: whoever locked the folder is gone.
    try? FileManager.default.removeItem(atPath: folder + "/training.lock")
    let listener = StudyListener(material, to: options.steps, steps: options.steps)
    var run = try TrainingRun(training, resumption: .automatic, listener: listener)
    guard training.trainer.step < options.steps else { return }
    try run.run()
    guard training.trainer.step >= options.steps else {
      throw StudyError.interrupted(work: "training")
    }
  }

  private func prepared() throws -> PreparedTraining {
    if let training { return training }
    let loaded = material.editor.loaded
    let processor = loaded.processor
    let edits = try ReaderEdits(material, count: options.steps * options.batchSize)
    let examples = try edits.examples()
    let adapters = try LowRankAdapters(
      AdapterConfiguration(
        rank: options.rank, alpha: Float(2 * options.rank),
        modules: Set(AdapterConfiguration.Module.allCases),
        depth: processor.configuration.layerCount),
      of: processor.configuration, seed: material.configuration.seed, pool: processor.pool)
    let made = try PreparedTraining(
      trainingOptions, loaded.opened, processor: processor,
      network: .reader(
        EditReader(adapters, identity: try loaded.opened.identity(), edits: edits)),
      data: Trainer.Data(
        train: examples, files: examples.map { _ in 0 }, weights: [1],
        firstContent: material.editor.replacedCount))
    training = made
    return made
  }

  private var trainingOptions: TrainingOptions {
    var all = TrainingOptions()
    all.model = material.configuration.model
    all.output = folder
    all.run.steps = options.steps
    all.run.batchSize = options.batchSize
    all.run.seed = material.configuration.seed
    // By the clock: a state takes a second to write.
    all.run.saveInterval = 0
    all.run.saveSeconds = 60
    all.optimization.learningRate = options.learningRate
    all.optimization.schedule = LearningRateSchedule(
      .cosine, warmUpSteps: max(1, options.steps / 20))
    all.gradients.backward = material.configuration.training.backward
    all.validation.interval = 0
    all.validation.rows = 0
    return all
  }

  /// Removes what only a training that goes on needs.
  func discard() {
    training = nil
    for name in ["training.state", "training.lock"] {
      try? FileManager.default.removeItem(atPath: folder + "/" + name)
    }
  }
}
