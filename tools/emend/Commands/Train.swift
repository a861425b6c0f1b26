import ArgumentParser
import EditorTraining
import LanguageModels
import LatentEditing
import TensorKernels

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train an editor through a frozen model.",
    discussion: """
      The editor reads each row's instruction, the model its input, and the editor learns to make the \
      model answer as if it had read the instruction. Rows are JSON or JSONL, plain or .zst, with the \
      fields instruction, input and output. Some instructions, and some inputs of the others, are kept \
      from training to measure with: beside the edited loss stand those without an edit (ablated), \
      with another row's instruction (shuffled), and with the instruction in the prompt (prompted).

        emend train -m model.gguf --data rows.json --output run --steps 500 --distill
        emend train -m model.gguf --data rows.json --output run --steps 500 --distill --resume
        emend generate -m model.gguf --chat --editor run/editor.safetensors \\
          --instruction "Make it past tense." -p "I walk home."

      In the folder: editor.safetensors (the last), best.safetensors (least loss on unseen \
      instructions), training.state, metrics.jsonl and loss.svg. Ctrl-C saves, and --resume goes on \
      with the same bits. --random-rows 4x128x24 trains on random tokens (sequences, tokens of each, \
      tokens of an instruction), for speed and memory.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Editor") var newEditor: NewEditorOptions
  @OptionGroup(title: "Training") var training: TrainingArguments
  @OptionGroup(title: "Conversation") var templateOptions: TrainingTemplateOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rows; a weight after a colon says how often each comes up.", valueName: "file[:weight]"))
  var data: [String] = []

  @Option(
    help: ArgumentHelp(
      "Names of the fields.", valueName: "instruction,input,output"))
  var fields = "instruction,input,output"

  @Option(name: .shortAndLong, help: ArgumentHelp("Where everything goes.", valueName: "folder"))
  var output: String?

  @Flag(help: "Go on with what is in the folder.")
  var resume = false

  @Option(help: ArgumentHelp("Steps between validations; 0 for none.", valueName: "n"))
  var validateEvery = 100

  @Option(help: ArgumentHelp("Rows of each split to validate with.", valueName: "n"))
  var validationRows = 64

  @Option(help: ArgumentHelp("Steps between saves; 0 for the end alone.", valueName: "n"))
  var saveEvery = 200

  @Option(
    help: ArgumentHelp("How matrices of the editors are stored.", valueName: "f32|bf16|int8"))
  var storage: EditorStorage = .f32

  @Option(
    help: ArgumentHelp(
      "Write the first step's loss and gradients by name, and stop.", valueName: "file"))
  var saveGradients: String?

  @Option(
    help: ArgumentHelp(
      "Train on random tokens instead of --data.", valueName: "BxTxI"))
  var randomRows: String?

  @Flag(help: "The result as JSON.")
  var json = false

  func validate() throws {
    if data.isEmpty == (randomRows == nil) {
      throw ValidationError("give rows with --data, or sizes with --random-rows")
    }
    if output == nil, saveGradients == nil, randomRows == nil {
      throw ValidationError("--output says where the editor goes")
    }
    if resume, output == nil { throw ValidationError("--resume needs the --output folder") }
    for (name, value) in [
      ("--validate-every", validateEvery), ("--validation-rows", validationRows),
      ("--save-every", saveEvery),
    ] where value < 0 {
      throw ValidationError("\(name) is \(value), and must not be negative")
    }
    if fields.split(separator: ",", omittingEmptySubsequences: false).count != 3 {
      throw ValidationError("--fields takes three names, for instruction, input and output")
    }
  }

  func run() throws {
    let opened = try OpenedModel(model)
    let processor = try opened.loadProcessor()
    let editor = try makeEditor(opened, processor)
    let rows = try TrainingInput(self, opened, editor.configuration)
    let trainer = try Trainer(
      training.plan, editor: editor, processor: processor, data: rows.data,
      execution: training.execution)
    report(trainer, rows)
    try trainer.memory.check(limit: model.memoryLimit?.bytes)
    if let saveGradients {
      try GradientFile.write(trainer.nextGradients(), to: saveGradients)
      Console.print("\(saveGradients): the gradients of the first step")
      return
    }
    var run = try TrainingRun(self, trainer)
    try run.run()
  }

  private func makeEditor(_ opened: OpenedModel, _ processor: Processor) throws -> Editor {
    let identity = try ProcessorIdentity(opened.file)
    if let path = newEditor.editor {
      return try Editor(path: path, identity: identity, processor: processor, pool: processor.pool)
    }
    return try Editor(
      newEditor.configuration(for: opened.configuration, identity: identity),
      seed: training.seed, processor: processor, pool: processor.pool)
  }

  /// What is trained, on what, in how much memory.
  private func report(_ trainer: Trainer, _ rows: TrainingInput) {
    guard !json else { return }
    let counts = trainer.parameterCounts
    let m = trainer.memory
    Console.print("editor      \(counts.trained) of \(counts.total) parameters are trained")
    Console.print("rows        \(rows.summary)")
    Console.print(
      "memory      \(Memory.display(m.processor)) model, \(Memory.display(m.editor)) editor, "
        + "\(Memory.display(m.gradients)) gradients, \(Memory.display(m.moments)) moments, "
        + "\(Memory.display(m.processorPass)) and \(Memory.display(m.editorPass)) passes: "
        + "\(Memory.display(m.total))")
    for problem in rows.problems.prefix(5) { Console.log("left out: \(problem)") }
  }
}

/// How examples are written for the model.
struct TrainingTemplateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How examples are written for the model: a conversation's template, or plain headings. "
        + "(default: what the file says, or plain)", valueName: "name|plain"))
  var chatTemplate: String?
}
