import BlockFormats
import Foundation
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing

/// The default rounding looks at what the columns are expected to be multiplied with.
struct ColumnImportanceTests {
  /// In a model whose embedding is eight times as large in sixteen dimensions of the residual stream,
  /// the first layer's errors in these columns weigh 64 times as much: they are smaller than with equal
  /// weights, at the cost of the others.
  @Test(arguments: [BlockFormat.q4_0, .q4_1])
  func largeDimensionsAreRoundedBetter(type: BlockFormat) throws {
    let scratch = try ScratchFolder()
    let source = try ConversionFixture.convert(
      ConversionFixture.path("sharded"), ConversionRecipe(type: .f32), in: scratch)
    let embedding = try source.tensor(named: "token_embd.weight")
    let width = embedding.shape[0]
    var file = try Data(contentsOf: URL(fileURLWithPath: source.path))
    let start = source.bytes(of: embedding).baseAddress! - source.files[0].bytes.baseAddress!
    file.withUnsafeMutableBytes { bytes in
      for row in 0..<embedding.shape[1] {
        for column in 0..<16 {
          let place = start + 4 * (row * width + column)
          let value = bytes.loadUnaligned(fromByteOffset: place, as: Float.self)
          bytes.storeBytes(of: 8 * value, toByteOffset: place, as: Float.self)
        }
      }
    }
    let changed = scratch.path("changed.gguf")
    try file.write(to: URL(fileURLWithPath: changed))
    let result = try ConversionFixture.convert(
      changed, ConversionRecipe(type: type), in: scratch)

    var weighed = 0.0
    var equal = 0.0
    for name in ["blk.0.attn_q.weight", "blk.0.attn_v.weight", "blk.0.ffn_up.weight"] {
      let weights = Array(
        source.bytes(of: try source.tensor(named: name)).bindMemory(to: Float.self))
      let plain = type.decoded(try type.quantized(weights, columns: width, rounding: .best))
      let chosen = type.decoded(Array(result.bytes(of: try result.tensor(named: name))))
      for i in weights.indices where i % width < 16 {
        weighed += Double((weights[i] - chosen[i]) * (weights[i] - chosen[i]))
        equal += Double((weights[i] - plain[i]) * (weights[i] - plain[i]))
      }
    }
    #expect(weighed < 0.9 * equal, "\(weighed / equal)")
  }

  /// Tensors that are no layer's linear, and the reference rounding, know no weights.
  @Test func othersAreWeighedEqually() throws {
    let scratch = try ScratchFolder()
    let source = try ConversionFixture.convert(
      ConversionFixture.path("sharded"), ConversionRecipe(type: .f32), in: scratch)
    let result = try ConversionFixture.convert(
      source.path, ConversionRecipe(type: .q4_0, outputType: .q4_0), in: scratch)
    for name in ["token_embd.weight", "output.weight"] {
      let tensor = try source.tensor(named: name)
      let weights = Array(source.bytes(of: tensor).bindMemory(to: Float.self))
      let plain = try BlockFormat.q4_0.quantized(
        weights, columns: tensor.shape[0], rounding: .best)
      #expect(result.bytes(of: try result.tensor(named: name)).elementsEqual(plain), "\(name)")
    }
  }
}
