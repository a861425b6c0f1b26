import ArgumentParser
import LanguageModels
import LatentEditing
import TensorKernels
import TextGeneration

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model runs.",
    discussion: """
      ppN reads a prompt of N tokens into an empty cache; tgN generates N tokens one by one, after -d \
      tokens that are not timed. The median of -r runs is given, after one run to warm up. The tokens \
      vary in a fixed way, and the workloads are those of llama.cpp's llama-bench.

        emend bench -m model.gguf
        emend bench -m model.gguf -p 0 -n 128 -d 1024 -r 3 -o json
        emend bench -m model.gguf --control-vector happy.gguf
      """)

  /// The forms of the result.
  enum Form: String, ExpressibleByArgument, CaseIterable { case md, json, csv }

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Edits") var edits: EditOptions

  @Option(
    name: [.customShort("p"), .customLong("n-prompt")],
    parsing: .unconditional,
    help: ArgumentHelp("Tokens of the prompt; 0 leaves the test out.", valueName: "n"))
  var prompt = 512

  @Option(
    name: [.customShort("n"), .customLong("n-gen")],
    parsing: .unconditional,
    help: ArgumentHelp("Tokens to generate; 0 leaves the test out.", valueName: "n"))
  var generate = 64

  @Option(
    name: [.customShort("d"), .customLong("n-depth")],
    parsing: .unconditional,
    help: ArgumentHelp("Tokens in the cache before generating.", valueName: "n"))
  var depth = 0

  @Option(
    name: [.short, .long], parsing: .unconditional,
    help: ArgumentHelp("Timed runs of each test.", valueName: "n"))
  var repetitions = 5

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: ArgumentHelp("Form of the result.", valueName: "md|json|csv"))
  var output: Form = .md

  /// The longest test: what an `Int` product or sum with it must stay below is out of its reach.
  private static let mostTokens = 1 << 24

  func validate() throws {
    for (name, value, least) in [
      ("-p", prompt, 0), ("-n", generate, 0), ("-d", depth, 0), ("-r", repetitions, 1),
    ] where value < least || value > Self.mostTokens {
      throw ValidationError("\(name) is \(value), and must be from \(least) to \(Self.mostTokens)")
    }
    if prompt == 0, generate == 0 { throw ValidationError("-p and -n are both 0: nothing to do") }
  }

  func run() throws {
    let opened = try OpenedModel(model)
    // With edits there may be a ghost token, and decoding starts after two tokens.
    let extra = edits.isEmpty ? 0 : 3
    let needed = max(prompt, generate > 0 ? depth + generate : 0) + extra
    var prepared = try PreparedEdits(edits, opened)
    // What the tokens are does not matter, nor then whether the model was trained for so many.
    let loaded = try opened.load(
      contextLength: max(needed, model.ctxSize ?? 0), beside: prepared, beyondTraining: true)
    let model = Model(
      model: loaded.state, edited: try prepared?.processor(loaded),
      firstToken: try prepared?.compiled(loaded)?.firstToken,
      vocabularySize: loaded.configuration.vocabularySize)
    var results: [Measurement] = []
    if prompt > 0 { results.append(try measure("pp\(prompt)", loaded, model, readPrompt)) }
    if generate > 0 {
      let name = "tg\(generate)" + (depth > 0 ? "@d\(depth)" : "")
      results.append(try measure(name, loaded, model, decode))
    }
    loaded.reportPeak()
    switch output {
    case .json: try JSON.print(results)
    case .csv: Console.print(csv(results))
    case .md: Console.print(table(results))
    }
  }

  /// Seconds of one run and the tokens that took them.
  private typealias Run = (tokens: Int, seconds: Double)

  /// What is measured: the model, or the model with edits.
  private struct Model {
    let model: any SequenceModel
    let edited: EditedProcessor?
    /// The token that a compiled edit stands for.
    let firstToken: Int?
    let vocabularySize: Int

    /// Empties the cache; the tokens to feed for `count` tokens of a prompt.
    func begin(_ count: Int, _ token: (Int) -> Int) throws -> [Int] {
      model.truncate(to: 0)
      var ids = (0..<count).map { token($0) % vocabularySize }
      if let firstToken, !ids.isEmpty { ids[0] = firstToken }
      guard let edited else { return ids }
      try edited.prepare(Prompt(ids))
      return edited.extended(Prompt(ids)).tokens
    }

    func forward(_ tokens: [Int]) throws { _ = try (edited ?? model).forward(tokens) }
  }

  private func measure(
    _ test: String, _ loaded: LoadedModel, _ subject: Model, _ body: (Model, Int) throws -> Run
  ) throws -> Measurement {
    let bar = ProgressBar(test)
    defer { bar.finish() }
    var rates: [Double] = []
    // The first run warms the caches up and is not counted.
    for repetition in 0...repetitions {
      if Interrupt.isRequested { throw CommandError.interrupted(work: "measuring \(test)") }
      let run = try body(subject, repetition)
      if repetition > 0 { rates.append(Double(run.tokens) / run.seconds) }
      bar.update(Double(repetition + 1), of: Double(repetitions + 1))
    }
    return Measurement(
      test: test, tokensPerSecond: Numbers.median(rates),
      stddev: Numbers.standardDeviation(rates), peakRssBytes: Memory.peakResidentBytes,
      loadSeconds: loaded.loadSeconds, repetitions: repetitions, threads: model.threadCount,
      model: loaded.opened.file.path,
      activations: model.activations.rawValue, cacheType: model.resolvedCacheType.rawValue)
  }

  private func readPrompt(_ model: Model, _ run: Int) throws -> Run {
    let ids = try model.begin(prompt) { 7919 * $0 + run }
    return (prompt, try seconds { try model.forward(ids) })
  }

  private func decode(_ model: Model, _ run: Int) throws -> Run {
    // Edits need a prompt to be placed in.
    let ids = try model.begin(model.edited == nil ? depth : max(depth, 2)) { 31 * $0 + run }
    if !ids.isEmpty { try model.forward(ids) }
    let time = try seconds {
      for index in 0..<generate {
        try model.forward([(104_729 * index + run) % model.vocabularySize])
        if Interrupt.isRequested { throw CommandError.interrupted(work: "measuring") }
      }
    }
    return (generate, time)
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    try ContinuousClock().measure(body) / .seconds(1)
  }

  private func csv(_ results: [Measurement]) -> String {
    (["test,tokens_per_second,stddev,peak_rss_bytes,threads,repetitions"]
      + results.map {
        "\($0.test),\($0.tokensPerSecond),\($0.stddev),\($0.peakRssBytes),\($0.threads),"
          + "\($0.repetitions)"
      }).joined(separator: "\n")
  }

  private func table(_ results: [Measurement]) -> String {
    (["| test | tokens/s | ± | threads | peak memory |", "|---|---:|---:|---:|---:|"]
      + results.map {
        "| \($0.test) | \(Numbers.fixed($0.tokensPerSecond, 2)) | \(Numbers.fixed($0.stddev, 2)) | "
          + "\($0.threads) | \(Memory.display($0.peakRssBytes)) |"
      }).joined(separator: "\n")
  }

  /// `-o json`.
  private struct Measurement: Encodable {
    let test: String
    let tokensPerSecond: Double
    let stddev: Double
    let peakRssBytes: Int
    let loadSeconds: Double
    let repetitions: Int
    let threads: Int
    let model: String
    let activations: String
    let cacheType: String
  }
}
