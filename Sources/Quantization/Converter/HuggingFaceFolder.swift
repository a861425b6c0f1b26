import ModelFiles

extension AssembledCheckpoint {
  /// A folder as `save_pretrained` of transformers writes it: config.json, the weights as safetensors
  /// or pytorch_model.bin, whole or sharded, and tokenizer.model or tokenizer.json. Any of the
  /// weights may be compressed (.zst). `tokenizer` is used in place of the folder's.
  public init(huggingFaceFolder path: String, tokenizer: String? = nil) throws(ConversionError) {
    let configurationPath = path + "/config.json"
    let configuration: HuggingFaceConfiguration
    let weights: CheckpointTensors
    do {
      configuration = try JSONFile.read(HuggingFaceConfiguration.self, path: configurationPath)
      weights = try CheckpointTensors(huggingFaceFolder: path).renamed(HuggingFaceNames.plain)
    } catch { throw .file(error) }
    let blueprint = try configuration.blueprint(
      path: configurationPath,
      hasOutput: weights.tensorIfPresent(named: "lm_head.weight") != nil)

    var used: Set<String> = []
    var assemblies: [(name: String, assembly: TensorAssembly)] = []
    for wanted in blueprint.tensors {
      let tensor: CheckpointTensor
      do { tensor = try weights.tensor(named: wanted.huggingFace) } catch { throw .file(error) }
      guard tensor.shape == wanted.shape else {
        throw .wrongShape(
          path: weights.files[tensor.part].path, tensor: tensor.name, found: tensor.shape,
          wanted: wanted.shape)
      }
      used.insert(tensor.name)
      assemblies.append(
        (
          wanted.gguf,
          try TensorAssembly(
            [.init(checkpoint: weights, tensor: tensor)],
            headSize: wanted.isRotated ? blueprint.headSize : nil)
        ))
    }
    for tensor in weights where !used.contains(tensor.name) {
      // Frequencies follow from the configuration; a tied output may be stored all the same.
      let isKnown =
        tensor.name.hasSuffix(".rotary_emb.inv_freq")
        || tensor.name == "lm_head.weight" && blueprint.isOutputTied
      guard isKnown else {
        throw .unknownTensor(path: weights.files[tensor.part].path, tensor: tensor.name)
      }
    }

    for tensor in weights.tensorsEndingInZeros {
      // Rows that fill a vocabulary up may be zero; not a quarter of them.
      let isVocabulary = ["model.embed_tokens.weight", "lm_head.weight"].contains(tensor.name)
      let bytes = weights.bytes(of: tensor)
      guard isVocabulary, bytes.suffix(bytes.count / 4).contains(where: { $0 != 0 }) else {
        throw .zeros(path: weights.files[tensor.part].path, tensor: tensor.name)
      }
    }

    let vocabulary = try HuggingFaceTokenizer(
      folder: path, tokenizer: tokenizer, configuration: configuration,
      vocabularySize: blueprint.vocabularySize
    ).vocabulary
    self.init(
      path: path, blueprint: blueprint,
      tokenizer: try vocabulary.metadata(
        path: tokenizer ?? path, vocabularySize: blueprint.vocabularySize),
      assemblies: assemblies)
  }
}
