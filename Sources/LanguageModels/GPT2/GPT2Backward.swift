import TensorKernels

/// Backward passes of a GPT-2: given gradients of hidden states, those of all parameters, or, where the
/// state has adapters, those of the adapters alone. Nothing is computed for frozen parameters then, and
/// the pass ends at the lowest layer that has an adapter.
///
///     let state = try GPT2State(model, rowCapacity: 128, sequenceCapacity: 4, keepsActivations: true)
///     let backward = try GPT2Backward(state)
///     let gradients = try ParameterStore(model.configuration.parameterLayout)
///     try state.forward(batch)
///     backward.run(stateGradients, into: gradients)
///
/// A block's activations, 5 width + inner width floats a row, are kept from the forward pass where the
/// state `keepsActivations`, and computed again, to the bit, where it does not. An editor reads short
/// instructions: for 96 rows of the 124 M model keeping costs 32 MB beside 1 GB of weights and
/// gradients, and computing again a third of the time, so that training keeps them. Norms and GELU are
/// always computed again, and so are attention's scores.
public final class GPT2Backward {
  /// The forward passes it follows.
  public let state: GPT2State
  /// Bytes in memory, without the weights, their gradients and the state.
  public var byteCount: Int { workspace.byteCount }

  /// Who hears when gradients are final; nil where nobody does.
  package var stages: (any ParameterStages)?

  private let workspace: GPT2BackwardWorkspace
  private let isFrozen: Bool

  /// Memory for the batches that `state` can read. Where `isFrozen`, nothing of the model is trained, and a
  /// pass goes down to the lowest block after which something was added. Throws `memory`.
  public init(_ state: GPT2State, isFrozen: Bool = false) throws(LanguageModelError) {
    precondition(!isFrozen || state.adapters == nil, "adapters are there to be trained")
    self.state = state
    self.isFrozen = isFrozen
    do {
      workspace = try GPT2BackwardWorkspace(
        state.model.configuration, state.adapters, state.blocks[0], isFrozen: isFrozen,
        rows: state.rowCapacity, threads: state.model.pool.threadCount)
    } catch { throw .memory(error) }
  }

  /// Adds to `gradients`, of the layout of what is trained, the gradient of
  /// sum(stateGradients * hidden states) over the batch that was read last. States that are not named
  /// have no gradient; one that is named twice has the sum. The output over the vocabulary takes no
  /// part. The same bits on any number of threads. `addition` must be the one of the forward pass.
  public func run(
    _ stateGradients: HiddenStates, into gradients: ParameterStore,
    adding addition: (any BackboneAddition)? = nil
  ) {
    let model = state.model
    let c = model.configuration
    guard let batch = state.batch, let forward = state.pass else {
      preconditionFailure("no batch was read")
    }
    precondition(
      gradients.layout
        == (isFrozen ? ParameterLayout() : state.adapters?.parameters.layout ?? c.parameterLayout),
      "the gradients are of another model")
    precondition(stateGradients.width == c.width, "the gradients are of another width")
    precondition(
      stateGradients.blocks.allSatisfy((0...c.blockCount).contains)
        && stateGradients.rows.allSatisfy((0..<batch.rowCount).contains),
      "there is no such state")
    let trained: GPT2BackwardPass.Trained =
      if isFrozen {
        .nothing
      } else if state.adapters == nil {
        Self.parameters(c, gradients)
      } else {
        .adapters(gradients.floats.baseAddress!)
      }
    let finalNorm = model.norm(GPT2Parameter.finalNorm)

    stateGradients.values.withUnsafeBufferPointer { values in
      var upstream: [GPT2BackwardPass.Upstream] = []
      for (i, block) in stateGradients.blocks.enumerated() {
        for (j, row) in stateGradients.rows.enumerated() {
          upstream.append(
            .init(
              block: block, row: row,
              values: values.baseAddress! + stateGradients.range(i, j).lowerBound))
        }
      }
      let pass = GPT2BackwardPass(
        forward: forward, workspace: workspace, trained: trained, upstream: upstream)
      model.pool.run { worker in pass.begin(finalNorm, worker) }
      stages?.areFinal(from: c.blockCount + 1)
      var end = c.blockCount
      while end > 0 {
        if let addition, addition.adds(after: end) {
          addition.backward(
            after: end,
            gradient: UnsafeMutableBufferPointer(
              start: workspace.stream, count: batch.rowCount * c.width), of: batch)
        }
        // As far as the next block after which something was added, threads and all.
        let next = (1..<end).last { addition?.adds(after: $0) == true }
        if isFrozen, next == nil { return }
        let first = next ?? 0
        model.pool.run { worker in
          for index in (first..<end).reversed() {
            if !state.keepsActivations { forward.run(state.blocks[index], index: index, worker) }
            pass.run(state.blocks[index], index: index, worker)
            if let stages {
              worker.barrier()
              worker.onCaller { stages.areFinal(from: index + 1) }
              worker.barrier()
            }
          }
        }
        end = first
      }
      model.pool.run { worker in pass.scatter(worker) }
    }
  }

  private static func parameters(
    _ c: GPT2Configuration, _ gradients: ParameterStore
  ) -> GPT2BackwardPass.Trained {
    func table(_ name: String) -> UnsafeMutablePointer<Float> {
      gradients.floats(of: name).baseAddress!
    }
    func parameters(_ name: String) -> GPT2BackwardPass.Parameters {
      .init(weight: table(name + ".weight"), bias: table(name + ".bias"))
    }
    return .parameters(
      blocks: (0..<c.blockCount).map { index in
        let names = GPT2Parameter.Block(index)
        return GPT2BackwardPass.Block(
          attentionNorm: parameters(names.attentionNorm),
          projections: parameters(names.projections),
          attentionOutput: parameters(names.attentionOutput),
          feedForwardNorm: parameters(names.feedForwardNorm),
          expansion: parameters(names.expansion), contraction: parameters(names.contraction))
      }, finalNorm: parameters(GPT2Parameter.finalNorm),
      tokenTable: table(GPT2Parameter.tokenEmbedding),
      positionTable: table(GPT2Parameter.positionEmbedding))
  }
}
