import ArgumentParser
import ModelFiles
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
      """)

  @OptionGroup var model: ModelFileOptions
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions
  @OptionGroup var output: OutputOptions

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

  @Flag(help: "Names of special tokens in the text, such as <|im_end|>, mean these tokens.")
  var parseSpecial = false

  @Flag(
    name: .customLong("no-bos"),
    help: "Leave out the tokens that the vocabulary adds before and after a text.")
  var leavesOutSpecial = false

  func validate() throws {
    guard (text == nil) != (file == nil) else {
      throw ValidationError(
        text == nil
          ? "no text; give it as an argument or with -f FILE" : "both TEXT and -f; give one")
    }
    if !chat, system != nil || templateOptions.chatTemplate != nil {
      throw ValidationError("--system and --chat-template need --chat")
    }
    if chat, parseSpecial || leavesOutSpecial {
      throw ValidationError("--chat excludes --parse-special and --no-bos")
    }
  }

  func run() throws {
    let text = try file.map { try TextInput.read($0) } ?? text ?? ""
    let tokenizer = try Tokenizer(
      GGUFFile(path: model.model, acceptingPacked: true).metadata)
    tokenizer.warnOfGuesses(path: model.model)
    let ids = try encode(text, with: tokenizer)
    tokenizer.warnOfSecondBOS(ids)
    let pieces = ids.map(tokenizer.piece)
    if output.json {
      try JSON.print(Result(ids: ids, pieces: pieces))
    } else {
      for (id, piece) in zip(ids, pieces) { Console.print("\(id)\t\(piece.onOneLine)") }
    }
  }

  private func encode(_ text: String, with tokenizer: Tokenizer) throws -> [Int] {
    guard chat else {
      return tokenizer.encode(text, addSpecial: !leavesOutSpecial, parseSpecial: parseSpecial)
    }
    let messages = (system.map { [ChatMessage(.system, $0)] } ?? []) + [ChatMessage(.user, text)]
    return try templateOptions.template(for: tokenizer).encode(messages, with: tokenizer)
  }

  /// `--json`.
  private struct Result: Encodable {
    let ids: [Int]
    let pieces: [String]
  }
}

extension String {
  /// The text with its control characters escaped, for a line of a terminal.
  var onOneLine: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += scalar.escaped(asASCII: true)
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
