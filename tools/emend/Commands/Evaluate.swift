import ArgumentParser
import EditEvaluation
import EditSessions
import EditorTraining
import LanguageModels
import LatentEditing
import TensorKernels
import Tokenization

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure what an editor does, beside every baseline.",
    discussion: """
      Give the editor, the model, and the same rows and split as to train: the rows that were kept from \
      training are measured, with the loss of their responses and its perplexity

        ablated            without an edit
        empty              with the edit of an instruction without words
        shuffled           with that of another row's instruction
        random_sentence    with that of a sentence that asks for nothing
        nonsense           with that of what is no sentence
        random             with latents of random directions, as long as the editor's (not of p8)
        constant           with one constant that was learned (--constant-editor)
        edited             with the edit of the row's own instruction
        reader_at_zero     with the prefix of a p8 editor whose adapters are zero
        prompted           without an edit, the instruction in the prompt
        prompted_shuffled  the same with another row's instruction
        prompted_random_sentence, prompted_nonsense   the same with such a text
        tuned              the instruction in the prompt of a tuned model (--tuned)
        tuned_shuffled     the same with another row's instruction

      "recovered" is the part of what the prompt gains that the edit gains; "instruction effect" the part \
      of the prompt's sensitivity to the instruction that the edit carries: only what the right \
      instruction gains over another one shows that it is read. Brackets hold 95 % of 2000 bootstrap \
      resamples of the rows, or of their families (--intervals families).

        emend evaluate -m model.gguf --editor run/best.safetensors --data rows.json
        emend evaluate -m model.gguf --editor run/best.safetensors --config train.yaml --splits unseen
        emend evaluate -m model.gguf --editor e.safetensors --data rows.json --generate 20 \\
          --locality-text page.txt --json
        emend evaluate -m model.gguf --editor e.safetensors --data rows.json \\
          --train-baselines baselines

      A row's field split puts it in a split of that name, and its field family gives figures by family \
      too.
      """)

  @OptionGroup(title: "Model") var model: TrainingModelOptions

  @Option(
    help: ArgumentHelp(
      "How keys and values are stored for --generate. (default: f16; f32 with --activations f32)",
      valueName: "f32|f16|q8_0"))
  var cacheType: CacheType?

  @OptionGroup(title: "Rows") var rows: EvaluationArguments

  @Option(help: ArgumentHelp("The editor.", valueName: "file"))
  var editor: String

  @Option(
    help: ArgumentHelp(
      "An editor that was trained with --constant, for the condition constant.", valueName: "file"))
  var constantEditor: String?

  @Option(
    help: ArgumentHelp(
      "What train --tune wrote, or a folder of PEFT's, for the conditions tuned and tuned_shuffled.",
      valueName: "file|folder"))
  var tuned: String?

  @Option(
    help: ArgumentHelp(
      "Where the constant and the tuned model are trained if they are not given: what is finished there "
        + "is taken, and what was begun is gone on with.", valueName: "folder"))
  var trainBaselines: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps of each of them. (default: 300)", valueName: "n"))
  var baselineSteps: Int?

  @Option(
    help: ArgumentHelp(
      "Conditions to measure beside the edited one: all, or names with commas.", valueName: "names")
  )
  var baselines = "all"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows that go through the model together.", valueName: "n"))
  var batchSize = 8

  @Option(
    help: ArgumentHelp(
      "Unrelated text, on which edits should change little: KL(unedited || edited), and that of the same "
        + "instruction in the prompt and of what asks for nothing, where these are measured.",
      valueName: "file"))
  var localityText: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Windows of it, of 128 tokens, at most. (default: 16)", valueName: "n"))
  var localityWindows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rows of each split that are answered too, without an edit, edited and prompted.",
      valueName: "n"))
  var generate = 0

  @Option(parsing: .unconditional, help: ArgumentHelp("Draws of the bootstrap.", valueName: "n"))
  var resamples = 2000

  @Option(
    help: ArgumentHelp(
      "What the bootstrap draws: rows, or families and rows within them.",
      valueName: IntervalsOver.allCases.map(\.rawValue).joined(separator: "|")))
  var intervals = IntervalsOver.rows

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of the bootstrap's draws and the random directions.", valueName: "n"))
  var seed: UInt64 = 0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    let counts = [
      ("batch-size", batchSize, 1, 4096), ("locality-windows", localityWindows ?? 16, 1, 65_536),
      ("generate", generate, 0, 65_536), ("resamples", resamples, 1, 1_000_000),
      ("baseline-steps", baselineSteps ?? 300, 1, 1_000_000),
    ]
    for (name, value, least, most) in counts where !(least...most).contains(value) {
      throw ValidationError("--\(name) is \(value), and must be from \(least) to \(most)")
    }
    let useless = [
      ("baseline-steps", baselineSteps != nil && trainBaselines == nil, "--train-baselines"),
      ("locality-windows", localityWindows != nil && localityText == nil, "--locality-text"),
      ("cache-type", cacheType != nil && generate == 0, "--generate"),
    ]
    for (name, isUseless, needed) in useless where isUseless {
      throw ValidationError("--\(name) has a meaning with \(needed) alone; give both or neither")
    }
    _ = try conditions()
  }

  /// The edited one and those of `--baselines`, in their usual order.
  private func conditions() throws -> [EditCondition] {
    var missing: [EditCondition: String] = [:]
    if trainBaselines == nil {
      if constantEditor == nil {
        missing[.constant] = "--constant-editor or --train-baselines"
      }
      if tuned == nil {
        missing[.tuned] = "--tuned or --train-baselines"
        missing[.tunedShuffled] = missing[.tuned]
      }
    }
    guard baselines != "all" else {
      return EditCondition.allCases.filter { missing[$0] == nil }
    }
    let named = try baselines.split(separator: ",").map { name in
      guard let condition = EditCondition(rawValue: String(name)) else {
        throw ValidationError(
          "--baselines has \(name), and there are "
            + EditCondition.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return condition
    }
    for condition in named {
      guard let option = missing[condition] else { continue }
      throw ValidationError("--baselines has \(condition.rawValue), which needs \(option)")
    }
    return EditCondition.allCases.filter { $0 == .edited || named.contains($0) }
  }

  func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let (options, origins) = try rows.options(model: model.model)
    var model = try model.use(origins, model: options.model)
    model.settings.cacheType = cacheType
    let opened = try model.open()
    let file = try OpenedEditor(path: editor)
    let conditions = try conditions()
    var input = try origins.fitting {
      try EvaluationInput(
        options,
        .init(
          splits: rows.chosenSplits, rows: rows.rows, responseTokens: rows.responseTokens,
          isShuffled: conditions.contains(where: \.isShuffled)),
        configuration: opened.configuration, tokenizer: opened.tokenizer,
        instructions: file.instructionTokenizer(processor: opened.tokenizer),
        editor: file.configuration,
        unrelated: localityText.map { ($0, localityWindows ?? 16) })
    }
    var chosen = EditorEvaluation.Options()
    chosen.conditions = conditions
    chosen.batchSize = batchSize
    chosen.seed = seed
    let processor = try opened.loadProcessor()
    let identity = try opened.identity()
    let training = trainBaselines.map {
      BaselineTraining(folder: $0, options: options, steps: baselineSteps ?? 300)
    }
    let measured = Set(chosen.conditions)
    let constantFile =
      try constantEditor
      ?? (measured.contains(.constant)
        ? training?.file(.constant, opened, processor) : nil)
    let tunedFile =
      try tuned
      ?? (measured.isDisjoint(with: [.tuned, .tunedShuffled])
        ? nil : training?.file(.tuned, opened, processor))
    let constant = try constantFile.map(OpenedEditor.init(path:))
    if let constant {
      input.data.constantInstruction = try constant.instructionTokenizer(
        processor: opened.tokenizer
      ).empty
    }
    let files = [file] + (constant.map { [$0] } ?? [])
    let adapters = try tunedFile.map {
      try LowRankAdapters(path: $0, identity: identity, processor: processor)
    }
    try check(
      EditorEvaluation.byteCount(
        files.map(\.configuration), tuned: adapters?.configuration, processor: processor,
        data: input.data,
        options: chosen), processor, model)
    let editors = try files.map {
      try $0.editor(identity: identity, processor: processor, pool: processor.pool)
    }
    let evaluation = try EditorEvaluation(
      editors[0], constant: editors.dropFirst().first, tuned: adapters, processor: processor,
      data: input.data,
      options: chosen)
    let bootstrap = Bootstrap(
      resamples: resamples, seed: seed, drawsFamilies: intervals == .families)

    var splits: [SplitResult] = []
    for (split, cutRows) in zip(input.data.splits, input.cutRows) {
      splits.append(
        SplitResult(
          split, cutRows: cutRows, try losses(split, evaluation), input.rows, bootstrap))
    }
    let locality = try locality(evaluation, input, bootstrap)
    if generate > 0 {
      try answer(&splits, input, editors[0], processor, opened, bootstrap)
    }
    let result = EvaluationResult(
      model: options.model, editor: editor, activations: model.settings.activations.rawValue,
      splitSeed: options.run.seed, seed: seed, resamples: resamples,
      intervals: intervals.rawValue, rowsLeftOut: input.problemCount,
      splits: splits, locality: locality,
      seconds: start.duration(to: clock.now) / .seconds(1),
      peakRssBytes: Memory.peakResidentBytes)
    if output.json { try JSON.print(result) } else { Console.print(result.text) }
  }

  private func losses(
    _ split: HeldOutSplit, _ evaluation: EditorEvaluation
  ) throws -> ConditionLosses {
    let bar = ProgressBar("measuring \(split.name)", unit: "rows/s")
    defer { bar.finish() }
    return try evaluation.losses(of: split) { done in
      bar.update(Double(done), of: Double(split.examples.count))
      return !Interrupt.isRequested
    }
  }

  private func locality(
    _ evaluation: EditorEvaluation, _ input: EvaluationInput, _ bootstrap: Bootstrap
  ) throws -> LocalityFigures? {
    guard !input.data.unrelated.isEmpty else { return nil }
    let bar = ProgressBar("unrelated text", unit: "windows/s")
    defer { bar.finish() }
    return try evaluation.locality(bootstrap) { done in
      bar.update(Double(done), of: Double(input.data.unrelated.count))
      return !Interrupt.isRequested
    }
  }

  private func answer(
    _ splits: inout [SplitResult], _ input: EvaluationInput, _ editor: Editor,
    _ processor: Processor, _ opened: OpenedModel, _ bootstrap: Bootstrap
  ) throws {
    let examples = input.data.splits.map { $0.examples.prefix(generate).map(\.example) }
    let isPrefix = editor.configuration.interface.isPrefix
    let longest =
      examples.joined().map {
        max($0.prompt.count + (isPrefix ? $0.instruction.count : 0), $0.prompted.count)
      }.max() ?? 0
    let comparison = AnswerComparison(
      editor,
      state: try ProcessorState(
        processor,
        contextLength: min(
          longest + 1 + rows.responseTokens, processor.configuration.contextLength),
        cacheType: opened.settings.resolvedCacheType),
      tokenizer: opened.tokenizer, maximumTokens: rows.responseTokens,
      firstContent: input.data.firstContent, startsText: input.isChat)
    let bar = ProgressBar("answering", unit: "rows/s")
    defer { bar.finish() }
    let total = examples.joined().count
    var done = 0
    for (index, examples) in examples.enumerated() {
      var answers: [ComparedAnswers] = []
      for example in examples {
        answers.append(try comparison.answers(example, of: input.rows[example.row]))
        done += 1
        bar.update(Double(done), of: Double(total))
        if Interrupt.isRequested {
          throw EvaluationError.cancelled(done: done, total: total, unit: "answers")
        }
      }
      splits[index].add(answers, bootstrap)
    }
  }

  /// Refuses what does not fit: `passes` bytes beside the model, which is there already.
  private func check(_ passes: Int, _ processor: Processor, _ model: ModelUse) throws {
    if model.verbose {
      Console.log(
        "memory: \(Memory.display(processor.weightBytes)) model + \(Memory.display(passes)) editors "
          + "and passes = \(Memory.display(processor.weightBytes + passes))")
    }
    try MemoryShortage.check(
      .evaluating, passes + processor.weightBytes, resident: processor.weightBytes,
      limit: model.settings.memoryLimit)
  }
}

/// What intervals are over.
enum IntervalsOver: String, ExpressibleByArgument, CaseIterable {
  case rows, families
}
