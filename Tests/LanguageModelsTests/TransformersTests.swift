import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Whole models against transformers in f32, on the weights that the blocks stand for.
@Suite struct TransformersTests {
  /// Both sides compute in f32 and differ in the order of their sums. A sum of K terms is off by about
  /// sqrt(K) units of its size, K <= 256 here: 1e-6; a model is a chain of some ten of them, whose
  /// errors attention can amplify a few times. 1e-5 of the largest logit is some five times what is
  /// seen; a cache in f16, for comparison, costs about 2e-4.
  @Test(arguments: InstructionSet.available, LogitsFixture.names)
  func exactPathMatches(set: InstructionSet, name: String) throws {
    let fixture = try LogitsFixture(name)
    let state = try ProcessorState(
      try fixture.processor(.f32, set: set), contextLength: fixture.tokens.count, cacheType: .f32)
    let found = try state.allLogits(fixture.tokens)
    let largest = fixture.logits.map(\.magnitude).max()!
    let difference = zip(found, fixture.logits).map { abs($0 - $1) }.max()!
    #expect(found.count == fixture.logits.count)
    #expect(difference <= 1e-5 * largest)
  }

  /// Activations in int8 are off by 0.5 % of their deviation (steps of peak / 127, the peak of 32
  /// being about 2.2 deviations). Some ten such errors add up on the way, so that logits of deviation
  /// 2 are off by about 0.005 * sqrt(10) * 2 = 0.03, twice that where attention amplifies it; the
  /// divergence is half the square: 0.0005 to 0.002. Logits of "k", whose weights are random bytes, go to
  /// 20 where those of the others go to 9, so that a row's divergence can be five times as large (0.018 in
  /// transformers with the same roundings and those of a q8_0 cache).
  @Test(arguments: InstructionSet.available, LogitsFixture.names)
  func integerPathIsClose(set: InstructionSet, name: String) throws {
    let fixture = try LogitsFixture(name)
    for type in CacheType.allCases {
      let state = try ProcessorState(
        try fixture.processor(.int8, set: set), contextLength: fixture.tokens.count,
        cacheType: type)
      let found = try state.allLogits(fixture.tokens)
      let divergences = klDivergences(fixture.logits, found, fixture.vocabularySize)
      let mean = divergences.reduce(0, +) / Double(divergences.count)
      #expect(mean <= 3e-3, "\(type)")
      #expect(divergences.max()! <= (name == "k" ? 5e-2 : 1e-2), "\(type)")
    }
  }

  /// The same roundings in transformers give the same logits, but where a number lies between two codes
  /// and the order of a sum decides: one of them in a block is 1/127 of its peak, a thirtieth of what
  /// rounding all 32 changes. So the divergence is well below that of rounding itself, 0.0005 to 0.002.
  @Test(arguments: InstructionSet.available, LogitsFixture.roundedNames)
  func integerPathMatchesRoundedTransformers(set: InstructionSet, name: String) throws {
    let fixture = try LogitsFixture(name)
    let state = try ProcessorState(
      try fixture.processor(.int8, set: set), contextLength: fixture.tokens.count, cacheType: .f32)
    let divergences = klDivergences(
      try LogitsFixture.roundedLogits(name), try state.allLogits(fixture.tokens),
      fixture.vocabularySize)
    #expect(divergences.reduce(0, +) / Double(divergences.count) <= 2e-4)
    #expect(divergences.max()! <= 1e-3)
  }

  /// Files whose formats have no integer kernels are exact under either precision.
  @Test(arguments: ["f32", "f16", "bf16"])
  func otherFormatsAreExact(name: String) throws {
    let fixture = try LogitsFixture(name)
    let results = try ActivationPrecision.allCases.map { activations in
      try ProcessorState(try fixture.processor(activations), contextLength: 64)
        .allLogits(fixture.tokens)
    }
    #expect(bitPatterns(results[0]) == bitPatterns(results[1]))
  }

  @Test func configurations() throws {
    let q8 = try ProcessorConfiguration(try LogitsFixture("q8_0").file)
    #expect(q8.headSize == 64 && q8.headCount == 4 && q8.kvHeadCount == 2 && q8.hiddenSize == 96)
    #expect(q8.headsPerKVHead == 2 && q8.rotatedSize == 64 && q8.vocabularySize == 100)
    #expect(q8.ropeScaling == .linear(factor: 4) && q8.ropeTheta == 100_000)
    #expect(q8.intermediateSize == 160 && q8.layerCount == 2 && q8.contextLength == 2048)
    #expect(q8.rmsNormEpsilon == 1e-5)
    let q4 = try ProcessorConfiguration(try LogitsFixture("q4_1").file)
    #expect(
      q4.ropeScaling == .llama3(factor: 8, lowFactor: 1, highFactor: 4, originalContext: 64))
    // The factors of the file take the place of a scaling.
    #expect(try ProcessorConfiguration(try LogitsFixture("q4_0").file).ropeScaling == .none)
    #expect(try ProcessorConfiguration(try LogitsFixture("f32").file).headSize == 8)
  }
}

/// KL divergence of each row's distribution from the reference's, in nats.
func klDivergences(_ reference: [Float], _ found: [Float], _ width: Int) -> [Double] {
  stride(from: 0, to: reference.count, by: width).map { start in
    func logProbabilities(_ logits: ArraySlice<Float>) -> [Double] {
      let values = logits.map(Double.init)
      let peak = values.max()!
      let total = log(values.reduce(0) { $0 + exp($1 - peak) }) + peak
      return values.map { $0 - total }
    }
    let p = logProbabilities(reference[start..<start + width])
    let q = logProbabilities(found[start..<start + width])
    return zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
  }
}
