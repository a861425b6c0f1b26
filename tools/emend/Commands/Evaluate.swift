import ArgumentParser
import EditEvaluation
import EditorTraining
import MessagePassing
import TensorKernels
import Terminal

/// An evaluation where nothing is said.
private let usual = EvaluationRun("", TrainingOptions())

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
      resamples of the rows, or of their families (--intervals families). mpirun -n 4 emend evaluate ... \
      shares the rows out, with the same result, where emend was built with MPI (docs/cluster.md).

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
    help: ArgumentHelp(
      "Steps of each of them. (default: \(EvaluationRun.Baselines.usualSteps))", valueName: "n"))
  var baselineSteps: Int?

  @Option(
    help: ArgumentHelp(
      "Conditions to measure beside the edited one: all, or names with commas.", valueName: "names")
  )
  var baselines = "all"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows that go through the model together.", valueName: "n"))
  var batchSize = usual.measurement.batchSize

  @Option(
    help: ArgumentHelp(
      "Unrelated text, on which edits should change little: KL(unedited || edited), and that of the same "
        + "instruction in the prompt and of what asks for nothing, where these are measured.",
      valueName: "file"))
  var localityText: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Windows of it, of 128 tokens, at most. (default: \(EvaluationRun.usualWindows))",
      valueName: "n"))
  var localityWindows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rows of each split that are answered too, without an edit, edited and prompted.",
      valueName: "n"))
  var generate = usual.answers

  @Option(parsing: .unconditional, help: ArgumentHelp("Draws of the bootstrap.", valueName: "n"))
  var resamples = usual.resamples

  @Option(
    help: ArgumentHelp(
      "What the bootstrap draws: rows, or families and rows within them.",
      valueName: IntervalsOver.allCases.map(\.rawValue).joined(separator: "|")))
  var intervals = usual.intervals

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of the bootstrap's draws and the random directions.", valueName: "n"))
  var seed = usual.measurement.seed

  @OptionGroup var output: OutputOptions

  func validate() throws {
    let counts = [
      ("batch-size", batchSize, 1, 4096), ("locality-windows", localityWindows ?? 1, 1, 65_536),
      ("generate", generate, 0, 65_536), ("resamples", resamples, 1, 1_000_000),
      ("baseline-steps", baselineSteps ?? 1, 1, 1_000_000),
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
    let (options, origins) = try rows.options(model: model.model)
    var model = try model.use(origins, model: options.model)
    model.settings.cacheType = cacheType
    var evaluation = EvaluationRun(editor, options)
    evaluation.selection = .init(
      splits: rows.chosenSplits, rows: rows.rows, responseTokens: rows.responseTokens)
    evaluation.measurement.conditions = try conditions()
    evaluation.measurement.batchSize = batchSize
    evaluation.measurement.seed = seed
    evaluation.constantEditor = constantEditor
    evaluation.tuned = tuned
    evaluation.baselines = trainBaselines.map {
      .init(folder: $0, steps: baselineSteps ?? EvaluationRun.Baselines.usualSteps)
    }
    evaluation.unrelated = localityText.map {
      ($0, localityWindows ?? EvaluationRun.usualWindows)
    }
    evaluation.answers = generate
    evaluation.resamples = resamples
    evaluation.intervals = intervals
    try onRanks { ranks in
      let printer = TrainingPrinter(isVerbose: model.verbose)
      let result: EvaluationResult
      do {
        defer { printer.finish() }
        result = try origins.fitting {
          let opened = try Communicator.agreeing(ranks) { try model.open() }
          return try evaluation.run(opened, ranks: ranks, listener: printer)
        }
      }
      if output.json { try JSON.print(result) } else { Console.print(result.text) }
    }
  }
}

extension IntervalsOver: ExpressibleByArgument {}
