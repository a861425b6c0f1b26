import Foundation
import LanguageModels
import TestSupport
import Testing

/// Against transformers: tools/fixtures/make_rope_fixtures.py.
@Suite struct RotaryFrequenciesTests {
  struct Case: Decodable {
    struct Scaling: Decodable {
      let rope_type: String
      let factor: Float?
      let low_freq_factor: Float?
      let high_freq_factor: Float?
      let original_max_position_embeddings: Int?
    }
    let head: Int
    let theta: Double
    let scaling: Scaling
    let frequencies: [Double]

    static func all() throws -> [Case] {
      try JSONDecoder().decode(
        [Case].self, from: Data(contentsOf: OutsideFiles.fixture("rope/frequencies.json")))
    }

    var ropeScaling: RopeScaling {
      switch scaling.rope_type {
      case "linear": .linear(factor: scaling.factor!)
      case "llama3":
        .llama3(
          factor: scaling.factor!, lowFactor: scaling.low_freq_factor!,
          highFactor: scaling.high_freq_factor!,
          originalContext: scaling.original_max_position_embeddings!)
      default: .none
      }
    }
  }

  /// transformers computes in f32: the exponent is rounded, which changes theta^e by e ln(theta) <= 14
  /// units; power, reciprocal and quotients round a few times more. In LLaMA 3.1's blend the
  /// wavelength's error of about 16 units is multiplied by up to 4/3 and again by up to the factor,
  /// relative to the smaller end of the blend, and the sum rounds: 20 + 16 (1 + 4/3 * 3) < 128 units.
  @Test func matchesTransformers() throws {
    let cases = try Case.all()
    #expect(Set(cases.map(\.scaling.rope_type)) == ["default", "linear", "llama3"])
    for test in cases {
      let found = RotaryFrequencies(
        theta: test.theta, rotated: test.head, scaling: test.ropeScaling
      ).frequencies
      #expect(found.count == test.frequencies.count)
      let roundings: Double = test.scaling.rope_type == "llama3" ? 128 : 24
      for (a, b) in zip(found, test.frequencies) {
        #expect(abs(a - b) <= roundings * 0x1p-24 * b, "theta \(test.theta), \(test.scaling)")
      }
    }
  }

  /// By hand: theta^(-2i / 8) for theta = 10000 is 10^-i.
  @Test func plainFrequenciesArePowers() {
    let found = RotaryFrequencies(theta: 10_000, rotated: 8, scaling: .none).frequencies
    for (i, frequency) in found.enumerated() {
      #expect(abs(frequency * pow(10, Double(i)) - 1) < 1e-15)
    }
  }

  /// Factors in the file, as llama.cpp writes them, are LLaMA 3.1's frequencies in another form.
  @Test func factorsDivide() {
    let plain = RotaryFrequencies(theta: 500_000, rotated: 6, scaling: .none).frequencies
    let found = RotaryFrequencies(
      theta: 500_000, rotated: 6, scaling: .none, factors: [1, 2.5, 8]
    ).frequencies
    #expect(found == [plain[0], plain[1] / 2.5, plain[2] / 8])
  }

  private struct Yarn: Decodable {
    var head: Int
    var theta: Double
    var factor: Float
    var originalContext: Int
    var betaFast: Float
    var betaSlow: Float
    var attentionFactor: Float?
    var amplitude: Double
    var frequencies: [Double]
  }

  /// Against transformers, which computes in f32.
  @Test func yarn() throws {
    let url = OutsideFiles.fixture("readers/yarn.json")
    for test in try JSONDecoder().decode([Yarn].self, from: Data(contentsOf: url)) {
      let found = RotaryFrequencies(
        theta: test.theta, rotated: test.head,
        scaling: .yarn(
          factor: test.factor, originalContext: test.originalContext,
          attentionFactor: test.attentionFactor ?? RopeScaling.yarnAttention(test.factor),
          betaFast: test.betaFast, betaSlow: test.betaSlow))
      #expect(found.frequencies.count == test.frequencies.count)
      for (a, b) in zip(found.frequencies, test.frequencies) {
        #expect(abs(a - b) <= 2e-6 * b)
      }
      #expect(abs(found.amplitude - test.amplitude) < 1e-6)
    }
  }
}
