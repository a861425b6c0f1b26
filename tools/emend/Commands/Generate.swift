import ArgumentParser
import TextGeneration
import Tokenization

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continue a text, or answer a question.",
    discussion: """
      The prompt is plain text that the model continues; with --chat it is a question that the model \
      answers, written the way the model was trained on conversations.

        emend generate -m model.gguf -p "Once upon a time" -n 100
        emend generate -m model.gguf --chat -p "Why is the sky blue?" --temp 0
        emend generate -m model.gguf --chat --system "Answer in French." -p "Who are you?"
        emend generate -m model.gguf -f letter.txt --stop "Regards" --seed 7 --json

      Ctrl-C ends the text where it is.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Length") var length: LengthArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("The prompt.", valueName: "text"))
  var prompt: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Read the prompt from a file; - is standard input.", valueName: "file"))
  var file: String?

  @Flag(help: "The prompt is what a user says in a conversation.")
  var chat = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What the system says first; needs --chat.", valueName: "text"))
  var system: String?

  @Flag(help: "Names of special tokens in the prompt, such as <|im_end|>, mean these tokens.")
  var parseSpecial = false

  func validate() throws {
    guard (prompt == nil) != (file == nil) else {
      throw ValidationError(
        prompt == nil ? "no prompt; give one with -p TEXT or -f FILE" : "both -p and -f; give one")
    }
    if !chat, system != nil || templateOptions.chatTemplate != nil {
      throw ValidationError("--system and --chat-template need --chat")
    }
    if chat, parseSpecial {
      throw ValidationError("--parse-special and --chat exclude each other")
    }
  }

  func run() throws {
    let text = try file.map { try TextInput.read($0) } ?? prompt ?? ""
    let opened = try OpenedModel(model)
    let ids = try encode(text, with: opened.tokenizer)
    let loaded = try opened.load()

    let generator = Generator(loaded.state, tokenizer: loaded.tokenizer, startsText: chat)
    let printer = AnswerPrinter(streams: !output.json)
    let options = length.generationOptions(sampling.options)
    try generator.run(prompt: ids, options: options, listener: printer.receive)
    guard let (reason, statistics) = printer.end else { return }
    if output.json {
      try JSON.print(
        Result(
          text: printer.text, ids: printer.ids, promptIds: ids, finishReason: reason.rawValue,
          seed: options.sampling.seed, timings: Timings(statistics, loaded.loadSeconds)))
    }
    report(reason, statistics, loaded)
  }

  private func encode(_ text: String, with tokenizer: Tokenizer) throws -> [Int] {
    guard chat else {
      return tokenizer.encode(text, addSpecial: true, parseSpecial: parseSpecial)
    }
    let template = try templateOptions.template(for: tokenizer)
    let messages = (system.map { [ChatMessage(.system, $0)] } ?? []) + [ChatMessage(.user, text)]
    return template.encode(messages, with: tokenizer)
  }

  private func report(
    _ reason: FinishReason, _ statistics: GenerationStatistics, _ loaded: LoadedModel
  ) {
    if reason == .contextFull {
      Console.note(
        "the context of \(loaded.state.contextLength) tokens is full; -c makes it longer")
    }
    let peak = "peak memory \(Memory.display(Memory.peakResidentBytes))"
    if model.verbose {
      Console.log("\(statistics.summary); \(peak)")
    } else if !output.json {
      Console.note("\n\(statistics.summary); \(peak)")
    }
  }

  /// `--json`.
  private struct Result: Encodable {
    let text: String
    let ids: [Int]
    let promptIds: [Int]
    let finishReason: String
    let seed: UInt64
    let timings: Timings
  }

  private struct Timings: Encodable {
    let loadSeconds: Double
    let promptTokens: Int
    let promptSeconds: Double
    let promptTokensPerSecond: Double
    let generatedTokens: Int
    let decodedTokens: Int
    let decodeSeconds: Double
    let decodeTokensPerSecond: Double
    let peakRssBytes: Int

    init(_ statistics: GenerationStatistics, _ loadSeconds: Double) {
      self.loadSeconds = loadSeconds
      promptTokens = statistics.promptTokens
      promptSeconds = statistics.prefillSeconds
      promptTokensPerSecond = statistics.prefillRate ?? 0
      generatedTokens = statistics.generatedTokens
      decodedTokens = statistics.decodedTokens
      decodeSeconds = statistics.decodeSeconds
      decodeTokensPerSecond = statistics.decodeRate ?? 0
      peakRssBytes = Memory.peakResidentBytes
    }
  }
}
