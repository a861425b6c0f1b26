import ModelFiles
import Tokenization

extension AssembledCheckpoint {
  /// A folder as Meta gives its models out: params.json, consolidated.00.pth and so on, one for each
  /// model-parallel shard, tokenizer.model, SentencePiece's or tiktoken's, or tokenizer.json (here or in the
  /// folder above). Any of the weights may be
  /// compressed (.zst). `tokenizer` is used in place of the folder's.
  public init(metaFolder path: String, tokenizer: String? = nil) throws(ConversionError) {
    let configurationPath = path + "/params.json"
    let configuration: MetaConfiguration
    do {
      configuration = try JSONFile.read(MetaConfiguration.self, path: configurationPath)
    } catch { throw .file(error) }
    let shards = MetaShards(try Self.shards(path), path: path)

    let hasOutput = shards.has("output.weight")
    let blueprint = try configuration.blueprint(
      path: configurationPath,
      intermediateSize: try shards.rows("layers.0.feed_forward.w1.weight"),
      // The embedding is cut by columns in the models that have no output of their own.
      vocabularySize: hasOutput
        ? try shards.rows("output.weight") : try shards.rowsOfFirst("tok_embeddings.weight"),
      hasOutput: hasOutput)
    let assemblies = try shards.assemblies(blueprint)

    let vocabularyPath = if let tokenizer { tokenizer } else { try Self.tokenizer(path) }
    let vocabulary = try Vocabulary(
      tokenizerFile: vocabularyPath, vocabularySize: blueprint.vocabularySize)
    self.init(
      path: path, blueprint: blueprint,
      tokenizer: try vocabulary.metadata(
        path: vocabularyPath, vocabularySize: blueprint.vocabularySize),
      assemblies: assemblies)
  }

  /// consolidated.00.pth and all that follow.
  static func shards(_ path: String) throws(ConversionError) -> [CheckpointTensors] {
    var shards: [CheckpointTensors] = []
    search: while shards.count < 100 {
      let number = shards.count < 10 ? "0\(shards.count)" : "\(shards.count)"
      for ending in ["", ".zst"] {
        do throws(ModelFileError) {
          let file = "\(path)/consolidated.\(number).pth\(ending)"
          shards.append(try PyTorchArchive(path: file).tensors)
          continue search
        } catch {
          guard case .noSuchFile = error else { throw .file(error) }
        }
      }
      break
    }
    guard !shards.isEmpty else {
      throw .file(.noWeights(path: path, wanted: "consolidated.00.pth"))
    }
    return shards
  }

  private static func tokenizer(_ path: String) throws(ConversionError) -> String {
    let names = ["tokenizer.model", "tokenizer.json"]
    for candidate in names.flatMap({ [path + "/" + $0, path + "/../" + $0] }) {
      do throws(ModelFileError) {
        _ = try MappedFile(path: candidate)
        return candidate
      } catch {
        guard case .noSuchFile = error else { throw .file(error) }
      }
    }
    throw .missingTokenizer(path: path, wanted: "tokenizer.model or tokenizer.json")
  }
}

/// The model-parallel shards of one model, by Meta's names of tensors.
struct MetaShards {
  private let shards: [CheckpointTensors]
  private let path: String

  init(_ shards: [CheckpointTensors], path: String) {
    self.shards = shards
    self.path = path
  }

  func has(_ name: String) -> Bool { shards[0].tensorIfPresent(named: name) != nil }

  /// Rows of a tensor that is cut by rows, all shards together.
  func rows(_ name: String) throws(ConversionError) -> Int {
    let rows = try rowsOfFirst(name)
    let (product, overflow) = rows.multipliedReportingOverflow(by: shards.count)
    return overflow ? .max : product
  }

  /// Rows of a tensor in the first shard.
  func rowsOfFirst(_ name: String) throws(ConversionError) -> Int {
    let tensor = try piece(name, shard: 0).tensor
    guard tensor.shape.count == 2 else {
      throw .shardMismatch(
        path: shards[0].path, tensor: name, found: "of shape \(tensor.shape)", wanted: "a matrix")
    }
    return tensor.shape[0]
  }

  /// Joins the pieces of every tensor of the model. Throws where one is missing, or has not its part
  /// of the shape, and `unknownTensor` where a shard has more.
  func assemblies(
    _ blueprint: LlamaBlueprint
  ) throws(ConversionError) -> [(name: String, assembly: TensorAssembly)] {
    var result: [(name: String, assembly: TensorAssembly)] = []
    var used: Set<String> = []
    for wanted in blueprint.tensors {
      used.insert(wanted.meta)
      result.append((wanted.gguf, try assembly(wanted)))
    }
    for shard in shards {
      for tensor in shard where !used.contains(tensor.name) {
        // Frequencies follow from the configuration.
        guard tensor.name.hasSuffix("rope.freqs") else {
          throw .unknownTensor(path: shard.files[tensor.part].path, tensor: tensor.name)
        }
      }
    }
    return result
  }

  private func assembly(_ wanted: LlamaTensor) throws(ConversionError) -> TensorAssembly {
    let first = try piece(wanted.meta, shard: 0)
    let cut: LlamaTensor.Cut =
      switch wanted.cut {
      case .rowsOrColumns:
        first.tensor.shape.last == wanted.shape.last ? .rows : .columns
      case let cut: cut
      }
    if case .replicated = cut {
      for number in shards.indices {
        try checkShape(piece(wanted.meta, shard: number), wanted.shape)
      }
      return try TensorAssembly([first])
    }
    var shape = wanted.shape
    let axis = if case .columns = cut { 1 } else { 0 }
    guard shape[axis] % shards.count == 0 else {
      throw .wrongShape(
        path: first.file, tensor: wanted.meta, found: first.tensor.shape, wanted: wanted.shape)
    }
    shape[axis] /= shards.count
    var pieces: [TensorAssembly.Piece] = []
    for number in shards.indices {
      let piece = try piece(wanted.meta, shard: number)
      try checkShape(piece, shape)
      pieces.append(piece)
    }
    return try TensorAssembly(pieces, axis: axis == 0 ? .rows : .columns)
  }

  private func piece(
    _ name: String, shard: Int
  ) throws(ConversionError) -> TensorAssembly.Piece {
    do {
      return .init(checkpoint: shards[shard], tensor: try shards[shard].tensor(named: name))
    } catch { throw .file(error) }
  }

  private func checkShape(
    _ piece: TensorAssembly.Piece, _ shape: [Int]
  ) throws(ConversionError) {
    guard piece.tensor.shape == shape else {
      throw .wrongShape(
        path: piece.file, tensor: piece.tensor.name, found: piece.tensor.shape, wanted: shape)
    }
  }
}
