import ArgumentParser
import EditEvaluation
import EditSessions
import ModelFiles
import Terminal
import TextGeneration
import Tokenization

struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Give the log-probability of every token of a text.",
    discussion: """
      The natural logarithm of the probability of each token given those before it; the first token \
      has none.

        emend score -m model.gguf -f page.txt
        emend score -m model.gguf -f page.txt --activations f32 --json
        emend score -m model.gguf -f page.txt --logits page.safetensors
        emend score -m model.gguf -f page.txt --control-vector happy.gguf:0.8
        emend score -m model.gguf -f talk.txt --chat --editor editor.safetensors \
          --instruction "Be brief."

      An editor that reads its instruction as the beginning of the prompt (p8) puts it in front of the \
      text, in a line of its own, and BOS in front of that; the text is then what comes behind it, and has \
      no other BOS. With --chat the text is a conversation that is written out as the model's template has \
      it, and the instruction stands where it does in chat.

      --logits also writes everything the model said, for comparison with other software: the tensors \
      "ids" (I32, [tokens]) and "logits" (F32, [tokens, vocabulary]).
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Edits") var edits: EditOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The text; - is standard input.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("Write the logits to this safetensors file.", valueName: "file"))
  var logits: String?

  @Flag(help: "Names of special tokens in the text, such as <|im_end|>, mean these tokens.")
  var parseSpecial = false

  @Flag(
    help: ArgumentHelp(
      "The text is a conversation as the model's template writes it out; as --parse-special."))
  var chat = false

  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions

  func validate() throws {
    if edits.edit != nil {
      throw ValidationError(
        "a compiled edit has no logits for the first token; give the --editor and --instruction that "
          + "it was made from")
    }
    if !chat, templateOptions.chatTemplate != nil {
      throw ValidationError("--chat-template needs --chat")
    }
  }

  func run() throws {
    if let logits {
      try OutputFile.check(logits, inputs: [model.file.model, file] + edits.files)
    }
    let text = try TextFile.read(file)
    let opened = try model.use.open()
    let prompt =
      chat
      ? opened.tokenizer.prompt(writtenConversation: text)
      : opened.tokenizer.prompt(text, parseSpecial: parseSpecial)
    let template =
      chat
      ? try templateOptions.template(for: opened, edits: edits, verbose: model.verbose) : nil
    let prepared = try EditPreparation(edits.request(), opened, form: PromptForm(chat: template))
    let count = prompt.tokens.count
    Console.warn(opened.tokenizer.warningOfSecondBOS(prompt.tokens))
    Console.warn(
      prepared?.warningOfPlainText(
        remedy: "with --chat the file is a conversation that is written out"))
    let length = opened.contextSize ?? max(count, 1)
    guard length <= opened.configuration.contextLength else {
      throw CommandError.notEnoughContext(
        command: "score", needed: length, trained: opened.configuration.contextLength)
    }
    // One more for a ghost token, which some edits put in front.
    let room =
      edits.isEmpty
      ? length
      : min(length + max(1, prepared?.tokensInFront ?? 0), opened.configuration.contextLength)
    let loaded = try opened.load(contextLength: room, beside: prepared)
    let bar = ProgressBar("scoring", unit: "tok/s")
    let scores: ScoredText
    do {
      defer { bar.finish() }
      scores = try ScoredText(prompt, loaded, prepared, logits: logits) { done, total in
        bar.update(Double(done), of: Double(total))
        return !Interrupt.isRequested
      }
    }
    model.use.reportPeak()
    guard !output.json else { return try JSON.print(scores) }
    for line in scores.lines(with: opened.tokenizer) { Console.print(line) }
  }
}
