import ArgumentParser
import TextGeneration

/// How tokens are chosen where nothing is said.
private let usual = SamplingOptions()

/// How the next token is chosen.
struct SamplingArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Temperature; 0 takes the most likely token.", valueName: "x"))
  var temp = usual.temperature

  @Option(
    name: .customLong("top-k"),
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only the k most likely tokens may come; 0 or less for all.", valueName: "k"))
  var topK = usual.topK

  @Option(
    name: .customLong("top-p"),
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only the most likely tokens that reach this probability together may come; 1 for all.",
      valueName: "p"))
  var topP = usual.topP

  @Option(
    name: .customLong("min-p"),
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only tokens at least p times as likely as the best may come; 0 for all.", valueName: "p"))
  var minP = usual.minP

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Makes tokens that occurred lately less likely; 1 for no penalty.", valueName: "x"))
  var repeatPenalty = usual.repetitionPenalty

  @Option(
    name: .customLong("repeat-last-n"), parsing: .unconditional,
    help: ArgumentHelp(
      "How many of the last tokens are penalised; -1 for all.", valueName: "n"))
  var repeatLastN = usual.penaltyWindow ?? -1

  @Option(
    name: [.short, .long],
    parsing: .unconditional,
    help: ArgumentHelp(
      "Decides every random choice: the same seed gives the same text. -1 draws a new one. "
        + "(default: -1)", valueName: "n"))
  var seed: Seed?

  /// The options for the generator; a seed not given is drawn.
  var options: SamplingOptions {
    SamplingOptions(
      temperature: temp, topK: max(topK, 0), topP: topP, minP: minP,
      repetitionPenalty: repeatPenalty,
      penaltyWindow: repeatLastN < 0 ? nil : repeatLastN,
      seed: seed?.value ?? UInt64.random(in: 0...UInt64(UInt32.max)))
  }

  func validate() throws {
    do { try options.validate() } catch { throw ValidationError("\(error)") }
    guard repeatLastN >= -1 else {
      throw ValidationError(
        "--repeat-last-n is \(repeatLastN), and must be 0 or more, or -1 for all tokens")
    }
  }
}

/// A seed, or -1, llama.cpp's spelling of a new one each time.
struct Seed: ExpressibleByArgument {
  /// Nil for a new one.
  let value: UInt64?

  init?(argument: String) {
    value = UInt64(argument)
    guard value != nil || argument == "-1" else { return nil }
  }
}

/// How long the text may get.
struct LengthArguments: ParsableArguments {
  @Option(
    name: [.customShort("n"), .customLong("n-predict")], parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens to generate at most; -1 until the model ends or the context is full, -2 until it is full. "
        + "(default: -1)",
      valueName: "n"))
  var count: Int?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("End the text before this string; may be repeated.", valueName: "text"))
  var stop: [String] = []

  @Flag(
    name: .customLong("ignore-eos"),
    help: "Never choose an end token: go on to -n tokens or a full context.")
  var ignoresEnd = false

  func validate() throws {
    // llama.cpp's spellings of "no limit" and "fill the context".
    if let count, count < -2 {
      throw ValidationError(
        "-n is \(count), and must be 0 or more, -1 for no limit, or -2 to fill the context")
    }
    if stop.contains("") { throw ValidationError("--stop is empty; give at least one character") }
  }

  func generationOptions(_ sampling: SamplingOptions) -> GenerationOptions {
    GenerationOptions(
      sampling: sampling, maximumTokens: count.flatMap { $0 < 0 ? nil : $0 }, stopStrings: stop,
      ignoresEndTokens: ignoresEnd || count == -2)
  }
}

/// Whether tokens are drafted.
struct SpeculationArguments: ParsableArguments {
  @Option(
    name: .customLong("speculate"), parsing: .unconditional,
    help: ArgumentHelp(
      "ngram: where the last tokens have occurred before, check in one pass whether those that followed them come "
        + "again. The text is the same, and sooner there where it copies.",
      valueName: "ngram|none"))
  var speculate = Method.none

  enum Method: String, ExpressibleByArgument, CaseIterable { case ngram, none }

  /// How tokens are drafted; nil for one at a time.
  var options: PromptLookup.Options? { speculate == .ngram ? PromptLookup.Options() : nil }
}

/// `--json`.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one line of JSON instead of text.")
  var json = false
}
