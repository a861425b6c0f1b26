import ArgumentParser
import ModelFiles
import Tokenization

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the tokens of a text.",
    discussion: """
      One line for each token: its id and how the vocabulary writes it.

        emend tokenize -m model.gguf "Hello, world"
        emend tokenize -m model.gguf -f page.txt --json
        echo "from a pipe" | emend tokenize -m model.gguf -f -

      With --messages it shows what a model reads of a conversation, a JSON list of turns with "role" \
      (system, user, assistant) and "content", as its chat template writes it.

        emend tokenize -m model.gguf --messages conversation.json --json
      """)

  @OptionGroup var model: ModelFileOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup(title: "Conversation") var templateOptions: ChatTemplateOptions

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

  func validate() throws {
    let given = [text, file, messages].count { $0 != nil }
    guard given == 1 else {
      throw ValidationError(
        given == 0
          ? "no text; give it as an argument or with -f FILE"
          : "more than one of TEXT, -f and --messages; give one")
    }
    if messages == nil, templateOptions.chatTemplate != nil || leavesOutGenerationPrompt {
      throw ValidationError("--chat-template and --no-generation-prompt need --messages")
    }
    if messages != nil, parseSpecial || leavesOutSpecial {
      throw ValidationError("--parse-special and --no-bos are for texts, not for --messages")
    }
  }

  func run() throws {
    let tokenizer = try Tokenizer(
      GGUFFile(path: model.model, acceptingPacked: true).metadata)
    var result: Result
    if let messages {
      result = try conversation(messages, tokenizer)
    } else {
      let text = try file.map { try TextInput.read($0) } ?? text ?? ""
      let ids = tokenizer.encode(text, addSpecial: !leavesOutSpecial, parseSpecial: parseSpecial)
      result = Result(ids: ids, pieces: [])
    }
    result.pieces = result.ids.map(tokenizer.piece)
    if output.json {
      try JSON.print(result)
    } else {
      for (id, piece) in zip(result.ids, result.pieces) {
        Console.print("\(id)\t\(piece.onOneLine)")
      }
    }
  }

  private func conversation(_ path: String, _ tokenizer: Tokenizer) throws -> Result {
    let turns = try JSONFile.read(
      [ChatMessage].self, text: try TextInput.read(path), path: path)
    let template =
      try templateOptions.chatTemplate.map(ChatTemplate.family)
      ?? ChatTemplate(of: tokenizer.vocabulary)
    let prompt = !leavesOutGenerationPrompt
    let segments = try template.segments(turns, with: tokenizer, addGenerationPrompt: prompt)
    return Result(
      ids: try template.encode(turns, with: tokenizer, addGenerationPrompt: prompt), pieces: [],
      text: segments.map(\.text).joined())
  }

  /// `--json`.
  private struct Result: Encodable {
    let ids: [Int]
    var pieces: [String]
    /// A conversation as it is written.
    var text: String?
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
