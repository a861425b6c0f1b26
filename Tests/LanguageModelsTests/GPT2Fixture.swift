import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport

/// A small random GPT-2 with the states transformers computes from it, made by
/// tools/fixtures/make_gpt2_fixtures.py.
struct GPT2Fixture {
  /// Folders of safetensors and PyTorch files, a GGUF; sizes with remainders: see the script.
  static let names = ["head", "bare", "tiny", "blocks"]
  /// Those that have gradients.
  static let differentiated = ["head", "bare", "tiny"]

  let name: String
  let sequences: [[Int]]
  let blockCount: Int
  let width: Int
  let vocabularySize: Int
  /// `[blocks + 1][rows][width]`
  let states: [Float]
  /// `[rows][vocabulary]`, where the model has an output.
  let logits: [Float]

  init(_ name: String) throws {
    try self.init(states: OutsideFiles.fixture("gpt2/\(name).states"), name: name)
  }

  /// The states in that file.
  init(states url: URL, name: String = "") throws {
    self.name = name
    var reader = try LittleEndianReader(url)
    let header = reader.integers(4)
    (blockCount, width, vocabularySize) = (header[1], header[2], header[3])
    let lengths = reader.integers(header[0])
    sequences = lengths.map { reader.integers($0) }
    let rows = lengths.reduce(0, +)
    states = reader.floats((blockCount + 1) * rows * width)
    logits = reader.floats(rows * vocabularySize)
  }

  var batch: TokenBatch { TokenBatch(sequences) }

  static func path(_ name: String) -> String { OutsideFiles.fixture("gpt2/\(name)").path }

  func model(
    readsOutput: Bool = false, set: InstructionSet = .best, pool: ThreadPool = Pools.one
  ) throws -> GPT2 {
    if name == "blocks" {
      return try GPT2(
        try GGUFFile(path: GPT2Fixture.path("blocks.gguf")), readsOutput: readsOutput, pool: pool,
        instructionSet: set)
    }
    return try GPT2(
      huggingFaceFolder: GPT2Fixture.path(name), readsOutput: readsOutput, pool: pool,
      instructionSet: set)
  }
}

extension GPT2 {
  /// The states of all rows after all blocks, `[blocks + 1][rows][width]`.
  func allStates(_ batch: TokenBatch) throws -> [Float] {
    let state = try GPT2State(
      self, rowCapacity: batch.rowCount, sequenceCapacity: batch.sequenceCount)
    try state.forward(batch)
    return state.allStates
  }
}

extension GPT2State {
  /// The states of all rows after all blocks, `[blocks + 1][rows][width]`.
  var allStates: [Float] {
    states(after: Array(0...model.blockCount), at: Array(0..<batch!.rowCount)).values
  }
}

/// The largest difference between two lists of the same length.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
