import LatentEditing

/// What an editor's file says of the editor: an object of JSON as `emend inspect --json` writes it.
public struct EditorReport: Sendable, Encodable {
  /// Where it lies.
  public let file: String
  /// What it makes of an instruction: p0 to p8.
  public let interface: String
  /// The blocks that its latents are for.
  public let layers: [Int]
  /// Of the last tokens that are read, how many are written beside the first; nil for all.
  public let prefixTokens: Int?
  /// Where they go, and how they are measured.
  public let positions, placement, scale: String
  /// The maps from the backbone's states to latents.
  public let heads: String
  /// What reads the instruction.
  public let backbone: String
  /// The model that it was made for.
  public let processor: String

  /// A report on `editor`. Throws what makes its tokenizer unusable.
  public init(_ editor: OpenedEditor) throws(LatentEditingError) {
    let c = editor.configuration
    let tokenizer = try editor.tokenizer()
    file = editor.path
    interface = c.interface.rawValue
    layers = c.layers
    positions = c.positions.description
    prefixTokens = c.prefixTokens
    placement = c.placement.rawValue
    scale = c.scale.rawValue
    heads = c.heads.description
    switch c.backbone {
    case .gpt2(let g, _):
      backbone =
        "GPT-2, \(g.blockCount) blocks of width \(g.width), \(g.headCount) heads, "
        + (tokenizer.map { "\($0.vocabularyCount) tokens of its own" } ?? "the processor's tokens")
    case .processor(let depth, let width, let adapters):
      backbone =
        "the processor's first \(depth) blocks, width \(width)"
        + (adapters.map { ", with adapters of rank \($0.rank)" } ?? "")
    }
    processor = c.processor.description
  }
}
