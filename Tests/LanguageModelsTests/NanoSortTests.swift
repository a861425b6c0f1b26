import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// A trained model of GPT-2's architecture that sorts six letters (weights stored (out, in), an output
/// of its own), with the activations its makers recorded.
@Suite(
  .enabled(if: OutsideFiles.hasData("models/gpt2arch-nano-sort"), "needs EMEND_DATA"))
struct NanoSortTests {
  private let model: GPT2

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "emend-nano-sort-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try NanoSort.writeHuggingFaceFolder(folder)
    model = try GPT2(huggingFaceFolder: folder.path, readsOutput: true, pool: Pools.all[1])
  }

  /// Every sequence of six of three letters: after it, the six that follow are it in order.
  @Test func sortsEverySequence() throws {
    #expect(model.configuration.output == .separate)
    let inputs = (0..<729).map { number in
      (0..<6).map { number / [1, 3, 9, 27, 81, 243][$0] % 3 }
    }
    let state = try GPT2State(model, rowCapacity: 729 * 11, sequenceCapacity: 729)
    let output = try GPT2Output(model)
    var sequences = inputs
    for _ in 0..<6 {
      let batch = TokenBatch(sequences)
      try state.forward(batch)
      let logits = try output.logits(state)
      for (index, row) in batch.lastRows.enumerated() {
        let scores = logits[row * 3..<(row + 1) * 3]
        sequences[index].append(scores.firstIndex(of: scores.max()!)! - row * 3)
      }
    }
    let right = zip(inputs, sequences).count { Array($1[6...]) == $0.sorted() }
    #expect(right == 729)
  }

  /// They recorded f32 on a GPU; states are up to about 10, and 1e-4 is what three blocks of rounding
  /// in another order may make of that.
  @Test func matchesRecordedActivations() throws {
    let golden = try NanoSort.tensors("gpt-nano-sort-t0-partials")
    // What was recorded is one batch of three sequences of eleven tokens.
    let tokens = golden["idx"]!.floats.map(Int.init)
    let batch = TokenBatch((0..<3).map { Array(tokens[$0 * 11..<($0 + 1) * 11]) })
    let state = try GPT2State(model, rowCapacity: 33, sequenceCapacity: 3)
    try state.forward(batch)
    let rows = Array(0..<33)
    for (block, name) in [(0, "x"), (1, "block0"), (2, "block1"), (3, "ln_f")] {
      let found = state.states(after: [block], at: rows).values
      #expect(largestDifference(found, golden[name]!.floats) <= 1e-4, "\(name)")
    }
    let logits = try GPT2Output(model).logits(state)
    #expect(largestDifference(logits, golden["lm_head"]!.floats) <= 1e-4)
  }
}

/// The JSON of data/models/gpt2arch-nano-sort: tensors as little-endian numbers in Base64.
enum NanoSort {
  struct Tensor: Decodable {
    let shape: [Int]
    let dtype: String
    let data: Data

    var floats: [Float] {
      data.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map {
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
        }
      }
    }
  }

  private enum Entry: Decodable {
    case tensor(Tensor)
    case configuration

    init(from decoder: any Decoder) throws {
      self = (try? .tensor(Tensor(from: decoder))) ?? .configuration
    }
  }

  static func tensors(_ name: String) throws -> [String: Tensor] {
    let url = OutsideFiles.data("models/gpt2arch-nano-sort/\(name).json")
    let entries = try JSONDecoder().decode([String: Entry].self, from: Data(contentsOf: url))
    return entries.compactMapValues {
      if case .tensor(let tensor) = $0 { tensor } else { nil }
    }
  }

  /// The model as save_pretrained would write it, had it been made of `torch.nn.Linear`.
  static func writeHuggingFaceFolder(_ folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let tensors = try tensors("gpt-nano-sort-model").sorted { $0.key < $1.key }
    var writer = try SafetensorsWriter(
      path: folder.appending(path: "model.safetensors").path,
      tensors: tensors.map { .init(name: $0.key, type: .f32, shape: $0.value.shape) })
    for (_, tensor) in tensors {
      try writer.append(tensor.floats.span)
    }
    try writer.commit()
    let configuration = """
      {"model_type": "gpt2", "n_layer": 3, "n_head": 3, "n_embd": 48, "vocab_size": 3,
       "n_positions": 11, "tie_word_embeddings": false}
      """
    try Data(configuration.utf8).write(to: folder.appending(path: "config.json"))
  }
}
