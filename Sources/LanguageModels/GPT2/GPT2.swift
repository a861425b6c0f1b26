import KernelInterface
import TensorKernels

/// GPT-2 in full precision (Radford et al., 2019): the editor's backbone, to be read with and to be
/// trained.
///
/// Its matrices lie in the layout that linear layers read, always, so that an optimizer's step is all
/// that stands between two forward passes. The parameters must not change while a state runs.
public final class GPT2: @unchecked Sendable {
  /// The blueprint.
  public let configuration: GPT2Configuration
  /// The weights.
  public let parameters: ParameterStore
  /// The threads it runs on.
  public let pool: ThreadPool
  /// The instruction set whose kernels it runs.
  public let instructionSet: InstructionSet

  let kernels: KernelTable

  /// A model of zeros, to be filled. Throws `memory`.
  public init(
    zeros configuration: GPT2Configuration, pool: ThreadPool,
    instructionSet: InstructionSet = .best
  ) throws(LanguageModelError) {
    self.configuration = configuration
    self.pool = pool
    self.instructionSet = instructionSet
    kernels = instructionSet.kernels
    do { parameters = try ParameterStore(configuration.parameterLayout) } catch {
      throw .memory(error)
    }
  }

  /// A model that has learned nothing, drawn from `seed` as GPT-2 begins: normal with deviation 0.02,
  /// divided by sqrt(2 blocks) in the two matrices of a block that add to the residual stream; biases
  /// 0, LayerNorm 1 and 0. The numbers are those of `ParameterStore.initialize`.
  public convenience init(
    _ configuration: GPT2Configuration, seed: UInt64, pool: ThreadPool,
    instructionSet: InstructionSet = .best
  ) throws(LanguageModelError) {
    try self.init(zeros: configuration, pool: pool, instructionSet: instructionSet)
    parameters.initialize(seed: seed, pool: pool) { configuration.initialization($0) }
  }

  // MARK: Parameters as the passes use them

  func block(_ index: Int, _ adapters: GPT2Adapters?) -> GPT2ForwardPass.Block {
    let names = GPT2Parameter.Block(index)
    return GPT2ForwardPass.Block(
      attentionNorm: norm(names.attentionNorm), projections: linear(names.projections, adapters),
      attentionOutput: linear(names.attentionOutput, adapters),
      feedForwardNorm: norm(names.feedForwardNorm), expansion: linear(names.expansion, adapters),
      contraction: linear(names.contraction, adapters))
  }

  func norm(_ name: String) -> GPT2ForwardPass.Norm {
    GPT2ForwardPass.Norm(weight: vector(name + ".weight"), bias: vector(name + ".bias"))
  }

  private func linear(_ name: String, _ adapters: GPT2Adapters?) -> GPT2ForwardPass.Linear {
    let matrix = parameters.matrix(name + ".weight")
    return GPT2ForwardPass.Linear(
      matrix: matrix, weight: LinearGroup([(matrix, 0)], activations: .f32),
      bias: vector(name + ".bias"), adapter: adapters?.view(ofWeight: name + ".weight"))
  }

  private func vector(_ name: String) -> UnsafePointer<Float> {
    UnsafePointer(parameters.floats(of: name).baseAddress!)
  }
}
