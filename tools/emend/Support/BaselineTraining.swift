import EditSessions
import EditorTraining
import LanguageModels
import LatentEditing

/// The baselines that have to be trained, in folders of their own: what is finished there is taken, what
/// was begun is gone on with, and what is missing is trained.
struct BaselineTraining {
  /// One learned constant, or low-rank changes to the model.
  enum Kind: String {
    case constant, tuned
  }

  /// Where the folders are.
  let folder: String
  /// Data, split and lengths, which are those of the evaluation.
  let options: TrainingOptions
  /// Steps of each.
  let steps: Int

  /// The file of the baseline. Throws what training throws, `startedOtherwise` where what is in the
  /// folder was trained otherwise, and `CommandError.interrupted` where it was told to stop.
  func file(
    _ kind: Kind, _ opened: OpenedModel, _ processor: Processor
  ) throws -> String {
    let options = options(kind)
    let network = try options.network(
      for: processor, identity: opened.identity(), tokenizer: opened.tokenizer)
    let rows = try TrainingInput(
      options, configuration: opened.configuration, tokenizer: opened.tokenizer, for: network)
    let trainer = try Trainer(
      options.plan, network, processor: processor, data: rows.data, execution: options.execution)
    trainer.memory.program = opened.program.bytes
    try trainer.memory.check(limit: opened.settings.memoryLimit)
    var run = try TrainingRun(
      options, trainer, folder: options.output, resumption: .automatic, storage: .f32,
      report: .nothing)
    if trainer.step < trainer.plan.steps {
      Console.note("training the baseline \(kind.rawValue) in \(options.output)")
      try run.run()
    }
    guard trainer.step == trainer.plan.steps else {
      throw CommandError.resumable(
        work: "training the baseline \(kind.rawValue)", command: ShellWords.command())
    }
    return "\(options.output)/\(network.name).safetensors"
  }

  /// The options of `emend train` for it: what the evaluation has, and for the rest the defaults, but for
  /// the constant's network, which has nothing to read.
  private func options(_ kind: Kind) -> TrainingOptions {
    var options = TrainingOptions()
    options.model = self.options.model
    options.data = self.options.data
    options.fields = self.options.fields
    options.chatTemplate = self.options.chatTemplate
    options.output = folder + "/" + kind.rawValue
    options.run = self.options.run
    options.run.steps = steps
    options.validation = self.options.validation
    options.validation.interval = 0
    options.validation.rows = 0
    switch kind {
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
