import ModelFiles

extension AssembledCheckpoint {
  /// A folder as `save_pretrained` of transformers writes it: config.json, the weights as safetensors
  /// or pytorch_model.bin, whole or sharded, and tokenizer.model or tokenizer.json. Any of the
  /// weights may be compressed (.zst). `tokenizer` is used in place of the folder's. The adapter of PEFT's in the folder `lora` is
  /// merged into the weights.
  public init(
    huggingFaceFolder path: String, tokenizer: String? = nil, lora: String? = nil
  ) throws(ConversionError) {
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

    var quantized = QuantizedWeights(
      weights, scheme: try configuration.quantizationScheme(folder: path))
    var adapter: LoRAFolder?
    if let lora { adapter = try LoRAFolder(path: lora) }
    var used: Set<String> = []
    var assemblies: [(name: String, assembly: TensorAssembly)] = []
    for wanted in blueprint.tensors {
      let headSize = wanted.isRotated ? blueprint.headSize : nil
      if wanted.shape.count == 2,
        let matrix = try quantized.matrix(
          wanted.huggingFace, rows: wanted.shape[0], columns: wanted.shape[1])
      {
        if let delta = try adapter?.delta(
          wanted.huggingFace, rows: matrix.rows, columns: matrix.columns)
        {
          let merged = MergedMatrix(
            base: .codes(matrix), delta: delta, adapterFiles: adapter?.files ?? [])
          assemblies.append((wanted.gguf, TensorAssembly(merged, headSize: headSize)))
        } else {
          assemblies.append((wanted.gguf, TensorAssembly(matrix, headSize: headSize)))
        }
        continue
      }
      if quantized.isQuantizedUnannounced(wanted.huggingFace) {
        throw .missingValue(path: configurationPath, field: "quantization_config")
      }
      let tensor: CheckpointTensor
      do { tensor = try weights.tensor(named: wanted.huggingFace) } catch { throw .file(error) }
      guard tensor.shape == wanted.shape else {
        throw .wrongShape(
          path: weights.files[tensor.part].path, tensor: tensor.name, found: tensor.shape,
          wanted: wanted.shape)
      }
      used.insert(tensor.name)
      let piece = TensorAssembly.Piece(checkpoint: weights, tensor: tensor)
      let plain = try TensorAssembly([piece], headSize: headSize)
      if wanted.shape.count == 2,
        let delta = try adapter?.delta(
          wanted.huggingFace, rows: wanted.shape[0], columns: wanted.shape[1])
      {
        let merged = MergedMatrix(
          base: .floats(piece), delta: delta, adapterFiles: adapter?.files ?? [])
        assemblies.append((wanted.gguf, TensorAssembly(merged, headSize: headSize)))
      } else {
        assemblies.append((wanted.gguf, plain))
      }
    }
    try adapter?.requireAllUsed()
    used.formUnion(quantized.used)
    if configuration.hasAttentionBiases {
      for bias in blueprint.attentionBiases(withOutput: !configuration.isQwen2) {
        let tensor: CheckpointTensor
        do { tensor = try weights.tensor(named: bias.huggingFace) } catch { throw .file(error) }
        guard tensor.shape == [bias.count] else {
          throw .wrongShape(
            path: weights.files[tensor.part].path, tensor: tensor.name, found: tensor.shape,
            wanted: [bias.count])
        }
        used.insert(tensor.name)
        let values: [Float]
        do { values = try weights.floats(of: tensor) } catch { throw .file(error) }
        assemblies.append(
          (
            bias.gguf,
            TensorAssembly(bias.isRotated ? blueprint.inPairs(values) : values)
          ))
      }
    }
    for tensor in weights where !used.contains(tensor.name) {
      // Frequencies follow from the configuration; a tied output may be stored all the same.
      let isKnown =
        tensor.name.hasSuffix(".rotary_emb.inv_freq")
        || tensor.name == "lm_head.weight" && blueprint.isOutputTied
        || quantized.isIgnored(tensor.name)
      if !isKnown, let linear = Self.biased(tensor, of: blueprint) {
        // Tools that quantize write biases for layers that have none.
        guard try Self.isZero(tensor, of: weights) else {
          throw .unsupportedFeature(
            path: weights.files[tensor.part].path, field: tensor.name,
            found: "a bias of \(linear) that is not zero")
        }
        continue
      }
      guard isKnown else {
        throw .unknownTensor(path: weights.files[tensor.part].path, tensor: tensor.name)
      }
    }

    for tensor in weights.tensorsEndingInZeros(mayBeZero: QuantizedWeights.mayBeZero) {
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

  /// The linear layer whose bias `tensor` is.
  private static func biased(
    _ tensor: CheckpointTensor, of blueprint: LlamaBlueprint
  ) -> String? {
    guard tensor.name.hasSuffix(".bias") else { return nil }
    let module = tensor.name.dropLast(".bias".count)
    return blueprint.tensors.contains {
      $0.shape.count == 2 && tensor.shape == [$0.shape[0]]
        && $0.huggingFace.dropLast(".weight".count) == module
    } ? String(module) : nil
  }

  private static func isZero(
    _ tensor: CheckpointTensor, of weights: CheckpointTensors
  ) throws(ConversionError) -> Bool {
    do { return try weights.floats(of: tensor).allSatisfy { $0 == 0 } } catch { throw .file(error) }
  }
}
