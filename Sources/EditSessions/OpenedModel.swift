import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import Tokenization

/// A model file with its tokenizer, before anything large is allocated.
public final class OpenedModel {
  /// What is run, and how.
  public let settings: ModelSettings
  /// The file.
  public let file: GGUFFile
  /// The blueprint.
  public let configuration: ProcessorConfiguration
  /// The tokenizer.
  public let tokenizer: Tokenizer
  /// What the program takes by itself, its tokenizer included.
  public let program: MemoryBudget
  /// Hears what happens while the model and its edits are got ready.
  public let listener: PreparationListener
  private var knownIdentity: ProcessorIdentity?

  /// Opens the file. Throws what makes it, its blueprint or its vocabulary unusable.
  public init(
    _ settings: ModelSettings, listener: @escaping PreparationListener = { _ in }
  ) throws {
    self.settings = settings
    self.listener = listener
    file = try GGUFFile(path: settings.path, acceptingPacked: true)
    configuration = try ProcessorConfiguration(file)
    tokenizer = try Tokenizer(file.metadata)
    program = MemoryBudget()
  }

  /// Which model it is; hashed when it is first asked for, and no more.
  public func identity() throws(LatentEditingError) -> ProcessorIdentity {
    if let knownIdentity { return knownIdentity }
    let identity = try ProcessorIdentity(file)
    knownIdentity = identity
    return identity
  }

  /// The context where nobody asks for another: what the settings say, or 2048, or what the model was
  /// trained for if that is less.
  public var contextLength: Int { contextSize ?? min(configuration.contextLength, 2048) }

  /// The context that was asked for, 0 being what the model was trained for; nil where none was.
  public var contextSize: Int? {
    settings.contextLength == 0 ? configuration.contextLength : settings.contextLength
  }

  /// Plans, checks and loads: the weights, and a state of `contextLength` tokens.
  ///
  /// - Parameters:
  ///   - contextLength: tokens of the state; nil for `contextLength` of the model.
  ///   - edits: what is done to the model, for the memory that it takes beside it.
  ///   - states: states that will be needed in all.
  ///   - beyondTraining: whether a context may be longer than those the model was trained with, where only
  ///     its speed matters.
  ///   - processor: the weights, where they are loaded already.
  /// - Throws: `EditSessionError.contextTooLong`, `MemoryShortage`, and what makes the file unusable.
  public func load(
    contextLength: Int? = nil, beside edits: EditPreparation? = nil, states: Int = 1,
    beyondTraining: Bool = false, processor: Processor? = nil
  ) throws -> LoadedModel {
    let instructionSet = try InstructionSet.selected()
    let trained = configuration.contextLength
    let length = contextLength ?? self.contextLength
    guard length <= trained || beyondTraining else {
      throw EditSessionError.contextTooLong(asked: length, trained: trained)
    }
    if let asked = settings.threads, asked > settings.threadCount {
      listener(.threads(asked: asked, taken: settings.threadCount))
    }
    let plan = try plan(contextLength: length)
    let budget = (processor == nil ? program.adding("weights", plan.weights) : MemoryBudget())
      .adding(plan, states: states).adding("editor", edits?.bytesBesideModel ?? 0)
    try budget.check(limit: settings.memoryLimit)
    listener(.memory(budget))

    let clock = ContinuousClock()
    let start = clock.now
    let processor = try processor ?? loadProcessor(instructionSet)
    let state = try ProcessorState(
      processor, contextLength: length, cacheType: settings.resolvedCacheType)
    let loaded = LoadedModel(
      opened: self, processor: processor, state: state,
      loadSeconds: start.duration(to: clock.now) / .seconds(1))
    listener(.loaded(loaded))
    return loaded
  }

  /// The weights alone, where there is memory for them.
  public func loadProcessor() throws -> Processor {
    try loadProcessor(InstructionSet.selected())
  }

  private func loadProcessor(_ instructionSet: InstructionSet) throws -> Processor {
    let weights = try plan(contextLength: 1).weights
    try program.adding("weights", weights).check(limit: settings.memoryLimit)
    let processor = try Processor(
      file, activations: settings.activations, pool: ThreadPool(threads: settings.threadCount),
      instructionSet: instructionSet
    ) { [listener] in listener(.loading($0)) }
    listener(.weightsLoaded)
    return processor
  }

  private func plan(contextLength: Int) throws -> ProcessorState.MemoryPlan {
    try ProcessorState.plan(
      file, activations: settings.activations, threads: settings.threadCount,
      contextLength: contextLength, cacheType: settings.resolvedCacheType)
  }
}

/// A model that is ready to run.
public struct LoadedModel {
  /// The file it is from.
  public let opened: OpenedModel
  /// Its weights.
  public let processor: Processor
  /// A sequence.
  public let state: ProcessorState
  /// How long loading took.
  public let loadSeconds: Double

  /// A further sequence of the same context, which shares the memory of passes with `state`: it takes its
  /// cache alone, for which the model was loaded with as many `states`. Sequences that share are used by
  /// one thread at a time, one after the other or together (`SequenceBatch`).
  public func anotherState() throws -> ProcessorState {
    try ProcessorState(sharing: state.memory, cacheType: state.cacheType)
  }

  /// The tokenizer.
  public var tokenizer: Tokenizer { opened.tokenizer }
  /// The blueprint.
  public var configuration: ProcessorConfiguration { opened.configuration }
}
