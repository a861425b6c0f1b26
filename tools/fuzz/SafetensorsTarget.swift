import ModelFiles
import TestSupport

/// Opens damaged safetensors files, and uses everything of those that are let in.
struct SafetensorsTarget: FuzzTarget {
  static let name = "safetensors"

  private let corpus: [[UInt8]]
  private let mutator: SafetensorsMutator

  init(corpus files: [CorpusFile]) throws {
    corpus = files.map(\.bytes)
    mutator = SafetensorsMutator(corpus: corpus)
  }

  func input(_ random: inout SplitMix64) -> [UInt8] {
    var bytes = corpus.randomElement(using: &random)!
    for _ in 0..<Int.random(in: 1...4, using: &random) { mutator.mutate(&bytes, &random) }
    return bytes
  }

  func run(_ input: [UInt8]) -> String {
    CheckpointUse.outcome(of: input) { file throws(ModelFileError) in
      try SafetensorsFile(file).tensors
    }
  }
}
