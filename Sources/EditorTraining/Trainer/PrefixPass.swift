import LanguageModels
import LatentEditing
import TensorKernels

/// A prefix editor (P8) and the frozen processor, in one pass over [instruction | prompt | response]: the
/// adapters act on the instruction's rows alone, and the loss is on the response.
///
///     e_i[l + 1] = block_l(e[l]) with adapters      i in the instruction: what the editor reads
///     k_i[l], v_i[l] = W_K, W_V rmsNorm(e_i[l])     without: what the later rows see of it
///
/// With adapters at zero this is the processor with the instruction in its prompt, to the bit.
package final class PrefixPass: EditingPass {
  package let tape: ProcessorTape
  package let gradients: ParameterStore

  private let adapters: LowRankAdapters
  private let teachers: TeacherCache?

  /// Memory for batches of that size; `teachers` keeps what the prompted processor makes of the examples.
  /// Throws `model`.
  package init(
    _ editor: Editor, processor: Processor, capacity: EditorPass.Capacity,
    options: ProcessorTape.Options, teachers: TeacherCache? = nil
  ) throws(LatentEditingError) {
    guard let adapters = editor.readingAdapters else {
      preconditionFailure("the editor makes no prefix")
    }
    self.adapters = adapters
    self.teachers = teachers
    do throws(LanguageModelError) {
      do { gradients = try ParameterStore(adapters.parameters.layout) } catch {
        throw .memory(error)
      }
      tape = try ProcessorTape(
        processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
        options: options, adapters: adapters)
    } catch { throw .model(error) }
  }

  package var stores: [TrainedStore] {
    [TrainedStore(name: "adapters", parameters: adapters.parameters, gradients: gradients)]
  }

  package var frozen: ParameterStore? { nil }

  package var byteCount: Int { 0 }

  /// As the protocol has it; a prefix has no latents that could be `random`.
  package func losses(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]] {
    batch.byExample(tape.losses(batch.objective(try forward(batch, condition))).crossEntropy)
  }

  /// Reads `batch` under `condition`; the rows after which the response's tokens come.
  private func forward(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [Int] {
    switch condition {
    case .edited: try forwardEdited(batch)
    case .ablated: try batch.forward(on: tape, prompted: false, unadapted: true)
    case .prompted: try batch.forward(on: tape, prompted: true, unadapted: true)
    case .unread: try forwardEdited(batch, unadapted: true)
    case .random: preconditionFailure("a prefix has no latents")
    }
  }

  package func divergences(_ batch: TrainingBatch) throws(LatentEditingError) -> [[Float]] {
    let teacher = try teacher(batch)
    return divergences(batch, from: teacher, after: try forwardEdited(batch))
  }

  package func changes(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]] {
    let unedited = tape.finalStates(try forward(batch, .ablated))
    return divergences(batch, from: unedited, after: try forward(batch, condition))
  }

  package func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums {
    precondition(objective.groupLasso == 0, "a prefix has no latents")
    let teacher = objective.distillation == 0 ? nil : try self.teacher(batch)
    let rows = try forwardEdited(batch)
    return LossSums(
      tape.backward(
        batch.objective(
          rows, weight: 1 / Float(tokenCount), crossEntropy: objective.crossEntropy,
          distillation: objective.distillation),
        teacher: teacher, adapterGradients: gradients))
  }

  /// The prompted processor's states at the response tokens.
  private func teacher(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
    func compute(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
      tape.finalStates(try batch.forward(on: tape, prompted: true, unadapted: true))
    }
    guard let teachers else { return try compute(batch) }
    return try teachers.states(of: batch, compute)
  }

  /// The rows after which the response's tokens come; `unadapted` with adapters at zero.
  private func forwardEdited(
    _ batch: TrainingBatch, unadapted: Bool = false
  ) throws(LatentEditingError) -> [Int] {
    let tokens = TokenBatch(batch.prefixedSequences)
    do {
      try tape.forward(
        tokens, adapting: batch.examples.map { unadapted ? 0 : $0.instruction.count })
    } catch { throw .model(error) }
    return batch.scoredRows(of: tokens, promptLengths: batch.prefixedLengths)
  }
}
