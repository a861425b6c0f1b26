import InstructionEditors
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
package final class PrefixPass: PrefixEditingPass {
  package let tape: ProcessorTape
  package let gradients: ParameterStore

  package let adapters: LowRankAdapters
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

  package var byteCount: Int { 0 }

  package var stages: (any ParameterStages)? {
    get { tape.stages }
    set { tape.stages = newValue }
  }

  package func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums {
    precondition(objective.regularizers[.groupLasso] == 0, "a prefix has no latents")
    let teacher = objective.distillation == 0 ? nil : try self.teacher(batch)
    let rows = try editedRows(batch, unadapted: false)
    return LossSums(
      tape.backward(
        batch.objective(
          rows, weight: 1 / Float(tokenCount), crossEntropy: objective.crossEntropy,
          distillation: objective.distillation),
        teacher: teacher, adapterGradients: gradients))
  }

  /// The prompted processor's states at the response tokens.
  package func teacher(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
    func compute(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates {
      tape.finalStates(try batch.forward(on: tape, prompted: true, unadapted: true))
    }
    guard let teachers else { return try compute(batch) }
    return try teachers.states(of: batch, compute)
  }

  /// The rows after which the response's tokens come; `unadapted` with adapters at zero.
  package func editedRows(
    _ batch: TrainingBatch, unadapted: Bool
  ) throws(LatentEditingError) -> [Int] {
    // The template's beginning is the same in all conversations; what is predicted comes behind it.
    let beginnings = zip(batch.examples, batch.prefixedLengths).map {
      min($0.instruction.count, $1 - 1)
    }
    let tokens = TokenBatch(batch.prefixedSequences, sharing: beginnings.min() ?? 0)
    let rows = batch.scoredRows(of: tokens, promptLengths: batch.prefixedLengths)
    do {
      try tape.forward(
        tokens, adapting: batch.examples.map { unadapted ? 0 : $0.instruction.count },
        scoring: rows)
    } catch { throw .model(error) }
    return rows
  }
}
