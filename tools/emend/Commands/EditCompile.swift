import ArgumentParser
import EditSessions
import LatentEditing
import ModelFiles
import Terminal
import Tokenization

/// An edit of the first token, run once and kept.
struct EditCompile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile",
    abstract: "Run an edit of the first tokens once, and keep what it leaves in the cache.",
    discussion: """
      The file replaces the editor and its instruction for this model, these activations and this \
      type of cache, for every prompt that begins with the same token, or, of an editor that reads the \
      instruction as the beginning of a conversation (p8), for every conversation that begins with the same \
      --system text, or without one.

        emend edit compile -m model.gguf --editor editor.safetensors \\
          --instruction "Answer in upper case." -o upper.safetensors
        emend generate -m model.gguf --chat -p "I like tea." --edit upper.safetensors
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Edits") var edits: EditOptions
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The token that prompts begin with. (default: what conversations begin with)",
      valueName: "id"))
  var firstToken: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What the system says first in the conversations that an editor of prefixes (p8) is compiled for.",
      valueName: "text"))
  var system: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The compiled edit.", valueName: "file"))
  var output: String

  func validate() throws {
    if edits.isEmpty || edits.edit != nil {
      throw ValidationError("nothing to compile; give an --editor with its --instruction")
    }
  }

  func run() throws {
    try OutputFile.check(output, inputs: [model.file.model] + edits.files)
    let opened = try model.use.open()
    let first = try firstToken ?? opening(opened)
    guard (0..<opened.configuration.vocabularySize).contains(first) else {
      throw ValidationError(
        "--first-token is \(first), and the vocabulary has \(opened.configuration.vocabularySize)")
    }
    let template = try? templateOptions.template(for: opened, edits: edits)
    guard
      var prepared = try EditPreparation(
        edits.request(), opened, form: PromptForm(chat: template, system: system))
    else { return }
    let loaded = try opened.load(contextLength: 1, beside: prepared)
    let compiled = try prepared.compiledEdit(loaded, firstToken: first)
    try compiled.write(to: output, shape: opened.configuration)
    model.use.reportPeak()
    let tokens =
      compiled.tokens.count == 1 ? "token \(first)" : "\(compiled.tokens.count) tokens"
    Console.print("\(output): \(tokens) as the edit leaves them in every layer")
  }

  private func opening(_ opened: OpenedModel) throws -> Int {
    let tokenizer = opened.tokenizer
    if tokenizer.vocabulary.addsBOS, let bos = tokenizer.bosToken { return bos }
    let template = try templateOptions.template(for: opened, edits: edits)
    let tokens = try template.encode([ChatMessage(.user, "x")], with: tokenizer)
    guard let first = tokens.first else {
      throw ValidationError("the chat template writes nothing; say the token with --first-token")
    }
    return first
  }
}
