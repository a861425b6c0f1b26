import Foundation
import LanguageModels
import ModelFiles

/// The shape of a LLaMA, from whichever configuration a checkpoint has.
struct LlamaBlueprint: Sendable, Equatable {
  /// How rotary frequencies are stretched.
  enum RotaryScaling: Sendable, Equatable {
    case none
    /// All frequencies divided by `factor`.
    case linear(factor: Double)
    /// LLaMA 3.1's, which GGUF holds as one factor for each frequency.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalContext: Int)
    /// YaRN; `attentionFactor` is what cosines and sines are multiplied with.
    case yarn(
      factor: Double, originalContext: Int, attentionFactor: Double, betaFast: Double,
      betaSlow: Double)
  }

  /// The file it is from, for errors.
  let path: String
  var contextLength: Int
  var hiddenSize: Int
  var intermediateSize: Int
  var layerCount: Int
  var headCount: Int
  var kvHeadCount: Int
  var headSize: Int
  var vocabularySize: Int
  var ropeTheta: Double
  var rotaryScaling = RotaryScaling.none
  var rmsNormEpsilon: Double
  var isOutputTied: Bool

  /// Checks what a file said, with the bounds of `ProcessorConfiguration`: what is written can be
  /// run. `names` are the file's names for the fields of this type.
  func check(names: [PartialKeyPath<LlamaBlueprint>: String]) throws(ConversionError) {
    func fail(
      _ key: PartialKeyPath<LlamaBlueprint>, _ wanted: String
    ) -> ConversionError {
      .unusableValue(
        path: path, field: names[key] ?? "a derived size", found: "\(self[keyPath: key])",
        wanted: wanted)
    }
    let bounds: [(KeyPath<LlamaBlueprint, Int>, ClosedRange<Int>)] = [
      (\.contextLength, 1...(1 << 24)), (\.hiddenSize, 8...(1 << 20)),
      (\.intermediateSize, 8...(1 << 22)), (\.layerCount, 1...4096), (\.headCount, 1...65_536),
      (\.kvHeadCount, 1...65_536), (\.headSize, 8...4096), (\.vocabularySize, 1...(1 << 24)),
    ]
    for (key, range) in bounds where !range.contains(self[keyPath: key]) {
      throw fail(key, "from \(range.lowerBound) to \(range.upperBound)")
    }
    guard headCount % kvHeadCount == 0 else {
      throw fail(\.kvHeadCount, "a divisor of \(headCount) heads")
    }
    guard headSize % 2 == 0 else { throw fail(\.headSize, "an even number") }
    guard (1...1e12).contains(ropeTheta) else { throw fail(\.ropeTheta, "from 1 to 1e12") }
    guard (0...1).contains(rmsNormEpsilon) else { throw fail(\.rmsNormEpsilon, "from 0 to 1") }
  }

  /// `hiddenSize / headCount`, where a file does not say how large a head is.
  static func headSize(
    hiddenSize: Int, headCount: Int, path: String, field: String
  ) throws(ConversionError) -> Int {
    guard headCount > 0, hiddenSize % headCount == 0 else {
      throw .unusableValue(
        path: path, field: field, found: "\(headCount)",
        wanted: "a divisor of the width \(hiddenSize)")
    }
    return hiddenSize / headCount
  }

  /// The keys and values llama.cpp's converter writes.
  var metadata: [(key: String, value: GGUFEntry)] {
    var entries: [(key: String, value: GGUFEntry)] = [
      ("general.architecture", .string("llama")),
      ("general.type", .string("model")),
      ("llama.vocab_size", .uint32(UInt32(vocabularySize))),
      ("llama.context_length", .uint32(UInt32(contextLength))),
      ("llama.embedding_length", .uint32(UInt32(hiddenSize))),
      ("llama.block_count", .uint32(UInt32(layerCount))),
      ("llama.feed_forward_length", .uint32(UInt32(intermediateSize))),
      ("llama.attention.head_count", .uint32(UInt32(headCount))),
      ("llama.attention.head_count_kv", .uint32(UInt32(kvHeadCount))),
      ("llama.attention.layer_norm_rms_epsilon", .float32(Float(rmsNormEpsilon))),
      ("llama.rope.freq_base", .float32(Float(ropeTheta))),
      ("llama.rope.dimension_count", .uint32(UInt32(headSize))),
    ]
    if headSize * headCount != hiddenSize {
      entries.append(("llama.attention.key_length", .uint32(UInt32(headSize))))
      entries.append(("llama.attention.value_length", .uint32(UInt32(headSize))))
    }
    switch rotaryScaling {
    case .linear(let factor):
      entries.append(("llama.rope.scaling.type", .string("linear")))
      entries.append(("llama.rope.scaling.factor", .float32(Float(factor))))
    case .yarn(let factor, let context, let attention, let fast, let slow):
      entries += [
        ("llama.rope.scaling.type", .string("yarn")),
        ("llama.rope.scaling.factor", .float32(Float(factor))),
        ("llama.rope.scaling.original_context_length", .uint32(UInt32(context))),
      ]
      // Readers multiply with YaRN's own factor, 0.1 ln(factor) + 1, themselves.
      let rest = Float(attention) / RopeScaling.yarnAttention(Float(factor))
      if abs(rest - 1) > 1e-6 {
        entries.append(("llama.rope.scaling.attn_factor", .float32(rest)))
      }
      if (fast, slow) != (32, 1) {
        entries.append(("llama.rope.scaling.yarn_beta_fast", .float32(Float(fast))))
        entries.append(("llama.rope.scaling.yarn_beta_slow", .float32(Float(slow))))
      }
    case .none, .llama3: break
    }
    return entries
  }

  /// What `rope_freqs.weight` holds: a divisor for each frequency theta^(-2i / headSize). Nil unless
  /// the scaling is LLaMA 3.1's.
  ///
  /// Source: `generate_extra_tensors` of llama.cpp's converter, after Meta's `apply_scaling`.
  var rotaryFactors: [Float]? {
    guard case .llama3(let factor, let low, let high, let original) = rotaryScaling else {
      return nil
    }
    let context = Double(original)
    return (0..<headSize / 2).map { index in
      let frequency = pow(ropeTheta, -2 * Double(index) / Double(headSize))
      let wavelength = 2 * Double.pi / frequency
      if wavelength < context / high { return 1 }
      if wavelength > context / low { return Float(factor) }
      let smooth = (context / wavelength - low) / (high - low)
      return Float(1 / ((1 - smooth) / factor + smooth))
    }
  }
}
