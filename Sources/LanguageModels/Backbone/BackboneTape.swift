import TensorKernels

/// Forward and backward passes of an editor's backbone over batches of instructions.
package protocol BackboneTape: AnyObject {
  /// What is trained.
  var parameters: ParameterStore { get }
  /// What the editor has beside that and keeps as it is; nil where there is nothing.
  var frozen: ParameterStore? { get }
  /// Their gradients, to which each backward pass adds.
  var gradients: ParameterStore { get }
  /// Bytes in memory beside the weights: passes and gradients.
  var byteCount: Int { get }
  /// Who hears when gradients are final.
  var stages: (any ParameterStages)? { get set }
  /// What the next backward pass rounds with, of a backbone whose products are in eight bits.
  var roundingSeed: RoundingSeed { get set }

  /// As `EditorBackbone.hiddenStates`, with `addition` between the blocks.
  func forward(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int], adding: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates

  /// Adds to `gradients` those of sum(stateGradients * states) over the batch that was read last.
  func backward(_ stateGradients: HiddenStates, adding: (any BackboneAddition)?)
}

/// A GPT-2, all of whose parameters are trained, or the adapters on its frozen ones, or nothing of it.
package final class GPT2BackboneTape: BackboneTape {
  package let parameters: ParameterStore
  package let frozen: ParameterStore?
  package let gradients: ParameterStore
  package var stages: (any ParameterStages)? {
    get { pass?.stages }
    set { pass?.stages = newValue }
  }
  /// Nothing is rounded here.
  package var roundingSeed = RoundingSeed()
  private let state: GPT2State
  private let pass: GPT2Backward?

  /// Memory for batches of that size. Throws `memory`.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - rowCapacity: tokens of the largest batch.
  ///   - sequenceCapacity: its sequences.
  ///   - adapters: what is trained in the place of the model's parameters.
  ///   - isFrozen: whether nothing is trained, where there are no adapters.
  ///   - hasAddition: whether anything is added between the blocks that has gradients: without it, a frozen
  ///     model has no backward pass.
  package init(
    _ model: GPT2, rowCapacity: Int, sequenceCapacity: Int, adapters: GPT2Adapters? = nil,
    isFrozen: Bool = false, hasAddition: Bool = true
  ) throws(LanguageModelError) {
    let isFrozen = isFrozen && adapters == nil
    let hasPass = !isFrozen || hasAddition
    do throws(KernelError) {
      parameters =
        isFrozen ? try ParameterStore(ParameterLayout()) : adapters?.parameters ?? model.parameters
      gradients = try ParameterStore(parameters.layout)
    } catch { throw .memory(error) }
    frozen = isFrozen || adapters != nil ? model.parameters : nil
    state = try GPT2State(
      model, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
      keepsActivations: hasPass, adapters: adapters)
    pass = hasPass ? try GPT2Backward(state, isFrozen: isFrozen) : nil
  }

  package var byteCount: Int {
    state.byteCount + (pass?.byteCount ?? 0) + gradients.byteCount
  }

  package func forward(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int], adding: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates {
    try state.forward(batch, adding: adding)
    return state.states(after: blocks, at: rows)
  }

  package func backward(_ stateGradients: HiddenStates, adding: (any BackboneAddition)?) {
    precondition(pass != nil || adding == nil, "nothing was to be added to a frozen model")
    pass?.run(stateGradients, into: gradients, adding: adding)
  }
}

/// The first blocks of a processor, whose weights stay frozen in their blocks, with low-rank adapters,
/// which are trained; without them it only reads. Activations are f32: exactly the dequantized model.
package final class ProcessorBackboneTape: BackboneTape {
  package let parameters: ParameterStore
  package var frozen: ParameterStore? { nil }
  package let gradients: ParameterStore
  package var stages: (any ParameterStages)? {
    get { tape.stages }
    set { tape.stages = newValue }
  }
  private let tape: ProcessorTape
  private let depth: Int
  private var reader: StateReader?

  /// Memory for batches of that size. Throws `memory`, `depthOutOfRange` or `kernels`.
  package init(
    _ backbone: ProcessorBackbone, rowCapacity: Int, sequenceCapacity: Int,
    backward: BackwardPrecision = .f32
  ) throws(LanguageModelError) {
    do throws(KernelError) {
      if let adapters = backbone.adapters {
        parameters = adapters.parameters
      } else {
        parameters = try ParameterStore(ParameterLayout())
      }
      gradients = try ParameterStore(parameters.layout)
    } catch { throw .memory(error) }
    depth = backbone.blockCount
    var options = ProcessorTape.Options()
    options.activations = .f32
    options.depth = depth
    options.hasLogits = false
    options.backward = backward
    options.checkpoints = .off
    tape = try ProcessorTape(
      backbone.processor, rowCapacity: rowCapacity, sequenceCapacity: sequenceCapacity,
      options: options, adapters: backbone.adapters)
  }

  package var byteCount: Int { tape.byteCount + gradients.byteCount }

  package var roundingSeed: RoundingSeed {
    get { tape.roundingSeed }
    set { tape.roundingSeed = newValue }
  }

  package func forward(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int], adding: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates {
    let reader = StateReader(
      tape.processor, batch, depth: depth, after: blocks, at: rows, adding: adding)
    try tape.forward(batch, edit: reader)
    self.reader = reader
    return reader.states
  }

  package func backward(_ stateGradients: HiddenStates, adding: (any BackboneAddition)?) {
    guard let reader else { preconditionFailure("no batch was read") }
    if tape.adapters == nil, adding == nil { return }
    reader.gradients = stateGradients
    tape.backwardFromEdit(adapterGradients: tape.adapters == nil ? nil : gradients)
  }
}
