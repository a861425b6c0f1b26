import KernelInterface
import LatentEditing
import TensorKernels

/// The heads of an editor: from the backbone's states e to the latents v of all layers.
///
///     x = LN(e[m(l)])
///     v[l] = W[l] x + b[l]                       per-layer
///     v[l] = W (x + u[l]) + b                    shared
///     v[l] = A[l] (B[l] x) + b[l]                rank-k
///
/// S = layers with a site, P = slots, E = the backbone's width, d = the processor's, or with P7 the numbers in a token's
/// values, B = batch.
/// Parameters: `norm.weight`, `norm.bias` [E]; `gates` [S, P]; `heads.<l>.weight` [P d, E] and
/// `heads.<l>.bias` [P d]; or `heads.shared.weight`, `heads.shared.bias` and `heads.layers` [S, E]; or
/// `heads.<l>.down` [k, E], `heads.<l>.up` [P d, k] and `heads.<l>.bias`. At the start W, A and b are
/// zero and the gates one: a new editor does nothing. P4 has the parameters of `CrossAttention` too. P8,
/// whose edit is states of tokens, has no gates but `mean` [L, d], the mean of those states at the input of each
/// block, around which edits are made stronger or weaker (`ReadingPrefix`); and norm and heads where its backbone is
/// not the processor, whose states are the edit themselves.
public final class EditorHeads: @unchecked Sendable {
  /// The editor's blueprint.
  public let configuration: EditorConfiguration
  /// The weights.
  public let parameters: ParameterStore

  /// What makes two parts of the latents; nil for plain heads, as they are in files. Only what is trained has it, and
  /// `Editor.folded` takes it out.
  package internal(set) var centring: CentredHeads?

  let kernels: KernelTable

  /// Numbers in one layer's latents: slots times a latent's.
  public var latentCount: Int {
    configuration.slotCount * configuration.latentWidth
  }
  var width: Int { configuration.backbone.width }
  package var siteCount: Int { configuration.layers.count }

  /// Heads at their start; what is random (B of rank-k heads, u of shared ones) comes from `seed`.
  /// Throws `memory`.
  public init(
    _ configuration: EditorConfiguration, seed: UInt64, pool: ThreadPool,
    instructionSet: InstructionSet = .best
  ) throws(LatentEditingError) {
    self.configuration = configuration
    kernels = instructionSet.kernels
    do { parameters = try ParameterStore(configuration.headLayout) } catch {
      throw .model(.memory(error))
    }
    parameters.initialize(seed: seed, pool: pool) { entry in
      switch entry.role {
      case .gain, .gate: .constant(1)
      case .embedding, .headDown, .weight: .normal(deviation: 0.02)
      // What adds to a stream begins by adding nothing.
      default: .constant(0)
      }
    }
  }

  /// Makes the latents begin as what is read, v[l] = amount x, for every slot: W is `amount` on the diagonal.
  /// States must be as wide as the stream, and the heads of no lower rank.
  package func startAsRead(_ amount: Float) {
    let width = self.width
    precondition(width == configuration.latentWidth, "states are as wide as the stream")
    for entry in parameters.layout.entries where entry.role == .head {
      guard case .matrix(let rows, _) = entry.shape else { continue }
      var values = [Float](repeating: 0, count: rows * width)
      for row in 0..<rows { values[row * width + row % width] = amount }
      // The name and the size are the layout's own.
      try! parameters.setValues(of: entry.name, to: values)
    }
  }

  /// g of a site.
  func gate(site: Int, slot: Int) -> Float {
    parameters.floats(of: "gates")[site * configuration.slotCount + slot]
  }

  /// The gates, `[S][P]`.
  public var gates: [Float] {
    Array(parameters.floats(of: "gates").prefix(siteCount * configuration.slotCount))
  }
}

extension EditorConfiguration {
  /// The parameters of the heads, in the order in which they are used.
  public var headLayout: ParameterLayout {
    var layout = ParameterLayout()
    guard !interface.isPrefix else {
      layout.append("mean", .rows(count: processor.layerCount, width: processor.width), .mean)
      if hasPrefixHeads { appendHeads(to: &layout) }
      return layout
    }
    appendHeads(to: &layout)
    layout.append("gates", .rows(count: layers.count, width: slotCount), .gate)
    if let crossAttention { CrossAttention.append(to: &layout, crossAttention, self) }
    return layout
  }

  private func appendHeads(to layout: inout ParameterLayout) {
    let outputs = slotCount * latentWidth
    let inputs = backbone.width
    layout.append("norm.weight", .vector(count: inputs), .gain)
    layout.append("norm.bias", .vector(count: inputs))
    switch heads {
    case .perLayer:
      for layer in layers {
        layout.append("heads.\(layer).weight", .matrix(rows: outputs, columns: inputs), .head)
        layout.append("heads.\(layer).bias", .vector(count: outputs))
      }
    case .shared:
      layout.append("heads.layers", .rows(count: layers.count, width: inputs))
      layout.append("heads.shared.weight", .matrix(rows: outputs, columns: inputs), .head)
      layout.append("heads.shared.bias", .vector(count: outputs))
    case .rank(let rank):
      for layer in layers {
        layout.append("heads.\(layer).down", .matrix(rows: rank, columns: inputs), .headDown)
        layout.append("heads.\(layer).up", .matrix(rows: outputs, columns: rank), .head)
        layout.append("heads.\(layer).bias", .vector(count: outputs))
      }
    }
  }
}
