/// The shape of a llama2.c model, from the header of its checkpoint.
public struct Llama2CConfiguration: Sendable, Equatable {
  /// Width of the residual stream.
  public var hiddenSize: Int
  /// Width between the feed-forward network's projections.
  public var intermediateSize: Int
  /// Number of blocks.
  public var layers: Int
  /// Number of query heads.
  public var heads: Int
  /// Number of key and value heads, a divisor of `heads`.
  public var kvHeads: Int
  /// Number of token ids.
  public var vocabularySize: Int
  /// Positions the model was trained for.
  public var maxSequenceLength: Int
  /// Whether the output projection is the embedding.
  public var isOutputTied: Bool

  /// Width of one head.
  public var headSize: Int { hiddenSize / heads }
  /// Width of all keys, or all values, of one position.
  public var kvSize: Int { headSize * kvHeads }

  /// Far above any model, so that no product of two overflows.
  private static let most = 1 << 24

  /// Reads the seven numbers both headers have. In version 0 the sign of the vocabulary's size says
  /// whether the output is tied.
  init(_ cursor: inout ByteCursor, isSigned: Bool) throws(ModelFileError) {
    func read(_ field: String) throws(ModelFileError) -> Int {
      let value = Int(try cursor.read(Int32.self, field))
      let magnitude = isSigned && field == Self.vocabularyField ? abs(value) : value
      guard (1...Self.most).contains(magnitude) else {
        throw .invalidField(
          path: cursor.file.path, field: field, found: "\(value)", wanted: "from 1 to \(Self.most)")
      }
      return value
    }
    hiddenSize = try read("the width (dim)")
    intermediateSize = try read("the feed-forward width (hidden_dim)")
    layers = try read("the number of layers (n_layers)")
    heads = try read("the number of heads (n_heads)")
    kvHeads = try read("the number of key/value heads (n_kv_heads)")
    let vocabulary = try read(Self.vocabularyField)
    vocabularySize = abs(vocabulary)
    isOutputTied = vocabulary > 0
    maxSequenceLength = try read("the context length (seq_len)")

    func wrong(_ field: String, _ found: Int, _ wanted: String) -> ModelFileError {
      .invalidField(path: cursor.file.path, field: field, found: "\(found)", wanted: wanted)
    }
    guard hiddenSize % heads == 0, headSize % 2 == 0 else {
      throw wrong("the width (dim)", hiddenSize, "an even number for each of \(heads) heads")
    }
    guard kvHeads <= heads, heads % kvHeads == 0 else {
      throw wrong("the number of key/value heads (n_kv_heads)", kvHeads, "a divisor of \(heads)")
    }
  }

  private static let vocabularyField = "the vocabulary's size (vocab_size)"
}
