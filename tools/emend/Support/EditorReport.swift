import EditSessions
import LatentEditing

/// What `inspect` says of an editor.
struct EditorReport: Encodable {
  let file: String
  let interface: String
  let layers: [Int]
  let positions: String
  /// Of the last tokens that are read, how many are written beside the first; nil for all.
  let prefixTokens: Int?
  let placement: String
  let scale: String
  let heads: String
  let backbone: String
  let processor: String

  /// Prints it.
  static func show(path: String, json: Bool) throws {
    let editor = try OpenedEditor(path: path)
    let configuration = editor.configuration
    let report = EditorReport(configuration, tokenizer: try editor.tokenizer(), path: path)
    if json {
      try JSON.print(report)
      return
    }
    Console.print(
      """
      \(path): an editor

      interface  \(report.interface)
      layers     \(LayerSelection(configuration.layers)) (\(report.placement) the block)
      positions  \(report.positions)\(report.prefixTokens.map { " (the first token and the last \($0))" } ?? "")
      scale      \(report.scale)
      heads      \(report.heads)
      backbone   \(report.backbone)
      made for   \(report.processor)
      """)
  }

  private init(_ c: EditorConfiguration, tokenizer: InstructionTokenizer?, path: String) {
    file = path
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
