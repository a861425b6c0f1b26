import ArgumentParser
import TextGeneration

/// How the next token is chosen.
struct SamplingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Temperature; 0 takes the most likely token.", valueName: "x"))
  var temp: Float = 0.8

  @Option(
    name: .customLong("top-k"),
    help: ArgumentHelp("Only the k most likely tokens may come; 0 for all.", valueName: "k"))
  var topK = 40

  @Option(
    name: .customLong("top-p"),
    help: ArgumentHelp(
      "Only the most likely tokens that reach this probability together may come; 1 for all.",
      valueName: "p"))
  var topP: Float = 0.95

  @Option(
    name: .customLong("min-p"),
    help: ArgumentHelp(
      "Only tokens at least p times as likely as the best may come; 0 for all.", valueName: "p"))
  var minP: Float = 0.05

  @Option(
    help: ArgumentHelp(
      "Makes tokens that occurred lately less likely; 1 for no penalty.", valueName: "x"))
  var repeatPenalty: Float = 1

  @Option(
    name: .customLong("repeat-last-n"), parsing: .unconditional,
    help: ArgumentHelp(
      "How many of the last tokens are penalised; -1 for all.", valueName: "n"))
  var repeatLastN = 64

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Decides every random choice: the same seed gives the same text. (default: a new one each "
        + "time)", valueName: "n"))
  var seed: UInt64?

  /// The options for the generator; a seed not given is drawn.
  var options: SamplingOptions {
    SamplingOptions(
      temperature: temp, topK: topK, topP: topP, minP: minP, repetitionPenalty: repeatPenalty,
      penaltyWindow: repeatLastN < 0 ? nil : repeatLastN,
      seed: seed ?? UInt64.random(in: 0...UInt64(UInt32.max)))
  }

  func validate() throws {
    do { try options.validate() } catch { throw ValidationError("\(error)") }
  }
}

/// How long the text may get.
struct LengthArguments: ParsableArguments {
  @Option(
    name: [.customShort("n"), .customLong("n-predict")], parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens to generate at most. (default: until the model ends or the context is full)",
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
    // -1 is llama.cpp's spelling of "no limit".
    if let count, count < -1 {
      throw ValidationError("-n is \(count), and must be 0 or more, or -1 for no limit")
    }
    if stop.contains("") { throw ValidationError("--stop is empty; give at least one character") }
  }

  func generationOptions(_ sampling: SamplingOptions) -> GenerationOptions {
    GenerationOptions(
      sampling: sampling, maximumTokens: count == -1 ? nil : count, stopStrings: stop,
      ignoresEndTokens: ignoresEnd)
  }
}

/// `--json`.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one line of JSON instead of text.")
  var json = false
}
