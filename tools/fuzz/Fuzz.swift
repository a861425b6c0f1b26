import ArgumentParser
import Foundation

/// Feeds a parser damaged versions of good files until the time is up. A trap, ten seconds of
/// processor time for one input, or memory beyond the limit ends the program with the line that
/// repeats it.
@main
struct Fuzz: ParsableCommand {
  /// The parsers that can be fuzzed; add a file with a `FuzzTarget`, and its name here.
  private static var targets: [any FuzzTarget.Type] {
    [
      GGUFTarget.self, TokenizerTarget.self, SafetensorsTarget.self, PyTorchTarget.self,
      Llama2CTarget.self, TrainingTarget.self, EditorTarget.self, ChatTemplateTarget.self,
      QuantizedTarget.self, ModelTarget.self,
    ]
  }

  static let configuration = CommandConfiguration(
    abstract: "Feeds a parser damaged files and watches for crashes.",
    discussion: "TARGET is one of: " + targets.map { $0.name }.joined(separator: ", "))

  @Argument(help: "What to fuzz.") var target: String
  @Argument(help: "Good files to start from, of at most 4 MB each.") var corpus: [String]
  @Option(help: "How long to run.") var seconds = 60.0
  @Option(help: "The same seed and corpus give the same inputs.") var seed: UInt64 = 1
  @Option(help: "Run just this execution, to repeat a crash.") var only: UInt64?
  @Option(help: "Where to write the input of --only.") var save: String?

  func validate() throws {
    guard Self.targets.contains(where: { $0.name == target }) else {
      throw ValidationError("there is no target \"\(target)\"")
    }
  }

  func run() throws {
    let files = try corpus.map { path in
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      guard bytes.count <= 4 << 20 else {
        throw ValidationError("\(path) has more than 4 MB, which would be slow")
      }
      return CorpusFile(name: path, bytes: Array(bytes))
    }
    let type = Self.targets.first { $0.name == target }!
    try FuzzRun(target: type.init(corpus: files), seed: seed).run(
      seconds: seconds, only: only, save: save)
  }
}
