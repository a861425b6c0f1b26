import ArgumentParser
import EditSessions
import Terminal

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast a model runs.",
    discussion: """
      ppN reads a prompt of N tokens into an empty cache; tgN generates N tokens one by one, after -d \
      tokens that are not timed. The median of -r runs is given, after one run to warm up. The tokens \
      vary in a fixed way, and the workloads are those of llama.cpp's llama-bench. With a compiled \
      edit they follow the beginning of the conversation that it was made for.

        emend bench -m model.gguf
        emend bench -m model.gguf -p 0 -n 128 -d 1024 -r 3 -o json
        emend bench -m model.gguf --control-vector happy.gguf
        emend bench -m model.gguf --edit brief.safetensors
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
    let opened = try model.use.open()
    let prepared = try EditPreparation(edits.request(), opened)
    var workloads: [SpeedTest.Workload] = []
    if prompt > 0 { workloads.append(.prompt(prompt)) }
    if generate > 0 { workloads.append(.decoding(generate, depth: depth)) }
    let needed = try workloads.map { try $0.contextLength(with: prepared) }.max() ?? 0
    // What the tokens are does not matter, nor then whether the model was trained for so many.
    let loaded = try opened.load(
      contextLength: max(needed, opened.contextSize ?? 0), beside: prepared, beyondTraining: true)
    let test = try SpeedTest(loaded, prepared)
    let results = try workloads.map { workload in
      let bar = ProgressBar(workload.name)
      defer { bar.finish() }
      let result = try test.measure(workload, repetitions: repetitions) { done in
        bar.update(Double(done), of: Double(repetitions + 1))
        return !Interrupt.isRequested
      }
      guard let result else { throw CommandError.interrupted(work: "measuring \(workload.name)") }
      return result
    }
    model.use.reportPeak()
    switch output {
    case .json: try JSON.print(results)
    case .csv: Console.print(SpeedMeasurement.csv(results))
    case .md: Console.print(SpeedMeasurement.markdown(results))
    }
  }
}
