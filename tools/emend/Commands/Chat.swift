import ArgumentParser
import EditSessions
import Terminal
import TextGeneration
import Tokenization

struct Chat: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Talk with a model.",
    discussion: """
      Every line you type is a turn. The model remembers the conversation; earlier turns are not read \
      again.

        emend chat -m model.gguf
        emend chat -m model.gguf --system "You are a pirate." --temp 0.5
        emend chat -m model.gguf --editor editor.safetensors --instruction "Answer in upper case."
        printf 'Hello!\\nWho are you?\\n' | emend chat -m model.gguf --temp 0

      Ctrl-C ends an answer; pressed again, or while you type, it ends the conversation.

      \(commands)
      """)

  private static let commands = """
      /clear          start again, with the same system text
      /system TEXT    start again, with another system text
      /help           list these
      /exit           end (also Ctrl-D)
    """

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Length of an answer") var length: LengthArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @OptionGroup(title: "Speed") var speculation: SpeculationArguments
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions
  @OptionGroup(title: "Edits") var edits: EditOptions
  @OptionGroup(title: "Edits") var editCache: EditCacheOptions

  @Option(
    parsing: .unconditional, help: ArgumentHelp("What the system says first.", valueName: "text"))
  var system: String?

  @OptionGroup var escapes: EscapeOptions

  func validate() throws { try editCache.check(edits) }

  func run() throws {
    let system = system.map(escapes.read)
    let opened = try model.use.open()
    let template = try templateOptions.template(for: opened, edits: edits, verbose: model.verbose)
    let opening = try template.encode(
      (system.map { [ChatMessage(.system, $0)] } ?? []) + [ChatMessage(.user, "x")],
      with: opened.tokenizer)
    func prepare(_ system: String?) throws -> EditPreparation? {
      try EditPreparation(
        edits.request(), opened, form: .conversation(template, system: system),
        cache: editCache.place(firstToken: opening.first ?? 0))
    }
    var prepared = try prepare(system)
    let loaded = try opened.load(beside: prepared)
    let edited = try prepared?.processor(loaded)
    let generator = Generator(
      edited ?? loaded.state, tokenizer: loaded.tokenizer, startsText: true)
    let session = ChatSession(
      generator, tokenizer: loaded.tokenizer, template: template, system: system)
    // An editor of prefixes reads its instruction beside what the system says.
    func reread(_ system: String?) throws {
      guard let edited, var prepared = try prepare(system), prepared.tokensInFront > 0 else {
        return
      }
      let beside = try opened.load(
        contextLength: 1, beside: prepared, processor: loaded.processor)
      if let opening = try prepared.opening(beside) { edited.replaceOpening(opening) }
    }
    var options = length.generationOptions(sampling.options)
    options.speculation = speculation.options
    options.end(at: template.assistantTurnEnd(with: loaded.tokenizer))

    if Console.inputIsTerminal { Console.note("/help lists what you can do besides talking.") }
    var reader = LineReader()
    // A person tries again; what comes from a pipe or a file has failed where a part of it did.
    var failures = 0
    while Console.outputProblem == nil {
      Interrupt.clear()
      if Console.inputIsTerminal, Console.errorIsTerminal { Console.log("> ", terminator: "") }
      let line: String
      switch reader.next() {
      case .line(let text): line = text
      case .notText:
        Console.log("That is not UTF-8 text, and was not said; convert it first (iconv -t utf-8).")
        failures += 1
        continue
      case .end, .interrupted:
        if Console.inputIsTerminal { Console.note("") }
        guard Console.inputIsTerminal || failures == 0 else {
          throw CommandError.unansweredTurns(count: failures)
        }
        return
      }
      let text = line.drop(while: \.isWhitespace)
      if text.isEmpty { continue }
      if text.hasPrefix("/") {
        if try obey(text, session, reread) == .end { return }
        continue
      }
      if try !answer(
        line, in: session, options: options, contextLength: loaded.state.contextLength)
      {
        failures += 1
      }
      // Another seed for each turn, or the same question would get the same answer.
      options.sampling.seed &+= 1
    }
  }

  private enum Next { case more, end }

  private func obey(
    _ line: Substring, _ session: ChatSession, _ reread: (String?) throws -> Void
  ) throws -> Next {
    let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
    switch words.first {
    case "/exit", "/quit":
      return .end
    case "/clear":
      session.restart(system: session.system)
      Console.note("The conversation starts again.")
    case "/system":
      let system = words.count > 1 ? String(words[1]) : nil
      try reread(system)
      session.restart(system: system)
      Console.note("The conversation starts again, with this system text.")
    case "/help":
      Console.log(Self.commands)
    default:
      Console.log("There is no \(words.first ?? "/"); there are:\n\(Self.commands)")
    }
    return .more
  }

  /// Whether there was room for the turn.
  private func answer(
    _ line: String, in session: ChatSession, options: GenerationOptions, contextLength: Int
  ) throws -> Bool {
    let printer = AnswerPrinter(streams: true)
    do {
      try session.say(line, options: options, listener: printer.receive)
    } catch .promptTooLong(let tokens, let length) {
      Console.log(
        "With this turn the conversation has \(tokens) tokens, and the context holds \(length): say "
          + "less, start again with /clear, or start emend with a longer context (-c).")
      return false
    }
    guard let (reason, statistics) = printer.end else { return true }
    if reason == .contextFull {
      Console.log(
        "The context of \(contextLength) tokens is full: start again with /clear, or start emend with "
          + "a longer context (-c).")
    }
    if model.verbose { Console.log(statistics.summary) }
    return true
  }
}
