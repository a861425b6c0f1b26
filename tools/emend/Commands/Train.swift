import ArgumentParser
import EditorTraining
import LatentEditing

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
      (adapters.safetensors in the place of editor.safetensors).

        emend train -m model.gguf --data rows.json --output tuned --tune --steps 500

      In the folder: editor.safetensors (the last), best.safetensors (least loss on unseen \
      instructions), training.state, metrics.jsonl and loss.svg. Ctrl-C saves, and --resume goes on \
      with the same bits. --random-rows 4x128x24 trains on random tokens (sequences, tokens of each, \
      tokens of an instruction), for speed and memory.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
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
        + "(default: what the file says, or plain)", valueName: "name|plain"))
  var chatTemplate: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where everything goes.", valueName: "folder"))
  var output: String?

  @Flag(help: "Go on with what is in the folder.")
  var resume = false

  @Option(
    help: ArgumentHelp("How matrices of the editors are stored.", valueName: "f32|bf16|int8"))
  var storage: EditorStorage = .f32

  @Option(
    help: ArgumentHelp(
      "Write the first step's loss and gradients by name, and stop.", valueName: "file"))
  var saveGradients: String?

  @Option(help: ArgumentHelp("Train on random tokens instead of --data.", valueName: "BxTxI"))
  var randomRows: String?

  @Flag(help: "The result as JSON.")
  var json = false

  func validate() throws {
    if !data.isEmpty, randomRows != nil {
      throw ValidationError("--random-rows takes the place of --data; give one of them")
    }
  }

  func run() throws {
    let options = try checkedOptions()
    let opened = try OpenedModel(model)
    let processor = try opened.loadProcessor()
    let identity = try ProcessorIdentity(opened.file)
    let network = try options.network(
      for: processor, identity: identity, tokenizer: opened.tokenizer)
    let rows = try TrainingInput(options, randomRows: randomRows, opened, for: network)
    let teachers = options.objective.teacherCache.map {
      TeacherCache(folder: $0, file: opened.file, identity: identity, processor: processor)
    }
    let trainer = try Trainer(
      options.plan, network, processor: processor, data: rows.data, execution: options.execution,
      teachers: teachers)
    report(trainer, rows, teachers)
    try trainer.memory.check(limit: model.memoryLimit?.bytes)
    if let saveGradients {
      try GradientFile.write(trainer.nextGradients(), to: saveGradients)
      Console.print("\(saveGradients): the gradients of the first step")
      return
    }
    var run = try TrainingRun(
      options, trainer, folder: options.output.isEmpty ? nil : options.output, resumes: resume,
      storage: storage, report: json ? .json : .text)
    try run.run()
    if let teachers, !json {
      let counts = teachers.counts
      Console.print(
        "teacher     \(counts.read) times read, \(counts.computed) computed (\(teachers.folder))")
    }
  }

  private func checkedOptions() throws -> TrainingOptions {
    var options = try training.options(
      model: model.file.model, data: TrainingDataFile.files(data))
    if let output { options.output = output }
    if let chatTemplate { options.chatTemplate = chatTemplate }
    fields?.rename(&options.fields)
    if options.data.isEmpty, randomRows == nil {
      throw ValidationError("give rows with --data, or sizes with --random-rows")
    }
    if options.output.isEmpty {
      if resume { throw ValidationError("--resume needs the --output folder") }
      if saveGradients == nil, randomRows == nil {
        throw ValidationError("--output says where the editor goes")
      }
    }
    return options
  }

  /// What is trained, on what, in how much memory.
  private func report(_ trainer: Trainer, _ rows: TrainingInput, _ teachers: TeacherCache?) {
    guard !json else { return }
    let counts = trainer.parameterCounts
    let m = trainer.memory
    let name = trainer.network.name.padding(toLength: 12, withPad: " ", startingAt: 0)
    Console.print("\(name)\(counts.trained) of \(counts.total) parameters are trained")
    Console.print("rows        \(rows.summary)")
    Console.print(
      "memory      \(Memory.display(m.processor)) model, \(Memory.display(m.editor)) editor, "
        + "\(Memory.display(m.gradients)) gradients, \(Memory.display(m.moments)) moments, "
        + "\(Memory.display(m.processorPass)) and \(Memory.display(m.editorPass)) passes: "
        + "\(Memory.display(m.total))")
    if let teachers {
      let tokens = rows.data.train.reduce(0) { $0 + $1.response.count }
      Console.print(
        "teacher     up to \(Memory.display(teachers.byteCount(tokens: tokens))) in \(teachers.folder)"
      )
    }
    for problem in rows.problems.prefix(5) { Console.log("left out: \(problem)") }
  }
}
