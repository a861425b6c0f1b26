import ModelFiles

/// The blueprint of a LLaMA-family model, from a GGUF file's `llama.*` metadata.
public struct ProcessorConfiguration: Sendable, Equatable {
  /// Tokens that the model was trained to see at once.
  public let contextLength: Int
  /// Width of the residual stream.
  public let hiddenSize: Int
  /// Width inside the feed-forward network.
  public let intermediateSize: Int
  /// Blocks.
  public let layerCount: Int
  /// Query heads.
  public let headCount: Int
  /// Key and value heads; each serves `headCount / kvHeadCount` query heads.
  public let kvHeadCount: Int
  /// Dimensions of a head; a multiple of 8.
  public let headSize: Int
  /// Leading dimensions of a head that are rotated; even.
  public let rotatedSize: Int
  /// Tokens in the vocabulary: rows of `token_embd.weight`.
  public let vocabularySize: Int
  /// Base of the rotary frequencies.
  public let ropeTheta: Float
  /// How the rotary frequencies are stretched.
  public let ropeScaling: RopeScaling
  /// Added to the mean square in RMSNorm.
  public let rmsNormEpsilon: Float

  /// Reads and checks the metadata; sizes are bounded so that no product of them overflows.
  public init(_ file: GGUFFile) throws(LanguageModelError) {
    try self.init(file.metadata, path: file.path) { () throws(LanguageModelError) in
      do throws(ModelFileError) {
        return try file.tensor(named: "token_embd.weight").shape
      } catch { throw .file(error) }
    }
  }

  /// As above, of a model that has no GGUF file yet: `path` is for errors, `embeddingShape` gives the
  /// dimensions of `token_embd.weight` in ggml's order.
  package init(
    _ metadata: GGUFMetadata, path: String,
    embeddingShape: () throws(LanguageModelError) -> [Int]
  ) throws(LanguageModelError) {
    let reader = MetadataReader(metadata: metadata, path: path)
    let architecture = try reader.read { metadata throws(ModelFileError) in
      try metadata.string("general.architecture")
    }
    guard architecture == "llama" else {
      throw .unsupportedArchitecture(path: path, found: architecture)
    }
    contextLength = try reader.integer("llama.context_length", 1...(1 << 24))
    hiddenSize = try reader.integer("llama.embedding_length", 8...(1 << 20))
    intermediateSize = try reader.integer("llama.feed_forward_length", 8...(1 << 22))
    layerCount = try reader.integer("llama.block_count", 1...4096)
    headCount = try reader.integer("llama.attention.head_count", 1...65_536)
    kvHeadCount =
      try reader.integerIfPresent("llama.attention.head_count_kv", 1...65_536) ?? headCount
    guard headCount % kvHeadCount == 0 else {
      throw reader.unusable(
        "llama.attention.head_count_kv", "\(kvHeadCount)", "a divisor of \(headCount) heads")
    }
    let keyLength = try reader.integerIfPresent("llama.attention.key_length", 8...4096)
    guard keyLength != nil || hiddenSize % headCount == 0 else {
      throw reader.unusable(
        "llama.attention.head_count", "\(headCount)",
        "a divisor of llama.embedding_length (\(hiddenSize))")
    }
    headSize = keyLength ?? hiddenSize / headCount
    guard headSize % 8 == 0, (8...4096).contains(headSize) else {
      throw reader.unusable(
        "llama.attention.key_length", "\(headSize)", "a multiple of 8 from 8 to 4096")
    }
    let valueLength = try reader.integerIfPresent("llama.attention.value_length", 1...4096)
    guard (valueLength ?? headSize) == headSize else {
      throw reader.unusable(
        "llama.attention.value_length", "\(valueLength ?? 0)", "the keys' \(headSize)")
    }
    rotatedSize = try reader.integerIfPresent("llama.rope.dimension_count", 2...4096) ?? headSize
    guard rotatedSize <= headSize, rotatedSize % 2 == 0 else {
      throw reader.unusable(
        "llama.rope.dimension_count", "\(rotatedSize)", "an even number up to \(headSize)")
    }
    ropeTheta = try reader.floatIfPresent("llama.rope.freq_base", 1...1e12) ?? 10_000
    ropeScaling = try reader.ropeScaling(contextLength: contextLength)
    rmsNormEpsilon = try reader.float("llama.attention.layer_norm_rms_epsilon", 0...1)

    let embedding = try embeddingShape()
    guard embedding.count == 2, embedding[0] == hiddenSize, embedding[1] <= 1 << 24 else {
      throw .wrongShape(
        path: path, tensor: "token_embd.weight", found: embedding,
        wanted: [hiddenSize, embedding.last ?? 0])
    }
    vocabularySize = embedding[1]
  }

  /// Query heads that share one key and value head.
  public var headsPerKVHead: Int { headCount / kvHeadCount }
}

/// Metadata with the file's errors turned into this module's.
private struct MetadataReader {
  let metadata: GGUFMetadata
  let path: String

  func read<T>(
    _ body: (GGUFMetadata) throws(ModelFileError) -> T
  ) throws(LanguageModelError) -> T {
    do { return try body(metadata) } catch { throw .file(error) }
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws(LanguageModelError) -> Int {
    try read { metadata throws(ModelFileError) in try metadata.integer(key, in: range) }
  }

  func integerIfPresent(_ key: String, _ range: ClosedRange<Int>) throws(LanguageModelError)
    -> Int?
  {
    try read { metadata throws(ModelFileError) in try metadata.integerIfPresent(key, in: range) }
  }

  func float(_ key: String, _ range: ClosedRange<Float>) throws(LanguageModelError) -> Float {
    try read { metadata throws(ModelFileError) in try metadata.float(key, in: range) }
  }

  func floatIfPresent(_ key: String, _ range: ClosedRange<Float>) throws(LanguageModelError)
    -> Float?
  {
    try read { metadata throws(ModelFileError) in try metadata.floatIfPresent(key, in: range) }
  }

  func unusable(_ key: String, _ found: String, _ wanted: String) -> LanguageModelError {
    .unusableValue(path: path, key: key, found: found, wanted: wanted)
  }

  /// `llama.rope.scaling.*`; older files have only `llama.rope.scale_linear`.
  func ropeScaling(contextLength: Int) throws(LanguageModelError) -> RopeScaling {
    let factors: ClosedRange<Float> = 1e-3...1e6
    let type = try read { metadata throws(ModelFileError) in
      try metadata.stringIfPresent("llama.rope.scaling.type")
    }
    switch type {
    case nil:
      let factor = try floatIfPresent("llama.rope.scale_linear", factors)
      return factor.map { $0 == 1 ? .none : .linear(factor: $0) } ?? .none
    case "none": return .none
    case "linear": return .linear(factor: try float("llama.rope.scaling.factor", factors))
    case "llama3":
      let low = try float("llama.rope.scaling.low_freq_factor", factors)
      let high = try float("llama.rope.scaling.high_freq_factor", factors)
      guard high > low else {
        throw unusable("llama.rope.scaling.high_freq_factor", "\(high)", "more than \(low)")
      }
      return .llama3(
        factor: try float("llama.rope.scaling.factor", factors), lowFactor: low, highFactor: high,
        originalContext: try integer(
          "llama.rope.scaling.original_context_length", 1...(1 << 24)))
    case .some(let other):
      throw .unsupportedRopeScaling(path: path, found: other)
    }
  }
}
