import EditSessions
import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing

/// A training that is ready to run: what is trained, its rows, and a trainer with memory for both.
///
///     let opened = try OpenedModel(settings)
///     let training = try PreparedTraining(options, opened, processor: opened.loadProcessor())
///     var run = try TrainingRun(training)
///     try run.run()
public struct PreparedTraining {
  /// What was asked for.
  public let options: TrainingOptions
  /// The rows, tokenized and split.
  public let input: TrainingInput
  /// Where what the teacher says is kept; nil where nothing is.
  public let teachers: TeacherCache?
  /// How matrices of the network are stored.
  public let storage: EditorStorage
  /// Does the steps.
  public let trainer: Trainer

  /// Reads the rows and makes the network, and refuses what does not fit into memory.
  ///
  /// - Parameters:
  ///   - options: what is trained, on what and how; their `model` is not read.
  ///   - opened: the model through which it is trained.
  ///   - processor: its weights.
  ///   - randomRows: random tokens in the place of rows; nil for rows.
  ///   - given: rows and their split, in the place of those of the options' files; and a network, in the place of the
  ///     options'.
  ///   - storage: how matrices of the network are stored where it is written.
  ///   - ranks: those that train together; nil for this process alone.
  /// - Throws: `EditorTrainingError`, `LatentEditingError`, `MemoryShortage`, and what makes a file unusable.
  public init(
    _ options: TrainingOptions, _ opened: OpenedModel, processor: Processor,
    randomRows: RandomRows? = nil,
    given: (rows: TrainingData, split: DataSplit, network: TrainedNetwork)? = nil,
    storage: EditorStorage = .f32, ranks: Communicator? = nil
  ) throws {
    let identity = try opened.identity()
    let network =
      try given?.network
      ?? options.network(for: processor, identity: identity, tokenizer: opened.tokenizer)
    let input = try TrainingInput(
      options, randomRows: randomRows, given: given.map { ($0.rows, $0.split) },
      configuration: opened.configuration,
      tokenizer: opened.tokenizer, for: network)
    let teachers = options.objective.teacherCache.map {
      TeacherCache(folder: $0, file: opened.file, identity: identity, processor: processor)
    }
    try self.init(
      options, opened, processor, network, input, teachers, storage: storage, ranks: ranks)
  }

  /// Trains `network` on examples that are tokens already. Throws as above.
  package init(
    _ options: TrainingOptions, _ opened: OpenedModel, processor: Processor,
    network: TrainedNetwork, data: Trainer.Data
  ) throws {
    try self.init(
      options, opened, processor, network, TrainingInput(data), nil, storage: .f32, ranks: nil)
  }

  private init(
    _ options: TrainingOptions, _ opened: OpenedModel, _ processor: Processor,
    _ network: TrainedNetwork, _ input: TrainingInput, _ teachers: TeacherCache?,
    storage: EditorStorage, ranks: Communicator?
  ) throws {
    let trainer = try Trainer(
      options.plan, network, processor: processor, data: input.data, execution: options.execution,
      teachers: teachers, ranks: ranks)
    // Saving takes the compressor, buffers, and a copy of a parameter that is rounded.
    let saving = 16_000_000 + (storage == .f32 ? 0 : trainer.largestParameterBytes)
    // Centred heads are copied to be written.
    let copied = options.objective.sparsity == nil ? 0 : trainer.headBytes
    trainer.memory.program = copied + opened.program.bytes + (options.output.isEmpty ? 0 : saving)
    try trainer.memory.check(limit: opened.settings.memoryLimit)
    self.options = options
    self.input = input
    self.teachers = teachers
    self.storage = storage
    self.trainer = trainer
  }

  /// What is going to be trained, on what, in how much memory: an object of JSON as `emend train --json`
  /// writes it first.
  public var overview: TrainingOverview { TrainingOverview(self) }

  /// Bytes that the teachers' files may come to; nil where nothing is kept.
  public var teacherBytes: Int? {
    teachers?.byteCount(tokens: input.data.train.reduce(0) { $0 + $1.response.count })
  }
}

/// The figures of a training before its first step.
public struct TrainingOverview: Sendable, Encodable {
  /// Bytes, by what they are for.
  public struct Memory: Sendable, Encodable {
    /// See `TrainingMemory`.
    public let program, model, editor, gradients, moments, modelPasses, editorPasses, total: Int
    /// What arrives from other ranks; nil where there are none.
    public let exchange: Int?
  }

  /// What is trained: editor or adapters.
  public let network: String
  /// The plan's last step, the step it begins with, and sizes of network and rows.
  public let steps, firstStep, trainedParameters, parameters, trainingRows: Int
  /// Rows by the split that they are kept for.
  public let validationRows: [String: Int]
  /// Rows that cannot be used.
  public let rowsLeftOut: Int
  /// What will be taken.
  public let plannedBytes: Memory
  /// What the teachers' files may come to.
  public let teacherCacheBytes: Int?
  /// The ranks that train together, of which each takes the memory above; nil for a process by itself.
  public let ranks: Int?
  /// Threads of this process.
  public let threads: Int

  init(_ training: PreparedTraining) {
    let trainer = training.trainer
    let data = training.input.data
    let m = trainer.memory
    network = trainer.network.name
    steps = trainer.plan.steps
    firstStep = trainer.step + 1
    (trainedParameters, parameters) = trainer.parameterCounts
    trainingRows = data.train.count
    validationRows = Dictionary(
      data.validation.map { ($0.name, $0.examples.count) }, uniquingKeysWith: +)
    rowsLeftOut = training.input.leftOut
    plannedBytes = Memory(
      program: m.program, model: m.processor, editor: m.editor, gradients: m.gradients,
      moments: m.moments, modelPasses: m.processorPass, editorPasses: m.editorPass, total: m.total,
      exchange: trainer.ranks.map { _ in m.exchange })
    ranks = trainer.ranks?.count
    threads = trainer.processor.pool.threadCount
    teacherCacheBytes = training.teacherBytes
  }
}
