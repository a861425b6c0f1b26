import TensorKernels

/// The parameters of GPT-2 by the names that transformers gives them in GPT2Model.
///
/// A linear layer is y = W x + b. transformers stores its W as `Conv1D`, (in, out); here it is a matrix
/// (out, in), like every other, and only reading and writing turn it.
enum GPT2Parameter {
  static let tokenEmbedding = "wte.weight"
  static let positionEmbedding = "wpe.weight"
  static let finalNorm = "ln_f"
  static let output = "lm_head.weight"

  /// The parts of block `index`, each with ".weight" and ".bias".
  struct Block {
    let attentionNorm: String
    let projections: String
    let attentionOutput: String
    let feedForwardNorm: String
    let expansion: String
    let contraction: String

    init(_ index: Int) {
      let prefix = "h.\(index)."
      attentionNorm = prefix + "ln_1"
      projections = prefix + "attn.c_attn"
      attentionOutput = prefix + "attn.c_proj"
      feedForwardNorm = prefix + "ln_2"
      expansion = prefix + "mlp.c_fc"
      contraction = prefix + "mlp.c_proj"
    }
  }
}

extension GPT2Configuration {
  /// The parameters of this model in one buffer, in the order in which they are used.
  public var parameterLayout: ParameterLayout {
    var layout = ParameterLayout()
    func norm(_ name: String) {
      layout.append(name + ".weight", .vector(count: width), .gain)
      layout.append(name + ".bias", .vector(count: width))
    }
    func linear(
      _ name: String, _ rows: Int, _ columns: Int, _ role: ParameterLayout.Role = .weight
    ) {
      layout.append(name + ".weight", .matrix(rows: rows, columns: columns), role)
      layout.append(name + ".bias", .vector(count: rows))
    }
    layout.append(
      GPT2Parameter.tokenEmbedding, .rows(count: vocabularySize, width: width))
    layout.append(
      GPT2Parameter.positionEmbedding, .rows(count: contextLength, width: width))
    for index in 0..<blockCount {
      let block = GPT2Parameter.Block(index)
      norm(block.attentionNorm)
      linear(block.projections, 3 * width, width)
      linear(block.attentionOutput, width, width, .residualWeight)
      norm(block.feedForwardNorm)
      linear(block.expansion, innerWidth, width)
      linear(block.contraction, width, innerWidth, .residualWeight)
    }
    norm(GPT2Parameter.finalNorm)
    if output == .separate {
      layout.append(GPT2Parameter.output, .matrix(rows: vocabularySize, columns: width))
    }
    return layout
  }

  /// Whether transformers stores that parameter as (in, out): what `transposed` of
  /// `ParameterStore.setValues` and `values` is for files with its names.
  public static func isConv1D(_ name: String) -> Bool {
    name.hasSuffix(".weight") && [".c_attn.", ".c_proj.", ".c_fc."].contains { name.contains($0) }
  }

  /// How GPT-2 begins (section 2.3 of the paper, and `_init_weights` of transformers): normal with
  /// deviation 0.02, divided by sqrt(2 blocks) in the two matrices of a block that add to the residual
  /// stream; biases 0, LayerNorm 1 and 0.
  func initialization(_ entry: ParameterLayout.Entry) -> ParameterInitialization {
    switch entry.role {
    case .gain: .constant(1)
    case .bias: .constant(0)
    case .residualWeight: .normal(deviation: 0.02 / Double(2 * blockCount).squareRoot())
    default: .normal(deviation: 0.02)
    }
  }
}
