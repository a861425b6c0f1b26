import TensorKernels

/// Which linear layers of a GPT-2 get low-rank adapters, in every block, and how large.
public struct GPT2AdapterConfiguration: Sendable, Hashable {
  /// A linear layer of a block, by its name in Hugging Face's models, in the order of use.
  public enum Module: String, Sendable, Hashable, CaseIterable {
    case projections = "attn.c_attn"
    case attentionOutput = "attn.c_proj"
    case expansion = "mlp.c_fc"
    case contraction = "mlp.c_proj"

    /// The modules that a name means, in PEFT's way: a whole name, or its last part, which c_proj is of
    /// two; none where there are none.
    public static func named(_ name: String) -> [Module] {
      allCases.filter { $0.rawValue == name || $0.rawValue.hasSuffix("." + name) }
    }
  }

  /// r, rows of A and columns of B.
  public var rank: Int
  /// What is added is alpha / r times B A x.
  public var alpha: Float
  /// The layers that have one, in every block.
  public var modules: Set<Module>

  /// Adapters of `rank` in all blocks, on `modules`.
  public init(rank: Int, alpha: Float, modules: Set<Module> = Set(Module.allCases)) {
    self.rank = rank
    self.alpha = alpha
    self.modules = modules
  }

  /// The parameters for a GPT-2 of that shape: `h.<n>.<module>.lora_A` [r, inputs] and `.lora_B`
  /// [outputs, r], in the order in which they are used.
  public func layout(_ c: GPT2Configuration) -> ParameterLayout {
    var layout = ParameterLayout()
    for block in 0..<c.blockCount {
      for module in Module.allCases where modules.contains(module) {
        layout.appendAdapter(module.names(inBlock: block), rank: rank, module.shape(c))
      }
    }
    return layout
  }
}

extension GPT2AdapterConfiguration.Module {
  /// The names of A and B.
  fileprivate func names(inBlock block: Int) -> (down: String, up: String) {
    ("h.\(block).\(rawValue).lora_A", "h.\(block).\(rawValue).lora_B")
  }

  /// Outputs and inputs of the layer.
  fileprivate func shape(_ c: GPT2Configuration) -> (outputs: Int, inputs: Int) {
    switch self {
    case .projections: (3 * c.width, c.width)
    case .attentionOutput: (c.width, c.width)
    case .expansion: (c.innerWidth, c.width)
    case .contraction: (c.width, c.innerWidth)
    }
  }
}

/// Low-rank changes to the frozen linear layers of a GPT-2 (LoRA, arXiv 2106.09685):
///
///     y = W x + b + (alpha / r) B (A x)
///
/// A begins with normal numbers of deviation 1 / sqrt(inputs), B with zeros, so that new adapters
/// change nothing.
public final class GPT2Adapters: @unchecked Sendable {
  /// Which layers, and how large.
  public let configuration: GPT2AdapterConfiguration
  /// A and B of every layer.
  public let parameters: ParameterStore
  /// By the names of the weights that they change.
  private let views: [String: AdapterView]

  /// New adapters for a GPT-2 of that shape; A comes from `seed`. Throws `memory`.
  public init(
    _ configuration: GPT2AdapterConfiguration, of model: GPT2Configuration, seed: UInt64,
    pool: ThreadPool
  ) throws(LanguageModelError) {
    precondition(configuration.rank > 0 && !configuration.modules.isEmpty)
    self.configuration = configuration
    do { parameters = try ParameterStore(configuration.layout(model)) } catch {
      throw .memory(error)
    }
    parameters.initializeAdapters(seed: seed, pool: pool)
    var views: [String: AdapterView] = [:]
    for block in 0..<model.blockCount {
      for module in configuration.modules {
        views["h.\(block).\(module.rawValue).weight"] = AdapterView(
          module.names(inBlock: block), in: parameters,
          scale: configuration.alpha / Float(configuration.rank))
      }
    }
    self.views = views
  }

  /// The adapter of a linear layer, given the name of its weight; nil where it has none. Valid while
  /// this object lives.
  func view(ofWeight name: String) -> AdapterView? { views[name] }
}
