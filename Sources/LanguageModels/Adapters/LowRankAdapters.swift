import TensorKernels

/// Which linear layers of a processor get low-rank adapters, and how large.
public struct AdapterConfiguration: Sendable, Hashable, Codable {
  /// A linear layer of a block, by its name in Hugging Face's models.
  public enum Module: String, Sendable, Hashable, Codable, CaseIterable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case attentionOutput = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"
  }

  /// r, rows of A and columns of B.
  public var rank: Int
  /// What is added is alpha / r times B A x.
  public var alpha: Float
  /// The layers that have one, in every block.
  public var modules: Set<Module>
  /// Blocks from the first on that have adapters.
  public var depth: Int

  /// Adapters of `rank` in the first `depth` blocks, on `modules`.
  public init(rank: Int, alpha: Float, modules: Set<Module>, depth: Int) {
    self.rank = rank
    self.alpha = alpha
    self.modules = modules
    self.depth = depth
  }

  /// The ranks of a block's adapters together.
  var width: Int { rank * modules.count }

  /// The parameters for a processor of that shape: `blocks.<n>.<module>.lora_A` [r, inputs] and
  /// `.lora_B` [outputs, r], in the order in which they are used.
  public func layout(_ c: ProcessorConfiguration) -> ParameterLayout {
    var layout = ParameterLayout()
    for block in 0..<depth {
      for module in Module.allCases where modules.contains(module) {
        layout.appendAdapter(module.names(inBlock: block), rank: rank, module.shape(c))
      }
    }
    return layout
  }
}

extension AdapterConfiguration.Module {
  /// The names of A and B.
  package func names(inBlock block: Int) -> (down: String, up: String) {
    ("blocks.\(block).\(rawValue).lora_A", "blocks.\(block).\(rawValue).lora_B")
  }

  /// Outputs and inputs of the layer.
  func shape(_ c: ProcessorConfiguration) -> (outputs: Int, inputs: Int) {
    let queries = c.headCount * c.headSize
    let keys = c.kvHeadCount * c.headSize
    return switch self {
    case .query: (queries, c.hiddenSize)
    case .key, .value: (keys, c.hiddenSize)
    case .attentionOutput: (c.hiddenSize, queries)
    case .gate, .up: (c.intermediateSize, c.hiddenSize)
    case .down: (c.hiddenSize, c.intermediateSize)
    }
  }

  /// Where its outputs begin among those of the layers that read the same input.
  func column(_ c: ProcessorConfiguration) -> Int {
    let queries = c.headCount * c.headSize
    let keys = c.kvHeadCount * c.headSize
    return switch self {
    case .query, .attentionOutput, .gate, .down: 0
    case .key: queries
    case .value: queries + keys
    case .up: c.intermediateSize
    }
  }
}

/// Low-rank changes to the frozen linear layers of a processor (LoRA, arXiv 2106.09685):
///
///     y = W x + (alpha / r) B (A x)
///
/// A begins with normal numbers of deviation 1 / sqrt(inputs), B with zeros, so that new adapters
/// change nothing.
public final class LowRankAdapters: @unchecked Sendable {
  /// Which layers, and how large.
  public let configuration: AdapterConfiguration
  /// A and B of every layer.
  public let parameters: ParameterStore
  /// Rows of one head of the processor's queries and keys.
  package let headSize: Int

  /// New adapters for a processor of that shape; A comes from `seed`, and is zero where that is nil, to be set. Throws
  /// `memory`.
  public init(
    _ configuration: AdapterConfiguration, of processor: ProcessorConfiguration, seed: UInt64?,
    pool: ThreadPool
  ) throws(LanguageModelError) {
    precondition(configuration.rank > 0 && !configuration.modules.isEmpty)
    precondition((1...processor.layerCount).contains(configuration.depth))
    self.configuration = configuration
    headSize = processor.headSize
    do { parameters = try ParameterStore(configuration.layout(processor)) } catch {
      throw .memory(error)
    }
    if let seed { parameters.initializeAdapters(seed: seed, pool: pool) }
  }
}

/// The adapters of one block, by the step that they belong to.
struct BlockAdapters {
  var projections = AdapterGroup()
  var attentionOutput = AdapterGroup()
  var expansion = AdapterGroup()
  var down = AdapterGroup()
}

extension LowRankAdapters {
  /// The adapters of block `index`; valid while this object lives.
  func block(_ index: Int, _ processor: ProcessorConfiguration) -> BlockAdapters {
    guard index < configuration.depth else { return BlockAdapters() }
    var middle = 0
    func group(_ modules: AdapterConfiguration.Module...) -> AdapterGroup {
      AdapterGroup(
        modules.filter(configuration.modules.contains).map { module in
          defer { middle += configuration.rank }
          return AdapterView(
            module.names(inBlock: index), in: parameters, column: module.column(processor),
            middle: middle, scale: configuration.alpha / Float(configuration.rank))
        })
    }
    return BlockAdapters(
      projections: group(.query, .key, .value), attentionOutput: group(.attentionOutput),
      expansion: group(.gate, .up), down: group(.down))
  }
}
