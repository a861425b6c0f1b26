import EditorTraining
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import Quantization
import TestSupport
import Testing

/// Folders that PEFT saved, against what PEFT computes with them (tools/fixtures/make_peft_fixtures.py).
@Suite struct PEFTTests {
  private struct Expected: Decodable {
    let ids: [Int]
    let losses: [Double]
  }

  /// The losses of a text's tokens under the adapters: sums in f32 over widths of 32 and 504, in another
  /// order, of losses up to 15 nat. Without the adapters, or with alpha / r in the place of alpha / sqrt(r),
  /// they are whole nats away.
  @Test(arguments: ["stabilized", "first-block"])
  func lossesAreThoseOfPEFT(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("f32.gguf")
    let conversion = try Conversion(
      Checkpoint.open(OutsideFiles.fixture("conversion/whole").path, tokenizer: nil),
      recipe: ConversionRecipe(type: .f32))
    _ = try conversion.write(to: path, pool: Pools.one) { _ in true }
    let file = try GGUFFile(path: path)
    let processor = try Processor(file, activations: .f32, pool: Pools.one)
    let adapters = try LowRankAdapters(
      path: OutsideFiles.fixture("peft/\(name)").path, identity: ProcessorIdentity(file),
      processor: processor)

    let all = try JSONDecoder().decode(
      [String: Expected].self, from: Data(contentsOf: OutsideFiles.fixture("peft/losses.json")))
    let expected = try #require(all[name])
    let pass = try PromptedPass(
      adapters, processor: processor,
      capacity: EditorPass.Capacity(rows: 32, instructionRows: 1, sequences: 1),
      options: ProcessorTape.Options(), measuresBase: true)
    let batch = TrainingBatch([TokenizedExample(unrelated: expected.ids, instruction: [1])])
    let found = try pass.losses(batch, .edited)[0]
    #expect(found.count == expected.losses.count)
    for (found, expected) in zip(found, expected.losses) {
      #expect(abs(Double(found) - expected) <= 2e-5, "\(found), \(expected)")
    }
    let plain = try pass.losses(batch, .prompted)[0]
    #expect(zip(plain, expected.losses).contains { abs(Double($0) - $1) > 1 })
  }
}
