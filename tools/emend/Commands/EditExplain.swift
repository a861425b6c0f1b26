import ArgumentParser
import EditSessions
import EditStudies
import EditorTraining
import InstructionEditors
import ModelFiles
import Terminal

/// What one edit does, and where.
struct EditExplain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say what an edit does, in which blocks and by which words, and what it costs.",
    discussion: """
      An editor turns an instruction into keys and values in front of prompts. This compares them with the mean \
      edit, which is what the edits of all instructions have in common, and swaps one for the other block by block: \
      a share of 1 is all that the edit gains over the mean edit, 0 is nothing.

        emend edit explain -m model.gguf --editor editor.safetensors --instruction "Make it a question."
        emend edit explain -m model.gguf --editor editor.safetensors --instruction "Be brief." \\
          -p "Why is the sky blue?" -p "What is tea?" --html brief.html

      Losses are of the answers that the edited model gives to the inputs (-p): they say what carries the edit, not \
      whether the answers are right. Neighbours are looked for among known instructions, built in or of a file of \
      rows or lines (--known). The end of the text says what was not tested. Editors of p8, and of p0, p1 and p7 at \
      the first token, can be explained. docs/study.md has the formulas.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions

  @Option(help: ArgumentHelp("The editor.", valueName: "file"))
  var editor: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What the answer shall be like, in plain words.", valueName: "text"))
  var instruction: String

  @Option(
    name: [.customShort("p"), .customLong("prompt")], parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "What a user says. May be repeated; four or more tell what one input shows alone. (default: four of several "
        + "kinds)", valueName: "text"))
  var prompt: [String] = []

  @Option(
    help: ArgumentHelp(
      "Known instructions: rows as for train (.json, .jsonl), or lines of text. (default: one of each family of the "
        + "project's own set)", valueName: "file"))
  var known: String?

  @Option(
    help: ArgumentHelp(
      "A text that has nothing to do with the instruction, which it should not change. (default: one that is built "
        + "in)", valueName: "file"))
  var unrelated: String?

  @Option(
    help: ArgumentHelp(
      "How prompts are written. (default: as the editor was trained, what the file says)",
      valueName: PromptTemplate.names.joined(separator: "|")))
  var chatTemplate: String?

  @Option(
    name: .customShort("n"), parsing: .unconditional,
    help: ArgumentHelp("Tokens of an answer, at most.", valueName: "n"))
  var answerTokens = ExplanationOptions("", editor: "").answerTokens

  @Option(help: ArgumentHelp("Also write a page to this file.", valueName: "file"))
  var html: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if instruction.allSatisfy(\.isWhitespace) {
      throw ValidationError("--instruction is empty; say what the answer shall be like")
    }
    guard (2...512).contains(answerTokens) else {
      throw ValidationError("-n is \(answerTokens), and must be from 2 to 512")
    }
    if let chatTemplate, !PromptTemplate.names.contains(chatTemplate) {
      throw ValidationError(
        "--chat-template is \(chatTemplate), and there are \(PromptTemplate.names.joined(separator: ", "))"
      )
    }
    if prompt.contains(where: \.isEmpty) {
      throw ValidationError("-p is empty; say what a user says")
    }
  }

  func run() throws {
    if let html {
      try OutputFile.check(
        html, inputs: [model.file.model, editor] + [known, unrelated].compactMap { $0 })
    }
    var options = ExplanationOptions(instruction, editor: editor)
    options.inputs = prompt.isEmpty ? nil : prompt
    options.known = try known.map { (try KnownInstructions.read($0), $0) }
    options.unrelated = try unrelated.map { (try TextFile.read($0), $0) }
    options.chatTemplate = chatTemplate
    options.answerTokens = answerTokens
    let opened = try model.use.open()
    let bar = ProgressBar("explaining")
    defer { bar.finish() }
    let explanation = try Explainer(options, opened, isStopRequested: { Interrupt.isRequested }) {
      stage, part in
      bar.update(Explainer.part(stage, part), of: 1, note: stage.rawValue)
    }.run()
    bar.finish()
    if let html { try TextFile.write(explanation.html(), to: html) }
    model.use.reportPeak()
    if output.json { try JSON.print(explanation) } else { Console.print(explanation.text) }
  }
}
