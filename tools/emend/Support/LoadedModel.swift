import LanguageModels
import ModelFiles
import TensorKernels
import Tokenization

/// A model file with its tokenizer, before anything large is allocated.
struct OpenedModel {
  let options: ModelOptions
  let file: GGUFFile
  let configuration: ProcessorConfiguration
  let tokenizer: Tokenizer
  /// What the program takes by itself, its tokenizer included.
  let program: MemoryBudget

  /// Opens the model, and says what of its file is guessed.
  init(_ options: ModelOptions) throws {
    self.options = options
    file = try GGUFFile(path: options.file.model, acceptingPacked: true)
    configuration = try ProcessorConfiguration(file)
    tokenizer = try Tokenizer(file.metadata)
    program = MemoryBudget()
    tokenizer.warnOfGuesses(path: file.path)
  }

  /// The context where a command asks for no other: what --ctx-size says, or 2048, or what the model
  /// was trained for if that is less.
  var contextLength: Int { contextSize ?? min(configuration.contextLength, 2048) }

  /// The context that was asked for.
  var contextSize: Int? { options.contextSize(trained: configuration.contextLength) }

  /// Plans, checks and loads: the weights, and a state of `contextLength` tokens, where `states` of them
  /// will be needed, beside what `edits` take. A context beyond what the model was trained for is refused
  /// unless only its speed matters.
  func load(
    contextLength: Int? = nil, beside edits: PreparedEdits? = nil, states: Int = 1,
    beyondTraining: Bool = false
  ) throws -> LoadedModel {
    let instructionSet = try InstructionSet.selected()
    let trained = configuration.contextLength
    let length = contextLength ?? self.contextLength
    guard length <= trained || beyondTraining else {
      throw CommandError.contextTooLong(asked: length, trained: trained)
    }
    if let asked = options.threads, asked > options.threadCount {
      Console.note(
        "\(asked) threads were asked for, and \(options.threadCount) run at once here: taking these"
      )
    }
    let plan = try ProcessorState.plan(
      file, activations: options.activations, threads: options.threadCount, contextLength: length,
      cacheType: options.resolvedCacheType)
    let budget = program.adding(plan, states: states)
      .adding("editor", try edits?.bytesBesideModel() ?? 0)
    try budget.check(limit: options.memoryLimit?.bytes)
    if options.verbose { Console.log("memory: \(budget.summary)") }

    let clock = ContinuousClock()
    let start = clock.now
    let processor = try loadProcessor(instructionSet)
    let state = try ProcessorState(
      processor, contextLength: length, cacheType: options.resolvedCacheType)
    let seconds = start.duration(to: clock.now) / .seconds(1)
    if options.verbose {
      let parts = [
        "\(instructionSet.rawValue) kernels", "\(options.threadCount) threads", "context \(length)",
        "\(options.activations.rawValue) activations",
        "\(options.resolvedCacheType.rawValue) cache",
        "\(Memory.display(processor.weightBytes)) weights",
        "\(Memory.display(state.byteCount)) cache and workspace",
      ]
      let time = Numbers.fixed(seconds, 2)
      Console.log("loaded \(file.path) in \(time) s: \(parts.joined(separator: ", "))")
    }
    return LoadedModel(opened: self, processor: processor, state: state, loadSeconds: seconds)
  }
}

extension OpenedModel {
  /// The weights alone, where there is memory for them.
  func loadProcessor(_ instructionSet: InstructionSet? = nil) throws -> Processor {
    let set = try instructionSet ?? InstructionSet.selected()
    let plan = try ProcessorState.plan(
      file, activations: options.activations, threads: options.threadCount, contextLength: 1,
      cacheType: options.resolvedCacheType)
    try program.adding("weights", plan.weights).check(limit: options.memoryLimit?.bytes)
    let bar = ProgressBar("loading")
    defer { bar.finish() }
    return try Processor(
      file, activations: options.activations, pool: ThreadPool(threads: options.threadCount),
      instructionSet: set
    ) { bar.update($0, of: 1) }
  }
}

/// A model that is ready to run.
struct LoadedModel {
  let opened: OpenedModel
  let processor: Processor
  let state: ProcessorState
  let loadSeconds: Double

  /// A second sequence of the same context, for which the model was loaded with `states` of 2.
  func anotherState() throws -> ProcessorState {
    try ProcessorState(
      processor, contextLength: state.contextLength, cacheType: state.cacheType)
  }

  /// The most memory that there was, for those who want to be told.
  func reportPeak() {
    guard opened.options.verbose else { return }
    Console.log("peak memory \(Memory.display(Memory.peakResidentBytes))")
  }

  var tokenizer: Tokenizer { opened.tokenizer }
  var configuration: ProcessorConfiguration { opened.configuration }
}
