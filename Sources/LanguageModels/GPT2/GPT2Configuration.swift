/// The blueprint of a GPT-2 (Radford et al., 2019), of any size.
public struct GPT2Configuration: Sendable, Equatable {
  /// Where the output over the vocabulary comes from. An editor needs none.
  public enum Output: Sendable, Equatable {
    /// There is none: what transformers calls GPT2Model.
    case none
    /// The transposed token embedding.
    case tied
    /// A matrix of its own, `lm_head.weight`.
    case separate
  }

  /// Longest sequence: learned positions.
  public let contextLength: Int
  /// Width of the residual stream.
  public let width: Int
  /// Width inside the feed-forward network.
  public let innerWidth: Int
  /// Blocks.
  public let blockCount: Int
  /// Attention heads; they divide the width.
  public let headCount: Int
  /// Tokens in the vocabulary.
  public let vocabularySize: Int
  /// Added to the variance in LayerNorm.
  public let layerNormEpsilon: Float
  /// The output over the vocabulary.
  public let output: Output

  /// Dimensions of a head.
  public var headSize: Int { width / headCount }

  /// A blueprint of those sizes; `innerWidth` is four times the width where it is not given. `source`
  /// is named in errors. Throws `unusableValue`; sizes are bounded so that no product of them
  /// overflows.
  public init(
    contextLength: Int = 1024, width: Int, innerWidth: Int? = nil, blockCount: Int, headCount: Int,
    vocabularySize: Int, layerNormEpsilon: Float = 1e-5, output: Output = .none,
    source: String = "the configuration of GPT-2"
  ) throws(LanguageModelError) {
    func check(_ name: String, _ value: Int, _ most: Int) throws(LanguageModelError) {
      guard (1...most).contains(value) else {
        throw .unusableValue(
          path: source, key: name, found: "\(value)", wanted: "from 1 to \(most)")
      }
    }
    try check("n_positions", contextLength, 1 << 24)
    try check("n_embd", width, 1 << 20)
    try check("n_inner", innerWidth ?? 4 * width, 1 << 22)
    try check("n_layer", blockCount, 4096)
    try check("n_head", headCount, 65_536)
    try check("vocab_size", vocabularySize, 1 << 24)
    guard width % headCount == 0, width / headCount <= 4096 else {
      throw .unusableValue(
        path: source, key: "n_head", found: "\(headCount)",
        wanted: "a divisor of n_embd (\(width)) that leaves at most 4096 for a head")
    }
    guard layerNormEpsilon > 0, layerNormEpsilon <= 1 else {
      throw .unusableValue(
        path: source, key: "layer_norm_epsilon", found: "\(layerNormEpsilon)",
        wanted: "above 0, at most 1")
    }
    self.contextLength = contextLength
    self.width = width
    self.innerWidth = innerWidth ?? 4 * width
    self.blockCount = blockCount
    self.headCount = headCount
    self.vocabularySize = vocabularySize
    self.layerNormEpsilon = layerNormEpsilon
    self.output = output
  }

  /// GPT-2 small, 124 million parameters: 12 blocks of width 768 with 12 heads.
  public static let small: GPT2Configuration = {
    // The sizes are within the bounds.
    try! GPT2Configuration(width: 768, blockCount: 12, headCount: 12, vocabularySize: 50257)
  }()
}
