import ArgumentParser
import EditStudies
import EditorTraining
import LatentEditing
import ModelFiles
import Terminal

/// Edits that are no control vectors, as such.
struct EditDistill: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Make a control vector, which llama.cpp reads, that does what an edit does.",
    discussion: """
      The edited model answers prompts; one vector after each block, added at every token, learns to answer so, by \
      gradient descent through the frozen weights. It has less room than the edit: how much of it came over is \
      measured on prompts that nothing was learnt from, and three of their answers are shown.

        emend edit distill -m model.gguf --editor editor.safetensors --instruction "Be brief." -o brief.gguf
        emend generate -m model.gguf --chat -p "Why is the sky blue?" --control-vector brief.gguf
        llama-cli -m model.gguf --control-vector brief.gguf -p "Why is the sky blue?"

      Prompts are built in; give your own (--prompts) where you know what will be asked. Editors of p8, and of p0, p1 \
      and p7 at the first token; editors of p2 are exported as they are (emend edit export).
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(help: ArgumentHelp("The editor.", valueName: "file"))
  var editor: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What the answer shall be like, in plain words.", valueName: "text"))
  var instruction: String

  @Option(
    help: ArgumentHelp(
      "What users say, a line each, four at least. (default: 80 questions and sentences that are built in)",
      valueName: "file"))
  var prompts: String?

  @Option(
    help: ArgumentHelp(
      "Blocks after which there is a vector. (default: all that llama.cpp has, 1 to the last)",
      valueName: "layers"))
  var layers = "all"

  @Option(
    help: ArgumentHelp(
      "How prompts are written. (default: as the editor was trained, what the file says)",
      valueName: PromptTemplate.names.joined(separator: "|")))
  var chatTemplate: String?

  @Option(
    name: .customShort("n"), parsing: .unconditional,
    help: ArgumentHelp("Tokens of an answer, at most.", valueName: "n"))
  var answerTokens = 32

  @Option(parsing: .unconditional, help: ArgumentHelp("Steps of eight answers.", valueName: "n"))
  var steps = 150

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Adam's rate at the first step; it falls to nothing.", valueName: "x"))
  var learningRate: Float = 0.02

  @Option(
    help: ArgumentHelp("Which prompts are kept, and the order of the others.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(name: .shortAndLong, help: ArgumentHelp("The control vector.", valueName: "file"))
  var output: String

  @OptionGroup var report: OutputOptions

  func validate() throws {
    if instruction.allSatisfy(\.isWhitespace) {
      throw ValidationError("--instruction is empty; say what the answer shall be like")
    }
    guard (2...512).contains(answerTokens) else {
      throw ValidationError("-n is \(answerTokens), and must be from 2 to 512")
    }
    guard (1...100_000).contains(steps) else {
      throw ValidationError("--steps is \(steps), and must be from 1 to 100000")
    }
    guard learningRate > 0, learningRate <= 10 else {
      throw ValidationError(
        "--learning-rate is \(learningRate), and must be above 0 and at most 10")
    }
  }

  func run() throws {
    try OutputFile.check(output, inputs: [model.file.model, editor] + [prompts].compactMap { $0 })
    var options = VectorDistillationOptions(instruction, editor: editor)
    options.prompts = try prompts.map { path in
      TextFile.lines(try TextFile.read(path)).map(String.init).filter {
        !$0.allSatisfy(\.isWhitespace)
      }
    }
    options.layers = try LayerSelection(parsing: layers)
    options.chatTemplate = chatTemplate
    options.answerTokens = answerTokens
    options.steps = steps
    options.learningRate = learningRate
    options.seed = seed
    let opened = try model.use.open()
    let bar = ProgressBar("distilling")
    defer { bar.finish() }
    let found = try VectorDistillation(options, opened, isStopRequested: { Interrupt.isRequested })
    {
      bar.update(VectorDistillation.part($0, $1), of: 1, note: $0.rawValue)
    }.run()
    bar.finish()
    try found.vector.write(to: output)
    model.use.reportPeak()
    if report.json { try JSON.print(found) } else { Console.print(found.text) }
  }
}
