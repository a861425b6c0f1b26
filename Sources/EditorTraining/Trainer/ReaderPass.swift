import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels

/// A reader of edits over batches of examples: one pass over [edit | prompt | response], in which the states of the edit
/// stand at the input of every block and the adapters act on the rows behind it, and the loss is on the response.
///
///     k_i[l], v_i[l] = W_K, W_V rmsNorm(x_i[l])              i in the edit: what the frozen processor makes of it
///     h_t[l + 1] = block_l(h_t[l]; k, v) with adapters       t behind it
///
/// With adapters at zero this is the processor behind the edit, to the bit.
package final class ReaderPass: TrainingPass {
  package let tape: ProcessorTape
  package let gradients: ParameterStore
  private let reader: EditReader

  /// Memory for batches of that size. Throws `model`.
  package init(
    _ reader: EditReader, processor: Processor, capacity: EditorPass.Capacity,
    options: ProcessorTape.Options
  ) throws(LatentEditingError) {
    self.reader = reader
    do throws(LanguageModelError) {
      do { gradients = try ParameterStore(reader.adapters.parameters.layout) } catch {
        throw .memory(error)
      }
      tape = try ProcessorTape(
        processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
        options: options, adapters: reader.adapters)
    } catch { throw .model(error) }
  }

  package var stores: [TrainedStore] {
    [TrainedStore(part: .adapters, parameters: reader.adapters.parameters, gradients: gradients)]
  }

  package var frozen: ParameterStore? { nil }

  package var byteCount: Int { 0 }

  package var stages: (any ParameterStages)? {
    get { tape.stages }
    set { tape.stages = newValue }
  }

  /// As the protocol has it: `edited` is read through the adapters, `unread` without them. There is no other condition.
  package func losses(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]] {
    precondition(
      condition == .edited || condition == .unread, "a reader reads edits, and nothing else")
    let rows = try forward(batch, unadapted: condition == .unread)
    return batch.byExample(tape.losses(batch.objective(rows)).crossEntropy)
  }

  /// As the protocol has it, for the cross-entropy alone.
  package func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums {
    precondition(objective.distillation == 0 && objective.regularizers[.groupLasso] == 0)
    let rows = try forward(batch, unadapted: false)
    return LossSums(
      tape.backward(
        batch.objective(rows, weight: objective.crossEntropy / Float(tokenCount)),
        adapterGradients: gradients))
  }

  /// The rows after which the response's tokens come.
  private func forward(
    _ batch: TrainingBatch, unadapted: Bool
  ) throws(LatentEditingError) -> [Int] {
    let tokens = TokenBatch(batch.prefixedSequences)
    let fronts = batch.examples.map(\.instruction.count)
    let rows = batch.scoredRows(of: tokens, promptLengths: batch.prefixedLengths)
    let writer = try edit(batch, tokens)
    do {
      try tape.forward(
        tokens, edit: writer, adapting: unadapted ? fronts.map { _ in 0 } : fronts,
        behind: !unadapted, scoring: rows)
    } catch { throw .model(error) }
    return rows
  }

  /// Puts the edits' states in front; nil where no example has any.
  private func edit(
    _ batch: TrainingBatch, _ tokens: TokenBatch
  ) throws(LatentEditingError) -> PrefixWriter? {
    let c = tape.processor.configuration
    var found: [(states: [Float], rows: Range<Int>)] = []
    for (index, example) in batch.examples.enumerated() {
      guard let states = try reader.edits.states(ofRow: example.row) else { continue }
      let count = example.instruction.count
      precondition(states.count == c.layerCount * count * c.hiddenSize)
      let first = tokens.boundaries[index]
      found.append((states, first..<first + count))
    }
    guard !found.isEmpty else { return nil }
    var whole = PrefixStates(
      layerCount: c.layerCount, rowCount: found.reduce(0) { $0 + $1.rows.count },
      width: c.hiddenSize)
    for layer in 0..<c.layerCount {
      var place = whole.range(layer, 0).lowerBound
      for (states, rows) in found {
        let size = rows.count * c.hiddenSize
        whole.values.replaceSubrange(
          place..<place + size, with: states[layer * size..<(layer + 1) * size])
        place += size
      }
    }
    return PrefixWriter(whole, at: found.flatMap(\.rows))
  }
}
