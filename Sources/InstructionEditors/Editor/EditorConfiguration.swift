import LanguageModels
import LatentEditing
import Tokenization

/// The blueprint of an editor: its backbone, what it reads and where it writes.
public struct EditorConfiguration: Sendable, Equatable {
  /// What it reads and where it writes.
  public var interface: EditorInterface
  /// The processor's blocks that have a site, ascending.
  public var layers: [Int]
  /// The tokens.
  public var positions: PositionSelection
  /// Before or after the blocks.
  public var placement: Placement
  /// How strongly latents are summed in.
  public var scale: LatentScale
  /// How latents come from states.
  public var heads: HeadKind
  /// The network that reads the instruction.
  public var backbone: BackboneConfiguration
  /// The processor that it was made for.
  public var processor: ProcessorIdentity
  /// Where P4 looks at the processor's states; nil for the other interfaces.
  public var crossAttention: CrossAttentionConfiguration?
  /// Where the instruction of P8 stands in the conversation; nil for the other interfaces.
  public var instructionPlace: InstructionPlace?
  /// How many of the last tokens that P8 reads are written, beside the first; nil for all of them, and for the
  /// other interfaces.
  public var prefixTokens: Int?
  /// Numbers in the values of a token in a block, kvHeads * headSize, which P7 writes; nil for the other interfaces.
  public var valueWidth: Int?

  /// Added to the variance in the LayerNorm of the heads.
  public static let normEpsilon: Float = 1e-5

  /// Sites for `processor`, by default those of the interface; P7 needs `valueWidth`. Throws `layerOutOfRange`.
  public init(
    interface: EditorInterface, processor: ProcessorIdentity, backbone: BackboneConfiguration,
    layers: LayerSelection? = nil, positions: PositionSelection? = nil,
    placement: Placement? = nil, scale: LatentScale? = nil, heads: HeadKind = .perLayer,
    crossAttention: CrossAttentionConfiguration? = nil, instructionPlace: InstructionPlace? = nil,
    prefixTokens: Int? = nil, valueWidth: Int? = nil
  ) throws(LatentEditingError) {
    precondition(interface.part == .stream || valueWidth != nil, "how many values are there?")
    self.valueWidth = interface.part == .values ? valueWidth : nil
    self.interface = interface
    self.processor = processor
    self.backbone = backbone
    self.layers =
      try layers?.resolved(layerCount: processor.layerCount)
      ?? interface.defaultLayers(layerCount: processor.layerCount)
    self.positions = positions ?? interface.defaultPositions
    self.placement = placement ?? interface.defaultPlacement
    self.scale = scale ?? interface.defaultScale
    self.heads = heads
    self.crossAttention = crossAttention
    self.instructionPlace = interface.isPrefix ? instructionPlace ?? .user : nil
    self.prefixTokens = interface.isPrefix ? prefixTokens : nil
  }

  /// Which of `count` tokens that P8 reads are written, by their number: all, or the first, which conversations
  /// begin with whatever the instruction is, and the last `prefixTokens`, which have read it.
  public func writtenTokens(of count: Int) -> [Int] {
    guard let prefixTokens, count > prefixTokens + 1 else { return Array(0..<count) }
    return [0] + (count - prefixTokens..<count)
  }

  /// The backbone's block whose state layer number l of the processor reads: 1 + floor(l M / L) of M
  /// blocks for L layers, or the last.
  public func readBlock(ofLayer layer: Int) -> Int {
    interface.readsMatchingDepth
      ? 1 + layer * backbone.blockCount / processor.layerCount : backbone.blockCount
  }

  /// The backbone's blocks that some layer reads, ascending.
  var readBlocks: [Int] { Set(layers.map(readBlock(ofLayer:))).sorted() }

  /// The adapters through which a prefix editor reads; nil for the others.
  public var readingAdapters: AdapterConfiguration? {
    guard interface.isPrefix, case .processor(_, _, let adapters) = backbone else { return nil }
    return adapters
  }

  /// Whether each of its sites has a head of its own that reads nothing but the instruction.
  package var hasHeadsOfInstructions: Bool {
    !interface.isPrefix && crossAttention == nil && heads != .shared
  }

  /// Latents of one layer.
  public var slotCount: Int { positions.slots.count }

  /// Numbers in a latent: the processor's width, or those of a token's values.
  public var latentWidth: Int { valueWidth ?? processor.width }

  /// Throws where it writes more or fewer values than `processor` has: `editorField` of the file at `path`, or
  /// `wrongValueWidth`.
  public func check(
    for processor: ProcessorConfiguration, path: String? = nil
  ) throws(LatentEditingError) {
    let needed = processor.valueWidth
    guard let valueWidth, valueWidth != needed else { return }
    guard let path else { throw .wrongValueWidth(found: valueWidth, needed: needed) }
    throw .editorField(
      path: path, field: "value_width", found: "\(valueWidth)",
      needed: "\(needed), the numbers in a token's values in a block of this model")
  }
}

/// The network that reads the instruction.
public enum BackboneConfiguration: Sendable, Equatable {
  /// A GPT-2 whose weights are the editor's own.
  case gpt2(GPT2Configuration, tokenizer: EditorTokenizer)
  /// The first `depth` blocks of the processor itself, of `width`; its weights are not in the file, but
  /// the low-rank changes to them are.
  case processor(depth: Int, width: Int, adapters: AdapterConfiguration?)

  /// Its blocks, M.
  public var blockCount: Int {
    switch self {
    case .gpt2(let configuration, _): configuration.blockCount
    case .processor(let depth, _, _): depth
    }
  }

  /// Whose tokens it reads.
  public var tokenizer: EditorTokenizer {
    switch self {
    case .gpt2(_, let tokenizer): tokenizer
    case .processor: .processor
    }
  }

  /// The width of its states.
  public var width: Int {
    switch self {
    case .gpt2(let configuration, _): configuration.width
    case .processor(_, let width, _): width
    }
  }
}

/// Whose tokens the instruction is written in.
public enum EditorTokenizer: String, Sendable, CaseIterable {
  /// The processor's.
  case processor
  /// One of the editor's own, which its file carries (see `InstructionTokenizer`).
  case own
}

/// Where P4's backbone attends to the processor's states of the input.
public struct CrossAttentionConfiguration: Sendable, Equatable {
  /// The backbone's blocks after which it looks, ascending, 1...M.
  public var blocks: [Int]
  /// Heads, which divide the backbone's width.
  public var headCount: Int

  /// After `blocks`, with `headCount` heads.
  public init(blocks: [Int], headCount: Int) {
    self.blocks = blocks
    self.headCount = headCount
  }
}

extension EditorConfiguration {
  /// Longest instruction that the backbone reads; the processor's own context where it is its backbone.
  public var instructionLimit: Int {
    switch backbone {
    case .gpt2(let configuration, _): configuration.contextLength
    case .processor: Int.max
    }
  }

  /// Tokens of instructions are from 0 to below this: the rows of what embeds them.
  public var instructionVocabularySize: Int {
    switch backbone {
    case .gpt2(let configuration, _): configuration.vocabularySize
    case .processor: processor.vocabularySize
    }
  }
}
