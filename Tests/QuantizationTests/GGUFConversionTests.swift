import BlockFormats
import Foundation
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing

/// GGUF files as sources.
struct GGUFConversionTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func source(_ recipe: ConversionRecipe) throws -> GGUFFile {
    try ConversionFixture.convert(ConversionFixture.path("sharded"), recipe, in: scratch)
  }

  @Test func twoStepsGiveWhatOneGives() throws {
    let half = try source(ConversionRecipe(type: .f16))
    let recipe = ConversionRecipe(type: .q4_0)
    let direct = try source(recipe)
    let twice = try ConversionFixture.convert(half.path, recipe, in: scratch)
    for tensor in direct.tensors {
      let other = try twice.tensor(named: tensor.name)
      #expect(other.format == tensor.format)
      #expect(twice.bytes(of: other).elementsEqual(direct.bytes(of: tensor)), "\(tensor.name)")
    }
    #expect(
      twice.metadata.keys.sorted() == direct.metadata.keys.sorted())
    #expect(try twice.metadata.integer("general.file_type") == 2)
    #expect(
      try twice.metadata.string("emend.provenance.source")
        == URL(fileURLWithPath: half.path).lastPathComponent)
  }

  @Test func lossyToLossyIsRefusedUnlessAllowed() throws {
    let small = try source(ConversionRecipe(type: .q4_0, outputType: .q4_0))
    var recipe = ConversionRecipe(type: .q8_0)
    #expect(
      throws: ConversionError.lossyToLossy(
        path: small.path, tensor: "token_embd.weight", from: "q4_0", to: .q8_0)
    ) {
      try ConversionFixture.convert(small.path, recipe, in: scratch)
    }
    recipe.allowsRequantizing = true
    let file = try ConversionFixture.convert(small.path, recipe, in: scratch)
    #expect(try file.tensor(named: "output.weight").format == .q8_0)
  }

  @Test(arguments: [BlockFormat.q4_0, .q4_1, .q8_0])
  func tensorsOfTheSameTypeAreCopied(type: BlockFormat) throws {
    // Rounded one way, then asked for the other: only a copy keeps the bytes.
    let first = try source(ConversionRecipe(type: type, outputType: type, rounding: .reference))
    let second = try ConversionFixture.convert(
      first.path, ConversionRecipe(type: type, outputType: type, rounding: .best), in: scratch)
    for tensor in first.tensors {
      let other = try second.tensor(named: tensor.name)
      #expect(second.bytes(of: other).elementsEqual(first.bytes(of: tensor)), "\(tensor.name)")
    }
  }

  @Test(arguments: [
    (BlockFormat.q4_0, BlockFormat.q8_0), (.q4_1, .q8_0), (.q8_0, .q8_0), (.f16, .f16),
    (.f32, .f32),
  ])
  func outputHasMoreBitsThanFour(type: BlockFormat, output: BlockFormat) throws {
    let untied = try source(ConversionRecipe(type: type))
    #expect(try untied.tensor(named: "output.weight").format == output)
    #expect(try untied.tensor(named: "token_embd.weight").format == type)
    let tied = try ConversionFixture.convert(
      ConversionFixture.path("tied"), ConversionRecipe(type: type), in: scratch)
    #expect(try tied.tensor(named: "token_embd.weight").format == output)
  }

  @Test func typesOfOutputAndEmbeddingCanBeChosen() throws {
    let file = try source(
      ConversionRecipe(type: .q4_1, outputType: .f16, embeddingType: .q4_0))
    #expect(try file.tensor(named: "output.weight").format == .f16)
    #expect(try file.tensor(named: "token_embd.weight").format == .q4_0)
    #expect(try file.tensor(named: "blk.0.attn_q.weight").format == .q4_1)
  }

  // 100000 is beyond the largest half, 65504.
  @Test func valuesTooLargeForHalvesAreRefused() throws {
    let file = GGUFBuilder.file(
      metadata: [("general.architecture", .string("llama"))],
      tensors: [
        .init(
          "a.weight", [2, 1],
          data: [Float(1), 100_000].flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
          })
      ])
    let path = scratch.path("large.gguf")
    try Data(file).write(to: URL(fileURLWithPath: path))
    #expect(throws: ConversionError.tooLarge(tensor: "a.weight", format: .f16)) {
      try ConversionFixture.convert(path, ConversionRecipe(type: .f16), in: scratch)
    }
    #expect(try scratch.names == ["large.gguf"])
  }
}
