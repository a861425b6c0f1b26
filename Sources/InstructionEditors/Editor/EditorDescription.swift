import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import Tokenization

/// An editor's configuration as the JSON in its file (docs/editor-format.md).
struct EditorDescription: Codable {
  struct Backbone: Codable {
    var kind: String
    var depth: Int?
    var width: Int
    var nLayer: Int?
    var nHead: Int?
    var nInner: Int?
    var nPositions: Int?
    var vocabSize: Int?
    var layerNormEpsilon: Float?
    var tokenizer: String?
    var adapters: Adapters?
  }

  struct Adapters: Codable {
    var rank: Int
    var alpha: Float
    var modules: [String]
    var depth: Int
  }

  struct Processor: Codable {
    var width: Int
    var layers: Int
    var vocabulary: Int
    var digest: String
  }

  struct CrossAttention: Codable {
    var blocks: [Int]
    var heads: Int
  }

  var interface: String
  var layers: [Int]
  var positions: String
  var placement: String
  var scale: String
  var heads: String
  var backbone: Backbone
  var processor: Processor
  var crossAttention: CrossAttention?
  var instructionPlace: String?
  var prefixTokens: Int?
  var valueWidth: Int?

  init(_ c: EditorConfiguration) {
    interface = c.interface.rawValue
    layers = c.layers
    positions = c.positions.description
    placement = c.placement.rawValue
    scale = c.scale.rawValue
    heads = c.heads.description
    switch c.backbone {
    case .gpt2(let g, let tokenizer):
      backbone = Backbone(
        kind: "gpt2", width: g.width, nLayer: g.blockCount, nHead: g.headCount,
        nInner: g.innerWidth, nPositions: g.contextLength, vocabSize: g.vocabularySize,
        layerNormEpsilon: g.layerNormEpsilon, tokenizer: tokenizer.rawValue)
    case .processor(let depth, let width, let adapters):
      backbone = Backbone(
        kind: "processor", depth: depth, width: width,
        adapters: adapters.map {
          Adapters(
            rank: $0.rank, alpha: $0.alpha, modules: $0.modules.map(\.rawValue).sorted(),
            depth: $0.depth)
        })
    }
    processor = Processor(
      width: c.processor.width, layers: c.processor.layerCount,
      vocabulary: c.processor.vocabularySize, digest: c.processor.digest)
    crossAttention = c.crossAttention.map {
      CrossAttention(blocks: $0.blocks, heads: $0.headCount)
    }
    instructionPlace = c.instructionPlace?.rawValue
    prefixTokens = c.prefixTokens
    valueWidth = c.valueWidth
  }

  /// One line, keys in order.
  var json: String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and numbers, all finite, always encode.
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }

  init(json: String, path: String) throws(LatentEditingError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(EditorDescription.self, from: Data(json.utf8))
    } catch {
      throw .editorField(
        path: path, field: "configuration", found: "JSON of which \(JSONFile.reason(error))",
        needed: "that of docs/editor-format.md")
    }
  }

  /// The blueprint, checked. Throws `editorField`, `layerOutOfRange` and `model`.
  func configuration(path: String) throws(LatentEditingError) -> EditorConfiguration {
    func field<Value>(
      _ name: String, _ found: String, _ value: Value?, _ needed: String
    ) throws(LatentEditingError) -> Value {
      guard let value else {
        throw .editorField(path: path, field: name, found: found, needed: needed)
      }
      return value
    }
    func names<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> String
    where Value.RawValue == String {
      Value.allCases.map(\.rawValue).joined(separator: " or ")
    }
    let sizes = 1...(1 << 20)
    for (name, value) in [
      ("processor.width", processor.width), ("processor.layers", processor.layers),
      ("processor.vocabulary", processor.vocabulary), ("backbone.width", backbone.width),
    ] {
      _ = try field(name, "\(value)", sizes.contains(value) ? value : nil, "from 1 to \(1 << 20)")
    }
    let identity = ProcessorIdentity(
      width: processor.width, layerCount: processor.layers,
      vocabularySize: processor.vocabulary, digest: processor.digest)
    let body: BackboneConfiguration
    switch backbone.kind {
    case "gpt2":
      func size(_ name: String, _ value: Int?) throws(LatentEditingError) -> Int {
        try field("backbone." + name, "missing", value, "a number")
      }
      let gpt2: GPT2Configuration
      do throws(LanguageModelError) {
        gpt2 = try GPT2Configuration(
          contextLength: backbone.nPositions ?? 0, width: backbone.width,
          innerWidth: backbone.nInner, blockCount: backbone.nLayer ?? 0,
          headCount: backbone.nHead ?? 0, vocabularySize: backbone.vocabSize ?? 0,
          layerNormEpsilon: backbone.layerNormEpsilon ?? 1e-5, source: path)
      } catch {
        throw .model(error)
      }
      body = .gpt2(
        gpt2,
        tokenizer: try field(
          "backbone.tokenizer", backbone.tokenizer ?? "missing",
          backbone.tokenizer.flatMap(EditorTokenizer.init), names(EditorTokenizer.self)))
    case "processor":
      guard backbone.tokenizer ?? "processor" == "processor" else {
        throw .editorField(
          path: path, field: "backbone.tokenizer", found: backbone.tokenizer!,
          needed: "processor, or nothing, where the backbone is the processor itself")
      }
      let depth = backbone.depth ?? 0
      body = .processor(
        depth: try field(
          "backbone.depth", "\(depth)", (1...processor.layers).contains(depth) ? depth : nil,
          "from 1 to \(processor.layers)"),
        width: processor.width, adapters: try adapters(depth: depth, path: path))
    default:
      throw .editorField(
        path: path, field: "backbone.kind", found: backbone.kind, needed: "gpt2 or processor")
    }
    guard !layers.isEmpty, layers == Set(layers).sorted() else {
      throw .editorField(
        path: path, field: "layers", found: "\(layers)", needed: "blocks, ascending")
    }
    try checkCrossAttention(body, path: path)
    try checkPrefix(body, path: path)
    try checkValues(path: path)
    return try EditorConfiguration(
      interface: try field(
        "interface", interface, EditorInterface(rawValue: interface), names(EditorInterface.self)),
      processor: identity, backbone: body, layers: LayerSelection(layers),
      positions: PositionSelection(parsing: positions),
      placement: try field(
        "placement", placement, Placement(rawValue: placement), names(Placement.self)),
      scale: try field("scale", scale, LatentScale(rawValue: scale), names(LatentScale.self)),
      heads: try field(
        "heads", heads, HeadKind(heads), "per-layer, shared or rank-<number>"),
      crossAttention: crossAttention.map {
        CrossAttentionConfiguration(blocks: $0.blocks, headCount: $0.heads)
      }, instructionPlace: instructionPlace.flatMap(InstructionPlace.init),
      prefixTokens: prefixTokens, valueWidth: valueWidth)
  }

  /// P7 says how many values a token has and the others do not; it is for the first token's, in the blocks themselves.
  private func checkValues(path: String) throws(LatentEditingError) {
    func need(
      _ holds: Bool, _ name: String, _ value: String, _ needed: String
    ) throws(LatentEditingError) {
      guard !holds else { return }
      throw .editorField(path: path, field: name, found: value, needed: needed)
    }
    guard interface == EditorInterface.p7.rawValue else {
      return try need(valueWidth == nil, "value_width", "\(valueWidth ?? 0)", "interface p7")
    }
    try need(
      (1...1 << 20).contains(valueWidth ?? 0), "value_width",
      valueWidth.map(String.init) ?? "missing", "from 1 to \(1 << 20), with interface p7")
    try need(
      ["first", "ghost"].contains(positions), "positions", positions,
      "first or ghost, with interface p7")
    try need(
      placement == Placement.before.rawValue, "placement", placement, "before, with interface p7")
  }

  /// P8 says where the instruction stands and the others do not; it reads with all blocks of the processor, and no
  /// adapter is on what makes keys and values, or with a GPT-2.
  private func checkPrefix(
    _ body: BackboneConfiguration, path: String
  ) throws(LatentEditingError) {
    if let prefixTokens {
      guard interface == EditorInterface.p8.rawValue, (1...1 << 20).contains(prefixTokens) else {
        throw .editorField(
          path: path, field: "prefix_tokens", found: "\(prefixTokens)",
          needed: "from 1 to \(1 << 20), with interface p8, or nothing")
      }
    }
    let places = InstructionPlace.allCases.map(\.rawValue).joined(separator: " or ")
    guard interface == EditorInterface.p8.rawValue else {
      guard let instructionPlace else { return }
      throw .editorField(
        path: path, field: "instruction_place", found: instructionPlace, needed: "interface p8")
    }
    guard instructionPlace.flatMap(InstructionPlace.init) != nil else {
      throw .editorField(
        path: path, field: "instruction_place", found: instructionPlace ?? "missing",
        needed: places)
    }
    let isReader =
      switch body {
      case .processor(processor.layers, _, let adapters?):
        adapters.modules.isDisjoint(with: [.key, .value])
      case .processor: false
      case .gpt2: true
      }
    guard isReader else {
      throw .editorField(
        path: path, field: "backbone", found: backbone.kind,
        needed:
          "all \(processor.layers) blocks of the processor, with adapters on other layers than "
          + "k_proj and v_proj, or a GPT-2, for interface p8")
    }
    guard layers == Array(0..<processor.layers) else {
      throw .editorField(
        path: path, field: "layers", found: "\(layers)", needed: "all blocks, for interface p8")
    }
  }

  /// The adapters of a backbone of `depth` blocks, checked.
  private func adapters(
    depth: Int, path: String
  ) throws(LatentEditingError) -> AdapterConfiguration? {
    guard let found = backbone.adapters else { return nil }
    func need(
      _ holds: Bool, _ name: String, _ value: String, _ needed: String
    ) throws(LatentEditingError) {
      guard !holds else { return }
      throw .editorField(
        path: path, field: "backbone.adapters." + name, found: value, needed: needed)
    }
    try need((1...4096).contains(found.rank), "rank", "\(found.rank)", "from 1 to 4096")
    try need(found.alpha.isFinite, "alpha", "\(found.alpha)", "a finite number")
    try need((1...depth).contains(found.depth), "depth", "\(found.depth)", "from 1 to \(depth)")
    let modules = found.modules.compactMap(AdapterConfiguration.Module.init)
    try need(
      !modules.isEmpty && modules.count == found.modules.count, "modules", "\(found.modules)",
      AdapterConfiguration.Module.allCases.map(\.rawValue).joined(separator: ", "))
    return AdapterConfiguration(
      rank: found.rank, alpha: found.alpha, modules: Set(modules), depth: found.depth)
  }

  /// P4 has it and the others do not; its heads divide the backbone's width.
  private func checkCrossAttention(
    _ body: BackboneConfiguration, path: String
  ) throws(LatentEditingError) {
    guard (crossAttention != nil) == (interface == "p4") else {
      throw .editorField(
        path: path, field: "cross_attention", found: crossAttention == nil ? "missing" : "there",
        needed: interface == "p4" ? "blocks and heads, with interface p4" : "interface p4")
    }
    guard let crossAttention else { return }
    let blocks = crossAttention.blocks
    guard !blocks.isEmpty, blocks == Set(blocks).sorted(), blocks[0] >= 1,
      blocks[blocks.count - 1] <= body.blockCount
    else {
      throw .editorField(
        path: path, field: "cross_attention.blocks", found: "\(blocks)",
        needed: "blocks from 1 to \(body.blockCount), ascending")
    }
    guard crossAttention.heads >= 1, body.width % crossAttention.heads == 0 else {
      throw .editorField(
        path: path, field: "cross_attention.heads", found: "\(crossAttention.heads)",
        needed: "a divisor of \(body.width)")
    }
  }
}
