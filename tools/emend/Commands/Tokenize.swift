import ArgumentParser
import ModelFiles
import Terminal
import Tokenization

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the tokens of a text.",
    discussion: """
      One line for each token: its id and how the vocabulary writes it. With --chat the text is what a user \
      says, and the tokens are those of the conversation.

        emend tokenize -m model.gguf "Hello, world"
        emend tokenize -m model.gguf -f page.txt --json
        emend tokenize -m model.gguf --chat --system "Be brief." "Why is the sky blue?"
        echo "from a pipe" | emend tokenize -m model.gguf -f -

      With --messages it shows what a model reads of a conversation, a JSON list of turns with "role" \
      (system, user, assistant) and "content", as its chat template writes it.

        emend tokenize -m model.gguf --messages conversation.json --json
      """)

  @OptionGroup var model: ModelFileOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions

  @Flag(help: "The text is what a user says in a conversation.")
  var chat = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("What the system says first; needs --chat.", valueName: "text"))
  var system: String?

  @Argument(help: "The text.")
  var text: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Read the text from a file; - is standard input.", valueName: "file"))
  var file: String?

  @Option(
    help: ArgumentHelp("A conversation in place of a text; - is standard input.", valueName: "file")
  )
  var messages: String?

  @Flag(
    name: .customLong("no-generation-prompt"),
    help: "Do not begin the assistant's turn at the end of the conversation.")
  var leavesOutGenerationPrompt = false

  @Flag(help: "Names of special tokens in the text, such as <|im_end|>, mean these tokens.")
  var parseSpecial = false

  @Flag(
    name: .customLong("no-bos"),
    help: "Leave out the tokens that the vocabulary adds before and after a text.")
  var leavesOutSpecial = false

  @OptionGroup var escapes: EscapeOptions

  func validate() throws {
    let given = [text, file, messages].count { $0 != nil }
    guard given == 1 else {
      throw ValidationError(
        given == 0
          ? "no text; give it as an argument or with -f FILE"
          : "more than one of TEXT, -f and --messages; give one")
    }
    if messages != nil, chat || system != nil {
      throw ValidationError("--messages has all turns; --chat and --system are for a text")
    }
    if messages == nil, leavesOutGenerationPrompt {
      throw ValidationError("--no-generation-prompt needs --messages")
    }
    if messages == nil, !chat, system != nil || templateOptions.chatTemplate != nil {
      throw ValidationError("--system and --chat-template need --chat")
    }
    if messages != nil || chat, parseSpecial || leavesOutSpecial {
      throw ValidationError("conversations exclude --parse-special and --no-bos")
    }
  }

  func run() throws {
    let tokenizer = try Tokenizer(
      GGUFFile(path: model.model, acceptingPacked: true).metadata)
    Console.warn(tokenizer.warningOfGuesses(path: model.model))
    var result: TokenizedText
    if let messages {
      let turns = try JSONFile.read(
        [ChatMessage].self, text: try TextFile.read(messages), path: messages)
      result = try conversation(turns, tokenizer)
    } else {
      let text = escapes.read(try file.map { try TextFile.read($0) } ?? text ?? "")
      if chat {
        let turns = system.map { [ChatMessage(.system, escapes.read($0))] } ?? []
        result = try conversation(turns + [ChatMessage(.user, text)], tokenizer)
        result.text = nil
      } else {
        result = TokenizedText(
          text, with: tokenizer, addSpecial: !leavesOutSpecial, parseSpecial: parseSpecial)
      }
      Console.warn(tokenizer.warningOfSecondBOS(result.ids))
    }
    guard !output.json else { return try JSON.print(result) }
    for line in result.lines { Console.print(line) }
  }

  private func conversation(
    _ turns: [ChatMessage], _ tokenizer: Tokenizer
  ) throws -> TokenizedText {
    let template =
      try templateOptions.chatTemplate.map(ChatTemplate.family)
      ?? ChatTemplate(of: tokenizer.vocabulary)
    return try TokenizedText(
      turns, as: template, with: tokenizer, addGenerationPrompt: !leavesOutGenerationPrompt)
  }
}
