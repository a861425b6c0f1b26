import ModelFiles

extension GPT2Configuration {
  /// Reads config.json of a Hugging Face folder. Throws `unusableValue` where it asks for what is not
  /// computed here.
  init(huggingFaceConfiguration path: String, readsOutput: Bool) throws(LanguageModelError) {
    let file: HuggingFaceGPT2
    do { file = try JSONFile.read(HuggingFaceGPT2.self, path: path) } catch { throw .file(error) }
    func needed(_ value: Int?, _ key: String) throws(LanguageModelError) -> Int {
      guard let value else { throw .file(.missingKey(path: path, key: key)) }
      return value
    }
    func require(_ key: String, _ found: String, _ wanted: [String]) throws(LanguageModelError) {
      guard wanted.contains(found) else {
        throw .unusableValue(
          path: path, key: key, found: found, wanted: wanted.joined(separator: " or "))
      }
    }
    try require("model_type", file.modelType ?? "missing", ["gpt2"])
    try require(
      "activation_function", file.activationFunction ?? "gelu_new",
      ["gelu_new", "gelu_pytorch_tanh"])
    try require("scale_attn_weights", "\(file.scaleAttnWeights ?? true)", ["true"])
    try require(
      "scale_attn_by_inverse_layer_idx", "\(file.scaleAttnByInverseLayerIdx ?? false)", ["false"])
    try require("add_cross_attention", "\(file.addCrossAttention ?? false)", ["false"])
    let output: Output =
      !readsOutput ? .none : file.tieWordEmbeddings ?? true ? .tied : .separate
    try self.init(
      contextLength: try needed(file.nPositions, "n_positions"),
      width: try needed(file.nEmbd, "n_embd"), innerWidth: file.nInner,
      blockCount: try needed(file.nLayer, "n_layer"),
      headCount: try needed(file.nHead, "n_head"),
      vocabularySize: try needed(file.vocabSize, "vocab_size"),
      layerNormEpsilon: file.layerNormEpsilon ?? 1e-5, output: output, source: path)
  }

  /// Reads the metadata of a GGUF file.
  init(_ file: GGUFFile, readsOutput: Bool) throws(LanguageModelError) {
    let metadata = file.metadata
    let sizes = 1...(1 << 24)
    do {
      let architecture = try metadata.string("general.architecture")
      guard architecture == "gpt2" else {
        throw LanguageModelError.unusableValue(
          path: file.path, key: "general.architecture", found: architecture, wanted: "gpt2")
      }
      let embedding = try file.tensor(named: "token_embd.weight")
      let hasOutput = file.tensorIfPresent(named: "output.weight") != nil
      try self.init(
        contextLength: try metadata.integer("gpt2.context_length", in: sizes),
        width: try metadata.integer("gpt2.embedding_length", in: sizes),
        innerWidth: try metadata.integer("gpt2.feed_forward_length", in: sizes),
        blockCount: try metadata.integer("gpt2.block_count", in: sizes),
        headCount: try metadata.integer("gpt2.attention.head_count", in: sizes),
        vocabularySize: embedding.shape.last ?? 0,
        layerNormEpsilon: try metadata.float("gpt2.attention.layer_norm_epsilon", in: 0...1),
        output: !readsOutput ? .none : hasOutput ? .separate : .tied, source: file.path)
    } catch let error as LanguageModelError {
      throw error
    } catch let error as ModelFileError {
      throw .file(error)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

/// config.json of a GPT-2.
///
/// Source: `GPT2Config` of transformers.
private struct HuggingFaceGPT2: Decodable {
  let modelType: String?
  let nPositions: Int?
  let nEmbd: Int?
  let nInner: Int?
  let nLayer: Int?
  let nHead: Int?
  let vocabSize: Int?
  let layerNormEpsilon: Float?
  let activationFunction: String?
  let scaleAttnWeights: Bool?
  let scaleAttnByInverseLayerIdx: Bool?
  let addCrossAttention: Bool?
  let tieWordEmbeddings: Bool?
}
