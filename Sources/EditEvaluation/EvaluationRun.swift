import EditSessions
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing
import TensorKernels

/// Measures an editor beside every baseline, from files to figures.
///
///     let run = EvaluationRun("editor.safetensors", options)
///     let result = try run.run(OpenedModel(settings))
///     print(result.splits[0].figures.instructionEffect as Any)
public struct EvaluationRun: Sendable {
  /// Where baselines are trained.
  public struct Baselines: Sendable {
    /// Their folders are in it.
    public var folder: String
    /// Steps of each.
    public var steps: Int

    /// Steps where nothing is said.
    public static let usualSteps = 300

    /// Baselines of so many steps in `folder`.
    public init(folder: String, steps: Int = usualSteps) {
      self.folder = folder
      self.steps = steps
    }
  }

  /// The editor's file.
  public var editor: String
  /// Where rows are, and how they are split and written: as for the training.
  public var options: TrainingOptions
  /// Which of the rows are measured; whether they need others' instructions, the conditions say.
  public var selection = EvaluationInput.Selection()
  /// Conditions and batches. Conditions whose model there is not are left out.
  public var measurement = EditorEvaluation.Options()
  /// An editor that was trained with one instruction without words, for the condition constant.
  public var constantEditor: String?
  /// Adapters of the processor, for the conditions of tuned models.
  public var tuned: String?
  /// Where these are trained where they are not given; nil for nowhere.
  public var baselines: Baselines?
  /// Windows of an unrelated text where nothing is said.
  public static let usualWindows = 16
  /// A text that has nothing to do with the rows, and how many windows of it.
  public var unrelated: (path: String, windows: Int)?
  /// Rows of each split that are answered.
  public var answers = 0
  /// Draws of the bootstrap.
  public var resamples = 2000
  /// What they draw.
  public var intervals = IntervalsOver.rows

  /// An evaluation of the editor's file on the rows of `options`.
  public init(_ editor: String, _ options: TrainingOptions) {
    self.editor = editor
    self.options = options
  }

  /// Measures the editor with `opened`, whose weights are loaded here. Each of `ranks` measures and answers a part of
  /// the rows, and all have the result then, the same to the bit for any number but for trained baselines.
  ///
  /// Throws `EvaluationError`, `EditorTrainingError`, `LatentEditingError`, `MemoryShortage`, what makes a file
  /// unusable, and `TrainingRunError.interrupted` where a baseline's training was told to stop.
  public func run(
    _ opened: OpenedModel, ranks: Communicator? = nil, listener: (any EvaluationListener)? = nil
  ) throws -> EvaluationResult {
    let listener = listener ?? NoListener()
    let clock = ContinuousClock()
    let start = clock.now
    let (input, processor, editors, evaluation) = try prepared(opened, ranks, listener)
    let bootstrap = Bootstrap(
      resamples: resamples, seed: measurement.seed, drawsFamilies: intervals == .families)

    var splits: [SplitResult] = []
    for (split, cutRows) in zip(input.data.splits, input.cutRows) {
      let losses = try evaluation.losses(of: split, ranks: ranks) { done in
        listener.receive(.measured(split: split.name, rows: done, of: split.examples.count))
        return !listener.isStopRequested
      }
      splits.append(SplitResult(split, cutRows: cutRows, losses, input.rows, bootstrap))
    }
    let windows = input.data.unrelated.count
    let locality =
      windows == 0
      ? nil
      : try evaluation.locality(bootstrap, ranks: ranks) { done in
        listener.receive(.unrelated(windows: done, of: windows))
        return !listener.isStopRequested
      }
    if answers > 0 {
      let answers = try Answering(run: self, input, editors[0], processor, opened)
        .answers(ranks, listener)
      for (index, answers) in answers.enumerated() { splits[index].add(answers, bootstrap) }
    }
    return EvaluationResult(
      model: opened.settings.path, editor: editor,
      activations: opened.settings.activations.rawValue, splitSeed: options.run.seed,
      seed: measurement.seed, resamples: resamples, intervals: intervals,
      rowsLeftOut: input.problemCount,
      splits: splits, locality: locality, seconds: start.duration(to: clock.now) / .seconds(1),
      peakRssBytes: SystemMemory.peakResidentBytes)
  }

  /// All that is measured with, in memory.
  private func prepared(
    _ opened: OpenedModel, _ ranks: Communicator?, _ listener: any EvaluationListener
  ) throws -> (EvaluationInput, Processor, [Editor], EditorEvaluation) {
    var (file, input, processor, identity) = try Communicator.agreeing(ranks) {
      let file = try OpenedEditor(path: editor)
      var selection = selection
      selection.isShuffled = measurement.conditions.contains(where: \.isShuffled)
      let input = try EvaluationInput(
        options, selection, configuration: opened.configuration, tokenizer: opened.tokenizer,
        instructions: file.instructionTokenizer(processor: opened.tokenizer),
        editor: file.configuration, unrelated: unrelated)
      return (file, input, try opened.loadProcessor(), try opened.identity())
    }
    // Their trainings agree by themselves.
    let (constantFile, tunedFile) = try baselineFiles(opened, processor, ranks, listener)
    return try Communicator.agreeing(ranks) {
      let constant = try constantFile.map(OpenedEditor.init(path:))
      if let constant {
        input.data.constantInstruction = input.emptyInstruction(
          of: constant.configuration,
          try constant.instructionTokenizer(processor: opened.tokenizer), opened.tokenizer)
      }
      let files = [file] + (constant.map { [$0] } ?? [])
      let adapters = try tunedFile.map {
        try LowRankAdapters(path: $0, identity: identity, processor: processor)
      }
      let passes = EditorEvaluation.byteCount(
        files.map(\.configuration), tuned: adapters?.configuration, processor: processor,
        data: input.data, options: measurement)
      listener.receive(.memory(model: processor.weightBytes, passes: passes))
      try MemoryShortage.check(
        .evaluating, passes + processor.weightBytes, resident: processor.weightBytes,
        limit: opened.settings.memoryLimit)
      let editors = try files.map {
        try $0.editor(identity: identity, processor: processor, pool: processor.pool)
      }
      let evaluation = try EditorEvaluation(
        editors[0], constant: editors.dropFirst().first, tuned: adapters, processor: processor,
        data: input.data, options: measurement)
      return (input, processor, editors, evaluation)
    }
  }

  /// The files of the constant and of the adapters, trained where they have to be.
  private func baselineFiles(
    _ opened: OpenedModel, _ processor: Processor, _ ranks: Communicator?,
    _ listener: any EvaluationListener
  ) throws -> (constant: String?, tuned: String?) {
    let measured = Set(measurement.conditions)
    func trained(_ baseline: TrainedBaseline, _ conditions: Set<EditCondition>) throws -> String? {
      guard let baselines, !measured.isDisjoint(with: conditions) else { return nil }
      return try BaselineTraining(
        folder: baselines.folder, options: options, steps: baselines.steps, ranks: ranks,
        listener: listener
      ).file(baseline, opened, processor)
    }
    return (
      try constantEditor ?? trained(.constant, [.constant]),
      try tuned ?? trained(.tuned, [.tuned, .tunedShuffled])
    )
  }
}
