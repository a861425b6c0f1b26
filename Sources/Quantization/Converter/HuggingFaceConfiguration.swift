import Foundation
import ModelFiles

/// What config.json of a Hugging Face folder says, as far as it matters for a LLaMA.
///
/// Source: `LlamaConfig`, `MistralConfig` and `Qwen2Config` of transformers; version 5 keeps the numbers of rotary
/// embedding in `rope_parameters`, earlier ones in `rope_theta` and `rope_scaling`.
struct HuggingFaceConfiguration: Decodable {
  struct Rotary: Decodable {
    let type: String?
    let ropeType: String?
    let ropeTheta: Double?
    let factor: Double?
    let lowFreqFactor: Double?
    let highFreqFactor: Double?
    let originalMaxPositionEmbeddings: Int?
    let partialRotaryFactor: Double?
    let attentionFactor: Double?
    let betaFast: Double?
    let betaSlow: Double?
    let mscale: Double?
    let mscaleAllDim: Double?
    let truncate: Bool?
  }

  /// A token's id, or several that do the same.
  enum TokenIDs: Decodable {
    case one(Int)
    case several([Int])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let ids = try? container.decode([Int].self) {
        self = .several(ids)
      } else {
        self = .one(try container.decode(Int.self))
      }
    }

    var first: Int? { all.first }

    var all: [Int] {
      switch self {
      case .one(let id): [id]
      case .several(let ids): ids
      }
    }
  }

  let architectures: [String]?
  let hiddenSize: Int?
  let intermediateSize: Int?
  let numHiddenLayers: Int?
  let numAttentionHeads: Int?
  let numKeyValueHeads: Int?
  let headDim: Int?
  let vocabSize: Int?
  let maxPositionEmbeddings: Int?
  let slidingWindow: Int?
  let useSlidingWindow: Bool?
  let rmsNormEps: Double?
  let hiddenAct: String?
  let attentionBias: Bool?
  let mlpBias: Bool?
  let tieWordEmbeddings: Bool?
  let ropeTheta: Double?
  let ropeScaling: Rotary?
  let ropeParameters: Rotary?
  let partialRotaryFactor: Double?
  let quantizationConfig: QuantizationSettings?
  let quantization: QuantizationSettings?
  let bosTokenId: TokenIDs?
  let eosTokenId: TokenIDs?
  let padTokenId: TokenIDs?
}

extension HuggingFaceConfiguration {
  /// A LLaMA but for its biases and its window, which is only there where config.json says so.
  var isQwen2: Bool { architectures?.first == "Qwen2ForCausalLM" }

  /// Whether linear layers of attention have biases.
  var hasAttentionBiases: Bool { isQwen2 || attentionBias == true }

  /// The model's shape. `hasOutput` says whether the weights have an output matrix, which decides
  /// where config.json does not say whether the output is the embedding.
  func blueprint(path: String, hasOutput: Bool) throws(ConversionError) -> LlamaBlueprint {
    try refuseUnsupported(path)
    func needed(_ value: Int?, _ field: String) throws(ConversionError) -> Int {
      guard let value else { throw .missingValue(path: path, field: field) }
      return value
    }
    let hidden = try needed(hiddenSize, "hidden_size")
    let heads = try needed(numAttentionHeads, "num_attention_heads")
    let positions = try needed(maxPositionEmbeddings, "max_position_embeddings")
    let headSize =
      if let headDim {
        headDim
      } else {
        try LlamaBlueprint.headSize(
          hiddenSize: hidden, headCount: heads, path: path, field: "num_attention_heads")
      }
    // Transformers, too, lets the older name win where both are there, with a theta of its own or the top one.
    let rotary = ropeScaling ?? ropeParameters
    let scaling =
      if let rotary {
        try rotary.scaling(path, contextLength: positions)
      } else {
        LlamaBlueprint.RotaryScaling.none
      }
    // Dynamic frequencies are the plain ones as far as the model was trained.
    let isDynamic = rotary.map { $0.ropeType ?? $0.type } == "dynamic"
    let trained = isDynamic ? rotary?.originalMaxPositionEmbeddings ?? positions : positions
    let blueprint = LlamaBlueprint(
      path: path,
      // Within the window, attention to all and attention to the window are the same.
      contextLength: min(
        positions, trained,
        isQwen2 && useSlidingWindow != true ? positions : slidingWindow ?? positions),
      hiddenSize: hidden,
      intermediateSize: try needed(intermediateSize, "intermediate_size"),
      layerCount: try needed(numHiddenLayers, "num_hidden_layers"),
      headCount: heads,
      kvHeadCount: numKeyValueHeads ?? heads,
      headSize: headSize,
      vocabularySize: try needed(vocabSize, "vocab_size"),
      ropeTheta: rotary?.ropeTheta ?? ropeTheta ?? 10_000,
      rotaryScaling: scaling,
      rmsNormEpsilon: rmsNormEps ?? 1e-6,
      isOutputTied: tieWordEmbeddings ?? !hasOutput)
    try blueprint.check(names: [
      \.contextLength: "max_position_embeddings", \.hiddenSize: "hidden_size",
      \.intermediateSize: "intermediate_size", \.layerCount: "num_hidden_layers",
      \.headCount: "num_attention_heads", \.kvHeadCount: "num_key_value_heads",
      \.headSize: "head_dim", \.vocabularySize: "vocab_size", \.ropeTheta: "rope_theta",
      \.rmsNormEpsilon: "rms_norm_eps",
    ])
    return blueprint
  }

  /// Names of architectures that are converted.
  static let architecturesRead = ["LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM"]

  private func refuseUnsupported(_ path: String) throws(ConversionError) {
    guard let architecture = architectures?.first else {
      throw .missingValue(path: path, field: "architectures")
    }
    guard Self.architecturesRead.contains(architecture) else {
      throw .unsupportedArchitecture(path: path, found: architecture)
    }
    func refuse(_ field: String, _ found: String) -> ConversionError {
      .unsupportedFeature(path: path, field: field, found: found)
    }
    if let hiddenAct, hiddenAct != "silu" { throw refuse("hidden_act", hiddenAct) }
    if mlpBias == true { throw refuse("mlp_bias", "true") }
    for factor in [partialRotaryFactor, ropeParameters?.partialRotaryFactor] {
      if let factor, factor != 1 { throw refuse("partial_rotary_factor", "\(factor)") }
    }
  }
}

extension HuggingFaceConfiguration.Rotary {
  fileprivate func scaling(
    _ path: String, contextLength: Int
  ) throws(ConversionError) -> LlamaBlueprint.RotaryScaling {
    func number(_ value: Double?, _ field: String) throws(ConversionError) -> Double {
      guard let value else { throw .missingValue(path: path, field: "rope_scaling." + field) }
      guard (1e-3...1e6).contains(value) else {
        throw .unusableValue(
          path: path, field: "rope_scaling." + field, found: "\(value)",
          wanted: "from 0.001 to 1000000")
      }
      return value
    }
    func original() throws(ConversionError) -> Int? {
      guard let original = originalMaxPositionEmbeddings else { return nil }
      guard (1...(1 << 24)).contains(original) else {
        throw .unusableValue(
          path: path, field: "rope_scaling.original_max_position_embeddings",
          found: "\(original)", wanted: "from 1 to \(1 << 24)")
      }
      return original
    }
    switch ropeType ?? type ?? "default" {
    case "default", "dynamic": return .none
    case "yarn":
      guard truncate ?? true else {
        throw .unsupportedFeature(path: path, field: "rope_scaling.truncate", found: "false")
      }
      let factor = try number(factor, "factor")
      let (fast, slow) = (
        try number(betaFast ?? 32, "beta_fast"), try number(betaSlow ?? 1, "beta_slow")
      )
      guard fast > slow else {
        throw .unusableValue(
          path: path, field: "rope_scaling.beta_fast", found: "\(fast)", wanted: "more than \(slow)"
        )
      }
      func attention(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1 }
      let own: Double =
        if let mscale, let mscaleAllDim, mscale != 0, mscaleAllDim != 0 {
          attention(mscale) / attention(mscaleAllDim)
        } else {
          attention(1)
        }
      return .yarn(
        factor: factor, originalContext: try original() ?? contextLength,
        attentionFactor: try number(attentionFactor ?? own, "attention_factor"), betaFast: fast,
        betaSlow: slow)
    case "linear": return .linear(factor: try number(factor, "factor"))
    case "llama3":
      let low = try number(lowFreqFactor, "low_freq_factor")
      let high = try number(highFreqFactor, "high_freq_factor")
      guard high > low else {
        throw .unusableValue(
          path: path, field: "rope_scaling.high_freq_factor", found: "\(high)",
          wanted: "more than \(low)")
      }
      guard let original = try original() else {
        throw .missingValue(
          path: path, field: "rope_scaling.original_max_position_embeddings")
      }
      return .llama3(
        factor: try number(factor, "factor"), lowFactor: low, highFactor: high,
        originalContext: original)
    case let other:
      throw .unsupportedFeature(path: path, field: "rope_scaling.rope_type", found: other)
    }
  }
}

extension HuggingFaceConfiguration {
  /// How the weights of the folder were quantized; nil where they were not. AutoGPTQ's older folders say it in
  /// quantize_config.json only.
  func quantizationScheme(folder: String) throws(ConversionError) -> QuantizationScheme? {
    let path = folder + "/config.json"
    if let quantizationConfig {
      return try quantizationConfig.scheme(path: path, field: "quantization_config")
    }
    if let quantization { return try quantization.scheme(path: path, field: "quantization") }
    let older = folder + "/quantize_config.json"
    let settings: QuantizationSettings?
    do throws(ModelFileError) {
      settings = try JSONFile.readIfPresent(QuantizationSettings.self, path: older)
    } catch { throw .file(error) }
    return try settings?.scheme(path: older, field: "quantize_config", otherwise: "gptq")
  }
}

/// What generation_config.json says, as far as it matters: the tokens that end an answer, which there are
/// often more of than config.json has.
struct GenerationSettings: Decodable {
  let eosTokenId: HuggingFaceConfiguration.TokenIDs?
}
