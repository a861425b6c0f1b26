import ArgumentParser
import EditSessions
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import Terminal
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

      The model can be edited while it answers: by what an editor makes of an instruction, which the \
      model itself never sees, and by control vectors.

        emend generate -m model.gguf --chat -p "I like tea." --editor editor.safetensors \
          --instruction "Answer in upper case."
        emend generate -m model.gguf -p "I feel" --control-vector happy.gguf:0.8 --compare

      Ctrl-C ends the text where it is.
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Length") var length: LengthArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @OptionGroup(title: "Speed") var speculation: SpeculationArguments
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions
  @OptionGroup(title: "Edits") var edits: EditOptions
  @OptionGroup(title: "Edits") var editCache: EditCacheOptions
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

  @OptionGroup var escapes: EscapeOptions

  @Option(
    help: ArgumentHelp(
      "Write what the edits did to this file, for emend edit show; the unedited model runs beside.",
      valueName: "file"))
  var trace: String?

  @Flag(help: "Show the answer without the edits beside the one with them.")
  var compare = false

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
    try editCache.check(edits)
    if trace != nil, editCache.editCache != nil {
      throw ValidationError("--trace shows latents, and a compiled edit of --edit-cache has none")
    }
    if trace != nil, edits.editor.isEmpty, edits.controlVector.isEmpty {
      throw ValidationError("--trace needs something to trace: --editor or --control-vector")
    }
    if trace != nil, speculation.options != nil {
      throw ValidationError(
        "--trace shows what was fed, and --speculate feeds what may not come; leave one of them out"
      )
    }
    if compare, edits.isEmpty {
      throw ValidationError(
        "--compare needs something to compare: --editor, --control-vector or --edit")
    }
  }

  func run() throws {
    if let trace {
      try OutputFile.check(
        trace, inputs: [model.file.model] + edits.files + (file.map { [$0] } ?? []))
    }
    let text = try file.map { try TextFile.read($0) } ?? prompt ?? ""
    let opened = try model.use.open()
    let template =
      chat
      ? try templateOptions.template(for: opened, edits: edits, verbose: model.verbose) : nil
    let form = PromptForm(chat: template, system: system.map { escapes.read($0) })
    let prompt = try encode(escapes.read(text), as: template, with: opened.tokenizer)
    let ids = prompt.tokens
    Console.warn(opened.tokenizer.warningOfSecondBOS(ids))
    guard ids.count <= opened.contextLength else {
      throw TextGenerationError.promptTooLong(
        tokens: ids.count, contextLength: opened.contextLength)
    }
    let prepared = try EditPreparation(
      edits.request(), opened, form: form, cache: editCache.place(firstToken: ids.first ?? 0))
    Console.warn(
      prepared?.warningOfPlainText(remedy: "with --chat the prompt is what a user says"))
    let loaded = try opened.load(beside: prepared, states: trace == nil ? 1 : 2)
    var options = length.generationOptions(sampling.options)
    options.speculation = speculation.options
    if let template { options.end(at: template.assistantTurnEnd(with: opened.tokenizer)) }

    guard compare else {
      let answer = try generate(prompt, options, loaded, prepared, streams: !output.json)
      if output.json { try JSON.print(answer) }
      return
    }
    let plain = try generate(prompt, options, loaded, nil, streams: false)
    let edited = try generate(prompt, options, loaded, prepared, streams: false)
    let comparison = AnswerPair(unedited: plain, edited: edited)
    guard !output.json else { return try JSON.print(comparison) }
    Console.print(comparison.text(with: loaded.tokenizer, width: Console.width))
  }

  /// One answer, edited or not. Throws `interrupted` where that happened before it began.
  private func generate(
    _ prompt: Prompt, _ options: GenerationOptions, _ loaded: LoadedModel,
    _ edits: EditPreparation?,
    streams: Bool
  ) throws -> Answer {
    var (edits, recorder) = (edits, TraceRecorder?.none)
    let model: any SequenceModel
    if trace != nil, let traced = try edits?.tracedProcessor(loaded, of: prompt) {
      model = traced.model
      recorder = traced.recorder
    } else {
      model = try edits?.processor(loaded) ?? loaded.state as any SequenceModel
    }
    let generator = Generator(model, tokenizer: loaded.tokenizer, startsText: chat)
    let printer = AnswerPrinter(streams: streams)
    try generator.run(prompt: prompt, options: options, listener: printer.receive)
    guard let (reason, statistics) = printer.end else {
      throw CommandError.interrupted(work: "reading the prompt")
    }
    if let trace, let recorder { try recorder.trace.write(to: trace) }
    report(reason, statistics, loaded)
    return Answer(
      text: printer.text, ids: printer.ids, promptIds: model.extended(prompt).tokens, reason,
      seed: options.sampling.seed, statistics, loadSeconds: loaded.loadSeconds)
  }

  private func encode(
    _ text: String, as template: ChatTemplate?, with tokenizer: Tokenizer
  ) throws -> Prompt {
    guard let template else { return tokenizer.prompt(text, parseSpecial: parseSpecial) }
    let opening = system.map { [ChatMessage(.system, escapes.read($0))] } ?? []
    let messages = opening + [ChatMessage(.user, text)]
    return try template.prompt(messages, with: tokenizer)
  }

  private func report(
    _ reason: FinishReason, _ statistics: GenerationStatistics, _ loaded: LoadedModel
  ) {
    if reason == .contextFull {
      Console.note(
        "the context of \(loaded.state.contextLength) tokens is full; -c makes it longer")
    }
    let peak = "peak memory \(SystemMemory.display(SystemMemory.peakResidentBytes))"
    if model.verbose {
      Console.log("\(statistics.summary); \(peak)")
    } else if !output.json {
      Console.note("\n\(statistics.summary); \(peak)")
    }
  }
}
