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
      """)

  @OptionGroup var model: ModelFileOptions
  @OptionGroup var output: OutputOptions

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
  }

  func run() throws {
    let text = try file.map { try TextInput.read($0) } ?? text ?? ""
    let tokenizer = try Tokenizer(
      GGUFFile(path: model.model, acceptingPacked: true).metadata)
    let ids = tokenizer.encode(text, addSpecial: !leavesOutSpecial, parseSpecial: parseSpecial)
    let pieces = ids.map(tokenizer.piece)
    if output.json {
      try JSON.print(Result(ids: ids, pieces: pieces))
    } else {
      for (id, piece) in zip(ids, pieces) { Console.print("\(id)\t\(piece.onOneLine)") }
    }
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
