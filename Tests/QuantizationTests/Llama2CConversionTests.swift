import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// stories260K in llama2.c's three formats, against a NumPy program that computes as llama2.c does
/// (tools/witness/llama2c_greedy.py).
@Suite(.enabled(if: OutsideFiles.hasData("models/stories260K.bin"), "needs EMEND_DATA"))
struct Llama2CConversionTests {
  private struct Golden: Decodable {
    let ids: [Int]
    let text: String
    let margin: Float
  }

  private func golden(_ name: String = "stories260K") throws -> Golden {
    try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: OutsideFiles.fixture("llama2c/\(name).json")))
  }

  private func convert(
    _ name: String, _ type: BlockFormat, in scratch: ScratchFolder
  ) throws -> GGUFFile {
    try ConversionFixture.convert(
      OutsideFiles.data("models/\(name).bin").path, ConversionRecipe(type: type), in: scratch)
  }

  private func state(_ file: GGUFFile, _ count: Int) throws -> ProcessorState {
    try ProcessorState(
      Processor(file, activations: .f32, pool: ThreadPool(threads: 1)), contextLength: count,
      cacheType: .f32)
  }

  // Version 2 has other weights, rounded to eight bits, and so a text of its own.
  @Test(arguments: [
    ("stories260K", "stories260K"), ("tinystories_260k_v1", "stories260K"),
    ("stories260K-q8", "stories260K-q8"),
  ])
  func greedyTextIsLlama2Cs(name: String, text: String) throws {
    let scratch = try ScratchFolder()
    let file = try convert(name, .f32, in: scratch)
    let golden = try golden(text)
    #expect(golden.ids.count == 200 && golden.margin > 1e-3)
    let state = try state(file, 201)
    var ids: [Int] = []
    var token = 1
    for _ in golden.ids {
      let logits = try state.forward([token])
      token = logits.indices.max { logits[$0] < logits[$1] }!
      ids.append(token)
    }
    #expect(ids == golden.ids)
    // llama2.c drops the space in front of the first word, as decoding does here.
    #expect(try Tokenizer(file.metadata).decode(ids) == golden.text)
  }

  // Eight-bit codes in groups of 8: weights are off by at most 1/254 of a group's largest, and so
  // the mean log-probability of the golden text by a few hundredths; v0's is the witness.
  @Test func groupsOfInt8GiveNearlyTheSameProbabilities() throws {
    let scratch = try ScratchFolder()
    let golden = try golden()
    func meanLogProbability(_ name: String) throws -> Double {
      let file = try convert(name, .f32, in: scratch)
      var sum = 0.0
      try state(file, 201).forwardAll([1] + golden.ids.dropLast()) { index, logits in
        let values = logits.indices.map { Double(logits[$0]) }
        let largest = values.max()!
        let total = values.reduce(0) { $0 + exp($1 - largest) }
        sum += values[golden.ids[index]] - largest - log(total)
      }
      return sum / Double(golden.ids.count)
    }
    let exact = try meanLogProbability("stories260K")
    let rounded = try meanLogProbability("stories260K-q8")
    #expect(exact > -1)
    #expect(abs(exact - rounded) < 0.03)
  }

  @Test func rowsThatDoNotFillBlocksBecomeHalves() throws {
    let scratch = try ScratchFolder()
    let file = try convert("stories260K", .q8_0, in: scratch)
    // The feed-forward network is 172 wide.
    for tensor in file.tensors where tensor.shape.count == 2 {
      #expect(tensor.format == (tensor.shape[0] == 172 ? .f16 : .q8_0), "\(tensor.name)")
    }
  }
}
