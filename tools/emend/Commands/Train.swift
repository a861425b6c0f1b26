import ArgumentParser
import EditorTraining
import InstructionEditors
import MessagePassing
import ModelFiles
import Terminal

extension EditorStorage: ExpressibleByArgument {}

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an editor through a frozen model.",
    discussion: """
      The editor reads each row's instruction, the model its input, and the editor learns to make the \
      model answer as if it had read the instruction. Rows are JSON or JSONL, plain or .zst, with the \
      fields instruction, input and output. Some instructions, and some inputs of the others, are kept \
      from training to measure with (a row whose field split says train is trained on, and with \
      another name is kept under that name): beside the edited loss stand those without an edit (ablated), \
      with another row's instruction (shuffled), and with the instruction in the prompt (prompted).

        emend train -m model.gguf --data rows.json --output run --steps 500 --distill
        emend train -m model.gguf --data rows.json --output run --steps 500 --distill --resume
        emend generate -m model.gguf --chat --editor run/editor.safetensors \\
          --instruction "Make it past tense." -p "I walk home."

      A GPT-2 is trained as a whole, or stays frozen but for low-rank adapters, in less than half of the \
      memory; the editor that is written has them merged into its weights.

        emend train -m model.gguf --data rows.json --output run --backbone gpt2-folder --lora-rank 16

      Two baselines for emend evaluate: --constant learns one edit for all instructions, and --tune \
      low-rank changes to the model itself, which then reads the instruction in its prompt \
      (adapters.safetensors in the place of editor.safetensors, and the folder peft, which PEFT opens).

        emend train -m model.gguf --data rows.json --output tuned --tune --steps 500

      In the folder: editor.safetensors (the last), best.safetensors (least loss on unseen \
      instructions), training.state, metrics.jsonl and loss.svg. Ctrl-C, SIGTERM, SIGUSR1, SIGUSR2 and \
      SIGXCPU save and end it with exit code 75, and --resume goes on \
      with the same bits, or refuses where something is not what it was. --random-rows 4x128x24 trains on random tokens (sequences, tokens of each, \
      tokens of an instruction), for speed and memory. mpirun -n 4 emend train ... trains on several machines, \
      each with a part of every batch, where emend was built with MPI (docs/cluster.md).
      """)

  @OptionGroup(title: "Model") var model: TrainingModelOptions
  @OptionGroup(title: "Training") var training: TrainingArguments

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rows; a weight after a colon says how often each comes up.", valueName: "file[:weight]"))
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "Names of the rows' three fields. (default: instruction,input,output, or the configuration's)",
      valueName: "a,b,c"))
  var fields: FieldNames?

  @Option(
    help: ArgumentHelp(
      "How examples are written for the model: a conversation's template, or plain headings. "
        + "(default: what the file says, or plain)",
      valueName: PromptTemplate.names.joined(separator: "|")))
  var chatTemplate: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where everything goes.", valueName: "folder"))
  var output: String?

  @Flag(
    help: "Go on with what is in the folder; with auto after it, begin where nothing is there yet.")
  var resume = false

  @Argument(
    help: ArgumentHelp(
      "After --resume: begin where there is nothing to go on with yet.", valueName: "auto"))
  var resumption: String?

  @Option(
    help: ArgumentHelp(
      "How matrices of the editors are stored. (default: f32)", valueName: "f32|bf16|int8"))
  var storage: EditorStorage?

  @Option(
    help: ArgumentHelp(
      "Write the first step's loss and gradients by name, and stop.", valueName: "file"))
  var saveGradients: String?

  @Option(help: ArgumentHelp("Train on random tokens instead of --data.", valueName: "BxTxI"))
  var randomRows: String?

  @Flag(help: "Print two lines of JSON instead of text: the plan, and the result.")
  var json = false

  func run() throws {
    let settings = try settings()
    if settings.saveGradients == nil { Interrupt.installTermination() }
    try onRanks { try run(settings, $0) }
  }

  private func run(_ settings: TrainingSettings, _ ranks: Communicator?) throws {
    let options = settings.options
    if let path = settings.saveGradients {
      try OutputFile.check(
        path,
        inputs: [options.model] + options.data.map(\.path)
          + [options.editor.file, training.config].compactMap { $0 })
    }
    let training = try Communicator.agreeing(ranks) {
      let opened = try settings.model.open()
      let processor = try opened.loadProcessor()
      return try settings.origins.fitting {
        try PreparedTraining(
          options, opened, processor: processor, randomRows: settings.randomRows,
          storage: settings.storage, ranks: ranks)
      }
    }
    func say() throws {
      if !settings.isJSON || settings.model.verbose { Console.log(training.text) }
      if settings.isJSON { try JSON.print(["plan": training.overview]) }
    }
    if let path = settings.saveGradients {
      try say()
      let gradients = try training.trainer.nextGradients()
      guard ranks?.isFirst ?? true else { return }
      try GradientFile.write(gradients, to: path)
      if settings.isJSON {
        try JSON.print(SavedGradients(gradients: path, loss: gradients.loss))
      } else {
        Console.print("\(path): the gradients of the first step")
      }
      return
    }
    let printer = TrainingPrinter(
      validationsOf: settings.isJSON ? nil : training.trainer.network)
    var run = try TrainingRun(training, resumption: settings.resumption, listener: printer)
    try say()
    let result: TrainingResult
    do {
      defer { printer.finish() }
      result = try run.run()
    }
    if settings.isJSON {
      try JSON.print(result)
    } else {
      if result.finished { Console.print(result.text) }
      if let text = training.teacherText { Console.log(text) }
    }
    guard !result.finished, ranks?.isFirst ?? true else { return }
    let place = "training at step \(result.step) of \(training.trainer.plan.steps)"
    guard !options.output.isEmpty else {
      throw CommandError.interrupted(
        work: place + "; nothing was saved, for want of an --output")
    }
    throw CommandError.resumable(
      work: place,
      command: Invocation.command(adding: settings.resumption == .never ? "--resume" : nil))
  }

  private struct SavedGradients: Encodable {
    let gradients: String
    let loss: Double
  }

  /// The configuration with the flags over it, checked.
  private func settings() throws -> TrainingSettings {
    var options = TrainingOptions()
    var origins = try OptionOrigins(training.config, own: TrainingSettings.own, into: &options)
    try origins.set(training.flags, in: &options)
    origins.set("model", &options.model, to: model.model)
    origins.set("data", &options.data, to: data.isEmpty ? nil : TrainingDataFile.files(data))
    origins.set("output", &options.output, to: output)
    origins.set("chat_template", &options.chatTemplate, to: chatTemplate.map { .some($0) })
    fields?.rename(&options.fields)
    try origins.validate(options)
    let configuration = origins.configuration
    let rows = try randomRows ?? configuration?.value("random_rows", needed: "sizes") { $0 }
    let settings = TrainingSettings(
      options: options, origins: origins,
      model: try model.use(origins, model: options.model),
      storage: try storage
        ?? configuration?.value("storage", needed: "f32, bf16 or int8") {
          EditorStorage(rawValue: $0)
        } ?? .f32,
      randomRows: try rows.map { text in
        guard let rows = RandomRows(text) else {
          throw ValidationError("--random-rows is \(text), and must be like 4x128x24")
        }
        return rows
      },
      saveGradients: try saveGradients
        ?? configuration?.value("save_gradients", needed: "a file") { $0 },
      resumption: try resumption(origins), isJSON: try json || origins.isSet("json"))
    try check(settings)
    return settings
  }

  private func resumption(_ origins: OptionOrigins) throws -> TrainingRun.Resumption {
    if resumption != nil { return .automatic }
    if resume { return .always }
    return try origins.configuration?.value("resume", needed: "true, false or auto") {
      switch $0 {
      case "auto": .automatic
      default: Bool($0).map { $0 ? .always : .never }
      }
    } ?? .never
  }

  private func check(_ settings: TrainingSettings) throws {
    if let resumption, !resume || resumption != "auto" {
      throw ValidationError(
        "'\(resumption)' is no option of train; auto stands after --resume: write --resume auto")
    }
    let options = settings.options
    guard options.data.isEmpty != (settings.randomRows == nil) else {
      throw ValidationError(
        options.data.isEmpty
          ? "give rows with --data, or sizes with --random-rows"
          : "--random-rows takes the place of --data; give one of them")
    }
    guard options.output.isEmpty else { return }
    if settings.resumption != .never { throw ValidationError("--resume needs the --output folder") }
    if settings.saveGradients == nil, settings.randomRows == nil {
      throw ValidationError("--output says where the editor goes")
    }
  }
}
