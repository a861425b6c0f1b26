/// What params.json of Meta's folder says.
///
/// Source: `ModelArgs` of Meta's llama repository.
package struct MetaConfiguration: Decodable {
  let dim: Int?
  let nLayers: Int?
  let nHeads: Int?
  let nKvHeads: Int?
  let vocabSize: Int?
  let normEps: Double?
  let ropeTheta: Double?
  let useScaledRope: Bool?
  let ropeScalingFactor: Double?
  let ropeHighFreqFactor: Double?
  let maxSeqLen: Int?
}

extension MetaConfiguration {
  /// The model's shape; what the file does not say is in the tensors' shapes, all shards together.
  func blueprint(
    path: String, intermediateSize: Int, vocabularySize: Int, hasOutput: Bool
  ) throws(ConversionError) -> LlamaBlueprint {
    func needed(_ value: Int?, _ field: String) throws(ConversionError) -> Int {
      guard let value else { throw .missingValue(path: path, field: field) }
      return value
    }
    let hidden = try needed(dim, "dim")
    let heads = try needed(nHeads, "n_heads")
    // LLaMA and LLaMA 2 say -1: what the tokenizer has.
    if let vocabSize, vocabSize != -1, vocabSize != vocabularySize {
      throw .unusableValue(
        path: path, field: "vocab_size", found: "\(vocabSize)",
        wanted: "\(vocabularySize), as the output matrix has rows")
    }
    let theta = ropeTheta ?? 10_000
    let epsilon = normEps ?? 1e-5
    let blueprint = LlamaBlueprint(
      path: path,
      contextLength: maxSeqLen
        ?? (useScaledRope == true
          ? Self.scaledContext : Self.contextLength(theta: theta, epsilon: epsilon)),
      hiddenSize: hidden, intermediateSize: intermediateSize,
      layerCount: try needed(nLayers, "n_layers"), headCount: heads,
      kvHeadCount: nKvHeads ?? heads,
      headSize: try LlamaBlueprint.headSize(
        hiddenSize: hidden, headCount: heads, path: path, field: "n_heads"),
      vocabularySize: vocabularySize, ropeTheta: theta,
      rotaryScaling: try scaling(path, hiddenSize: hidden),
      rmsNormEpsilon: epsilon, isOutputTied: !hasOutput)
    try blueprint.check(names: [
      \.contextLength: "max_seq_len", \.hiddenSize: "dim", \.layerCount: "n_layers",
      \.headCount: "n_heads", \.kvHeadCount: "n_kv_heads", \.headSize: "dim / n_heads",
      \.intermediateSize: "the rows of w1", \.vocabularySize: "the rows of the output matrix",
      \.ropeTheta: "rope_theta", \.rmsNormEpsilon: "norm_eps",
    ])
    return blueprint
  }

  /// Tokens that models with `use_scaled_rope` were trained for.
  private static let scaledContext = 131_072

  /// The factor of `use_scaled_rope`, which no file of Meta's has: 8 in LLaMA 3.1 and 3.3, whose smallest is
  /// 4096 wide, and 32 in LLaMA 3.2's 1B and 3B, of 2048 and 3072.
  ///
  /// Source: config.json of the models on Hugging Face.
  package static func scaledRopeFactor(hiddenSize: Int) -> Double { hiddenSize < 4096 ? 32 : 8 }

  /// The other numbers are constants of Meta's code.
  ///
  /// Source: `apply_scaling` of Meta's llama-models.
  private func scaling(
    _ path: String, hiddenSize: Int
  ) throws(ConversionError) -> LlamaBlueprint.RotaryScaling {
    guard useScaledRope == true else { return .none }
    let factor = ropeScalingFactor ?? Self.scaledRopeFactor(hiddenSize: hiddenSize)
    let high = ropeHighFreqFactor ?? 4
    guard (1...1e6).contains(factor) else {
      throw .unusableValue(
        path: path, field: "rope_scaling_factor", found: "\(factor)", wanted: "from 1 to 1000000")
    }
    guard high > 1, high <= 1e6 else {
      throw .unusableValue(
        path: path, field: "rope_high_freq_factor", found: "\(high)", wanted: "more than 1")
    }
    return .llama3(factor: factor, lowFactor: 1, highFactor: high, originalContext: 8192)
  }

  /// No file of Meta's says it; the models can be told apart by other numbers, as llama.cpp's
  /// converter did: Code Llama 16384, LLaMA 2 4096, LLaMA 2048; LLaMA 3's theta means 8192.
  private static func contextLength(theta: Double, epsilon: Double) -> Int {
    switch (theta, epsilon) {
    case (1_000_000, _): 16_384
    case (500_000, _): 8192
    case (_, 1e-5): 4096
    default: 2048
    }
  }
}
