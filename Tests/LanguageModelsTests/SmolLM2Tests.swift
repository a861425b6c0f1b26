import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// A real model, against transformers in f32 on the same dequantized weights
/// (tools/fixtures/make_smollm2_golden.py).
@Suite(
  .enabled(
    if: OutsideFiles.smolLM2 != nil, "needs tools/fetch-models, or EMEND_TEST_MODEL"))
struct SmolLM2Tests {
  private struct Golden {
    let tokens: [Int]
    let positions: [Int]
    let ids: [Int]
    let largest: [Int]
    let logSumExp: [Float]
    let logits: [Float]  // [positions][ids]

    init() throws {
      var reader = try LittleEndianReader(OutsideFiles.fixture("smollm2/logits.golden"))
      let counts = reader.integers(3)
      tokens = reader.integers(counts[0])
      positions = reader.integers(counts[1])
      ids = reader.integers(counts[2])
      largest = reader.integers(counts[1])
      logSumExp = reader.floats(counts[1])
      logits = reader.floats(counts[1] * counts[2])
    }
  }

  /// Thirty layers of sums of 576 and 1536 terms in f32, in another order than PyTorch's: a few 1e-6
  /// of the residual stream each, and logits up to 30. The best two ids are at least 0.04 apart.
  @Test func exactPathMatchesTransformers() throws {
    let golden = try Golden()
    let found = try logits(.f32, .f32, golden.tokens)
    let width = found.count / golden.tokens.count
    var worst: Float = 0
    for (i, position) in golden.positions.enumerated() {
      let row = found[position * width..<(position + 1) * width]
      #expect(row.firstIndex(of: row.max()!)! - row.startIndex == golden.largest[i])
      #expect(abs(logSumExp(row) - Double(golden.logSumExp[i])) <= 2e-3)
      for (j, id) in golden.ids.enumerated() {
        let difference = abs(row[row.startIndex + id] - golden.logits[i * golden.ids.count + j])
        worst = max(worst, difference)
      }
    }
    #expect(worst <= 2e-3)
  }

  /// What people run: int8 activations and an f16 cache, from the exact path.
  @Test func integerPathIsClose() throws {
    let tokens = Array(try Golden().tokens.prefix(128))
    let exact = try logits(.f32, .f32, tokens)
    let found = try logits(.int8, .f16, tokens)
    let divergences = klDivergences(exact, found, exact.count / tokens.count)
    #expect(divergences.reduce(0, +) / Double(divergences.count) <= 0.01)
  }

  private func logits(
    _ activations: ActivationPrecision, _ type: CacheType, _ tokens: [Int]
  ) throws -> [Float] {
    let file = try GGUFFile(path: OutsideFiles.smolLM2!.path)
    let processor = try Processor(file, activations: activations, pool: Pools.all[1])
    return try ProcessorState(processor, contextLength: tokens.count, cacheType: type)
      .allLogits(tokens)
  }

  private func logSumExp(_ logits: ArraySlice<Float>) -> Double {
    let peak = Double(logits.max()!)
    return log(logits.reduce(0) { $0 + exp(Double($1) - peak) }) + peak
  }
}
