import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport

/// A small random model with the logits transformers computes from it, made by
/// tools/fixtures/make_llama_fixtures.py.
struct LogitsFixture {
  /// Formats, head sizes, rotary scalings: see the script.
  static let names = ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "k", "mixed"]

  let file: GGUFFile
  let tokens: [Int]
  let vocabularySize: Int
  /// `[tokens][vocabulary]`
  let logits: [Float]

  init(_ name: String) throws {
    file = try GGUFFile(path: OutsideFiles.fixture("llama/\(name).gguf").path)
    var reader = try LittleEndianReader(OutsideFiles.fixture("llama/\(name).logits"))
    let count = reader.integer()
    vocabularySize = reader.integer()
    tokens = reader.integers(count)
    logits = reader.floats(count * vocabularySize)
  }

  /// Models all of whose matrices have integer kernels.
  static let roundedNames = ["q8_0", "q4_0", "q4_1", "k"]

  /// Transformers' logits where linear layers read activations rounded to int8 in blocks of 32.
  static func roundedLogits(_ name: String) throws -> [Float] {
    let url = OutsideFiles.fixture("llama/\(name).int8")
    var reader = try LittleEndianReader(url)
    return reader.floats(try Data(contentsOf: url).count / 4)
  }

  func processor(
    _ activations: ActivationPrecision, set: InstructionSet = .best, pool: ThreadPool = Pools.one
  ) throws -> Processor {
    try Processor(file, activations: activations, pool: pool, instructionSet: set)
  }

  /// As many seeded random tokens as wanted.
  func randomTokens(_ count: Int, seed: UInt64) -> [Int] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in .random(in: 0..<vocabularySize, using: &random) }
  }
}

/// Reads a fixture's numbers in order.
struct LittleEndianReader {
  private let bytes: Data
  private var offset = 0

  init(_ url: URL) throws { bytes = try Data(contentsOf: url) }

  mutating func integer() -> Int { Int(Int32(bitPattern: word())) }
  mutating func integers(_ count: Int) -> [Int] { (0..<count).map { _ in integer() } }
  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(bitPattern: word()) }
  }

  private mutating func word() -> UInt32 {
    defer { offset += 4 }
    return bytes.withUnsafeBytes {
      UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
  }
}

extension ProcessorState {
  /// Appends `tokens`; the logits of all of them, `[tokens][vocabulary]`.
  func allLogits(
    _ tokens: [Int], visitor: (any ResidualStreamVisitor)? = nil
  ) throws -> [Float] {
    var all: [Float] = []
    try forwardAll(tokens, visitor: visitor) { _, logits in
      for i in logits.indices { all.append(logits[i]) }
    }
    return all
  }
}

func bitPatterns(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }
