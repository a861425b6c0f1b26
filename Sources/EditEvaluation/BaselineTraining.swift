import EditSessions
import EditorTraining
import LanguageModels
import MessagePassing

/// The baselines that have to be trained, in folders of their own: what is finished there is taken, what
/// was begun is gone on with, and what is missing is trained.
struct BaselineTraining {
  /// Where the folders are.
  let folder: String
  /// Data, split and lengths, which are those of the evaluation.
  let options: TrainingOptions
  /// Steps of each.
  let steps: Int
  /// Who trains them together; nil for this process alone.
  let ranks: Communicator?
  /// Hears what happens, and may end it.
  let listener: any EvaluationListener

  /// The file of the baseline. Throws what training throws: `startedOtherwise` where what is in the folder
  /// was trained otherwise, and `TrainingRunError.interrupted` where it was told to stop.
  func file(_ baseline: TrainedBaseline, _ opened: OpenedModel, _ processor: Processor) throws
    -> String
  {
    let training = try Communicator.agreeing(ranks) {
      try PreparedTraining(options(baseline), opened, processor: processor, ranks: ranks)
    }
    var run = try TrainingRun(training, resumption: .automatic, listener: listener)
    let trainer = training.trainer
    if trainer.step < trainer.plan.steps {
      listener.receive(.training(baseline, folder: training.options.output))
      try run.run()
    }
    guard trainer.step == trainer.plan.steps else {
      throw TrainingRunError.interrupted(work: "training the baseline \(baseline.rawValue)")
    }
    return "\(training.options.output)/\(trainer.network.name).safetensors"
  }

  /// The options of `emend train` for it: what the evaluation has, and for the rest the defaults, but for
  /// the constant's network, which has nothing to read.
  private func options(_ baseline: TrainedBaseline) -> TrainingOptions {
    var options = TrainingOptions()
    options.model = self.options.model
    options.data = self.options.data
    options.fields = self.options.fields
    options.chatTemplate = self.options.chatTemplate
    options.output = folder + "/" + baseline.rawValue
    options.run = self.options.run
    options.run.steps = steps
    options.validation = self.options.validation
    options.validation.interval = 0
    options.validation.rows = 0
    switch baseline {
    case .constant:
      options.editor.isConstant = true
      options.editor.backbone = .gpt2(blocks: 1, width: 64, heads: 1)
      options.optimization.learningRate = 3e-3
    case .tuned:
      options.editor.isTuning = true
      options.editor.loraRank = 8
    }
    return options
  }
}
