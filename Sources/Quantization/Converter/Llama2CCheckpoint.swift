import ModelFiles
import Tokenization

extension AssembledCheckpoint {
  /// A checkpoint of llama2.c, of version 0, 1 or 2. The vocabulary is in a file of its own:
  /// `tokenizer`, or else the only file tok*.bin beside the checkpoint that has as many pieces.
  public init(llama2c path: String, tokenizer: String? = nil) throws(ConversionError) {
    let file: Llama2CFile
    do { file = try Llama2CFile(path: path) } catch { throw .file(error) }
    let shape = file.configuration
    let blueprint = LlamaBlueprint(
      path: path, contextLength: shape.maxSequenceLength, hiddenSize: shape.hiddenSize,
      intermediateSize: shape.intermediateSize, layerCount: shape.layers, headCount: shape.heads,
      kvHeadCount: shape.kvHeads, headSize: shape.headSize,
      vocabularySize: shape.vocabularySize,
      // Constants of llama2.c.
      ropeTheta: 10_000, rmsNormEpsilon: 1e-5, isOutputTied: shape.isOutputTied)
    try blueprint.check(names: [
      \.contextLength: "seq_len", \.hiddenSize: "dim", \.intermediateSize: "hidden_dim",
      \.layerCount: "n_layers", \.headCount: "n_heads", \.kvHeadCount: "n_kv_heads",
      \.headSize: "dim / n_heads", \.vocabularySize: "vocab_size",
    ])
    // The file names its tensors as Meta does, and is one shard.
    let assemblies = try MetaShards([file.tensors], path: path).assemblies(blueprint)
    let vocabularyPath =
      if let tokenizer {
        tokenizer
      } else {
        try Self.tokenizer(beside: path, vocabularySize: shape.vocabularySize)
      }
    let vocabulary = try Vocabulary(
      tokenizerFile: vocabularyPath, vocabularySize: shape.vocabularySize)
    self.init(
      path: path, blueprint: blueprint,
      tokenizer: try vocabulary.metadata(
        path: vocabularyPath, vocabularySize: shape.vocabularySize),
      assemblies: assemblies)
  }

  private static func tokenizer(
    beside path: String, vocabularySize: Int
  ) throws(ConversionError) -> String {
    let fitting = FolderListing.files(beside: path).filter { file in
      let name = file.split(separator: "/").last ?? ""
      return name.hasPrefix("tok") && name.hasSuffix(".bin")
        && (try? Llama2CTokenizer(path: file, expecting: vocabularySize)) != nil
    }
    guard fitting.count == 1 else {
      throw .missingTokenizer(
        path: path,
        wanted: fitting.isEmpty
          ? "tok*.bin with \(vocabularySize) pieces beside it"
          : "there are \(fitting.count) that fit: \(fitting.joined(separator: ", "))")
    }
    return fitting[0]
  }
}
