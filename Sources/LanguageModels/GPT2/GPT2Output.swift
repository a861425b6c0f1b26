import KernelInterface
import TensorKernels

/// The output of a GPT-2 over its vocabulary, logits = W h: for those who want its words and not only
/// its states. The transposed token embedding is packed for this; what is learned later is not seen.
public final class GPT2Output {
  private let model: GPT2
  private let tied: PackedMatrix?
  private let group: LinearGroup

  /// Throws `noOutput` unless the model was read with its output.
  public init(_ model: GPT2) throws(LanguageModelError) {
    let c = model.configuration
    self.model = model
    switch c.output {
    case .none: throw .noOutput
    case .tied:
      let table = UnsafeMutableRawBufferPointer(
        model.parameters.floats(of: GPT2Parameter.tokenEmbedding))
      let packed: PackedMatrix
      do {
        packed = try PackedMatrix(
          .f32, rows: c.vocabularySize, columns: c.width, source: UnsafeRawBufferPointer(table),
          kernels: model.kernels, pool: model.pool)
      } catch { throw .memory(error) }
      tied = packed
      group = LinearGroup([(packed, 0)], activations: .f32)
    case .separate:
      tied = nil
      group = LinearGroup(
        [(model.parameters.matrix(GPT2Parameter.output), 0)], activations: .f32)
    }
  }

  /// Logits `[rows][vocabularySize]` of all rows of the batch that `state`, of the same model, has read
  /// last. Throws `memory`.
  public func logits(_ state: GPT2State) throws(LanguageModelError) -> [Float] {
    precondition(state.model === model, "the state is of another model")
    guard let batch = state.batch else { preconditionFailure("no batch was read") }
    let c = model.configuration
    let count = batch.rowCount * c.vocabularySize
    let storage: PageBuffer
    do { storage = try PageBuffer(byteCount: count * 4) } catch { throw .memory(error) }
    let out: UnsafeMutablePointer<Float> = storage.elements()
    model.pool.run { worker in
      group.apply(
        worker, model.kernels, shared: state.workspace.shared,
        own: state.workspace.thread(worker.index), x: state.workspace.finalState, stride: c.width,
        rows: batch.rowCount, transform: .identity, out: out, outStride: c.vocabularySize,
        accumulate: false)
    }
    return Array(UnsafeBufferPointer(start: out, count: count))
  }
}
