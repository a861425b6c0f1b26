import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport

/// Runs damaged GGUF models of all types: what is let in is packed, and reads a few tokens.
struct ModelTarget: FuzzTarget {
  static let name = "model"

  private let corpus: [[UInt8]]
  private let headers: [Int]
  private let mutator: ByteMutator
  private let pool = ThreadPool(threads: 1)

  /// Beyond this a model is not run: the program has two gigabytes.
  private static let mostBytes = 256 << 20

  init(corpus files: [CorpusFile]) throws {
    corpus = files.map(\.bytes)
    headers = try corpus.map { bytes in
      let file = try Self.open(GuardedBytes(bytes))
      return file.tensors.map(\.offset).min() ?? bytes.count
    }
    mutator = ByteMutator(donors: corpus)
  }

  private static func open(_ bytes: GuardedBytes) throws(ModelFileError) -> GGUFFile {
    try GGUFFile(path: "model.gguf") { path throws(ModelFileError) in
      guard path == "model.gguf" else { throw .noSuchFile(path: path) }
      return try MappedFile(path: path, contents: bytes.bytes) { _ = bytes }
    }
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    let index = Int.random(in: corpus.indices, using: &random)
    var bytes = corpus[index]
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        // In place, so that what follows stays where it is.
        let place = Int.random(in: 0..<min(headers[index], bytes.count), using: &random)
        bytes[place] = .random(in: 0...255, using: &random)
      case 1:
        bytes[Int.random(in: bytes.indices, using: &random)] = .random(
          in: 0...255, using: &random)
      default: mutator.mutate(&bytes, places: Array(0..<min(64, bytes.count)), &random)
      }
    }
    return bytes
  }

  func run(_ input: [UInt8]) -> String {
    do {
      let file = try Self.open(GuardedBytes(input))
      let plan = try ProcessorState.plan(
        file, activations: .int8, threads: 1, contextLength: 8)
      guard plan.total < Self.mostBytes else { return "large" }
      let processor = try Processor(file, activations: .int8, pool: pool)
      let state = try ProcessorState(processor, contextLength: 8)
      let last = processor.configuration.vocabularySize - 1
      var sum: Float = 0
      try state.forwardAll([0, last, last / 2]) { _, logits in
        for id in 0..<logits.count { sum += logits[id] }
      }
      blackHole = sum
      return "run"
    } catch {
      precondition(
        !"\(error)".unicodeScalars.contains { $0.value < 32 }, "control character: \(error)")
      if case LanguageModelError.file(let inner) = error {
        return Mirror(reflecting: inner).children.first?.label ?? "\(inner)"
      }
      return Mirror(reflecting: error).children.first?.label ?? "\(error)"
    }
  }
}

/// Keeps what is computed above from being optimised away.
private nonisolated(unsafe) var blackHole: Float = 0
