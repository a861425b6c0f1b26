import Foundation
import ModelFiles

/// The blueprint of a LLaMA-family model, from a GGUF file's `llama.*` metadata, or Qwen2's, from `qwen2.*`.
public struct ProcessorConfiguration: Sendable, Equatable {
  /// The architectures that are run, by their names in `general.architecture`, and how their files order rotated rows.
  /// Qwen2 is a LLaMA with biases of queries, keys and values.
  package static let architectures: [String: RotaryOrder] = ["llama": .pairs, "qwen2": .halves]

  /// How the file orders the rows of queries and keys; in memory it is pairs.
  public let rotaryOrder: RotaryOrder
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
  /// Dimensions of a head; even.
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
    let architecture: String
    do { architecture = try metadata.string("general.architecture") } catch { throw .file(error) }
    guard let order = Self.architectures[architecture] else {
      throw .unsupportedArchitecture(path: path, found: architecture)
    }
    rotaryOrder = order
    let reader = MetadataReader(metadata: metadata, path: path, architecture: architecture)
    contextLength = try reader.integer("llama.context_length", 1...(1 << 24))
    hiddenSize = try reader.integer("llama.embedding_length", 8...(1 << 20))
    layerCount = try reader.integer("llama.block_count", 1...4096)
    intermediateSize = try reader.integerOfBlocks("llama.feed_forward_length", 8...(1 << 22))
    headCount = try reader.integerOfBlocks("llama.attention.head_count", 1...65_536)
    kvHeadCount =
      reader["llama.attention.head_count_kv"] == nil
      ? headCount : try reader.integerOfBlocks("llama.attention.head_count_kv", 1...65_536)
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
    guard headSize % 2 == 0, (8...4096).contains(headSize) else {
      throw reader.unusable(
        "llama.attention.key_length", "\(headSize)", "an even number from 8 to 4096")
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
    try Self.checkVocabulary(metadata, path: path, rows: vocabularySize)
  }

  /// Throws `vocabularyMismatch` where the file's tokenizer has not as many tokens as the model has rows for:
  /// an id of the one would be none of the other. Every model passes here, so that nobody else asks.
  package static func checkVocabulary(
    _ metadata: GGUFMetadata, path: String, rows: Int
  ) throws(LanguageModelError) {
    let tokens: Int?
    do throws(ModelFileError) {
      tokens = try metadata.stringsIfPresent("tokenizer.ggml.tokens")?.count
    } catch { throw .file(error) }
    if let tokens, tokens != rows {
      throw .vocabularyMismatch(path: path, tokens: tokens, rows: rows)
    }
  }

  /// Query heads that share one key and value head.
  public var headsPerKVHead: Int { headCount / kvHeadCount }
  /// Numbers in the values of a token in a block, and in its keys: those of all key/value heads.
  public var valueWidth: Int { kvHeadCount * headSize }
}

/// Metadata with the file's errors turned into this module's. Keys are written as LLaMA's, and are those of the
/// file's architecture.
private struct MetadataReader {
  let metadata: GGUFMetadata
  let path: String
  let architecture: String

  subscript(_ key: String) -> GGUFValue? { metadata[named(key)] }

  private func named(_ key: String) -> String { architecture + key.dropFirst("llama".count) }

  func read<T>(
    _ body: (GGUFMetadata) throws(ModelFileError) -> T
  ) throws(LanguageModelError) -> T {
    do { return try body(metadata) } catch { throw .file(error) }
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws(LanguageModelError) -> Int {
    try read { metadata throws(ModelFileError) in try metadata.integer(named(key), in: range) }
  }

  func integerIfPresent(_ key: String, _ range: ClosedRange<Int>) throws(LanguageModelError)
    -> Int?
  {
    try read { metadata throws(ModelFileError) in
      try metadata.integerIfPresent(named(key), in: range)
    }
  }

  /// A number of which a file may have one for all blocks, or as many equal ones as blocks. Throws
  /// `unusableValue` where they differ.
  func integerOfBlocks(_ key: String, _ range: ClosedRange<Int>) throws(LanguageModelError) -> Int {
    guard case .array = self[key] else { return try integer(key, range) }
    let numbers = try read { metadata throws(ModelFileError) in
      try metadata.integers(named(key), as: Int.self)
    }
    guard let first = numbers.first, numbers.allSatisfy({ $0 == first }) else {
      let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
      throw unusable(
        key, "[\(shown)\(numbers.count > 8 ? ", ..." : "")]", "one number, the same for all blocks")
    }
    guard range.contains(first) else {
      throw unusable(key, "\(first)", "from \(range.lowerBound) to \(range.upperBound)")
    }
    return first
  }

  func float(_ key: String, _ range: ClosedRange<Float>) throws(LanguageModelError) -> Float {
    try read { metadata throws(ModelFileError) in try metadata.float(named(key), in: range) }
  }

  func floatIfPresent(_ key: String, _ range: ClosedRange<Float>) throws(LanguageModelError)
    -> Float?
  {
    try read { metadata throws(ModelFileError) in try metadata.floatIfPresent(named(key), in: range)
    }
  }

  func unusable(_ key: String, _ found: String, _ wanted: String) -> LanguageModelError {
    .unusableValue(path: path, key: named(key), found: found, wanted: wanted)
  }

  /// `llama.rope.scaling.*`; older files have only `llama.rope.scale_linear`. A factor without a type is
  /// linear, as in llama.cpp, and 0 is no factor.
  func ropeScaling(contextLength: Int) throws(LanguageModelError) -> RopeScaling {
    let factors: ClosedRange<Float> = 1e-3...1e6
    let type = try read { metadata throws(ModelFileError) in
      try metadata.stringIfPresent(named("llama.rope.scaling.type"))
    }
    switch type {
    case nil, "linear":
      var factor: Float?
      for key in ["llama.rope.scaling.factor", "llama.rope.scale_linear"] where factor == nil {
        if try floatIfPresent(key, 0...1e6) == 0 { continue }
        factor = try floatIfPresent(key, factors)
      }
      return factor.map { $0 == 1 ? .none : .linear(factor: $0) } ?? .none
    case "none": return .none
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
    case "yarn":
      let factor = try float("llama.rope.scaling.factor", factors)
      let (fast, slow) = (
        try floatIfPresent("llama.rope.scaling.yarn_beta_fast", factors) ?? 32,
        try floatIfPresent("llama.rope.scaling.yarn_beta_slow", factors) ?? 1
      )
      guard fast > slow else {
        throw unusable("llama.rope.scaling.yarn_beta_fast", "\(fast)", "more than \(slow)")
      }
      if let part = try floatIfPresent("llama.rope.scaling.yarn_ext_factor", 0...1e6), part != 1 {
        throw unusable("llama.rope.scaling.yarn_ext_factor", "\(part)", "1")
      }
      // What llama.cpp multiplies cosines and sines with: the file's factors, and its own.
      let attention =
        (try floatIfPresent("llama.rope.scaling.attn_factor", factors) ?? 1)
        * (try floatIfPresent("llama.rope.scaling.yarn_attn_factor", factors) ?? 1)
      return .yarn(
        factor: factor,
        originalContext: try integerIfPresent(
          "llama.rope.scaling.original_context_length", 1...(1 << 24)) ?? contextLength,
        attentionFactor: attention * RopeScaling.yarnAttention(factor), betaFast: fast,
        betaSlow: slow)
    case .some(let other):
      throw .unsupportedRopeScaling(path: path, found: other)
    }
  }
}

extension RopeScaling {
  /// 0.1 ln(factor) + 1 for factors above 1: what YaRN multiplies cosines and sines with.
  package static func yarnAttention(_ factor: Float) -> Float {
    factor > 1 ? Float(0.1 * log(Double(factor)) + 1) : 1
  }
}
