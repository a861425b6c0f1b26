import LanguageModels
import LatentEditing
import TensorKernels

/// A processor with low-rank adapters that reads the instruction in its prompt: the condition `tuned`.
/// The adapters are trained, the processor's weights stay as they are.
package final class PromptedPass: TrainingPass {
  package let tape: ProcessorTape
  package let gradients: ParameterStore

  private let adapters: LowRankAdapters
  /// The processor without the adapters, where it is measured too.
  private let base: ProcessorTape?

  /// Memory for batches of that size; with `measuresBase` also for the processor without the adapters.
  /// Throws `model`.
  package init(
    _ adapters: LowRankAdapters, processor: Processor, capacity: EditorPass.Capacity,
    options: ProcessorTape.Options, measuresBase: Bool = false
  ) throws(LatentEditingError) {
    self.adapters = adapters
    do throws(LanguageModelError) {
      do { gradients = try ParameterStore(adapters.parameters.layout) } catch {
        throw .memory(error)
      }
      tape = try ProcessorTape(
        processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences,
        options: options, adapters: adapters)
      base =
        measuresBase
        ? try ProcessorTape(
          processor, rowCapacity: capacity.rows, sequenceCapacity: capacity.sequences) : nil
    } catch { throw .model(error) }
  }

  package var stores: [TrainedStore] {
    [TrainedStore(part: .adapters, parameters: adapters.parameters, gradients: gradients)]
  }

  package var frozen: ParameterStore? { nil }

  package var byteCount: Int { base?.byteCount ?? 0 }

  package var stages: (any ParameterStages)? {
    get { tape.stages }
    set { tape.stages = newValue }
  }

  /// As the protocol has it: `edited` is prompted, with the adapters. There are no random latents here,
  /// and `ablated` and `prompted` need the processor without the adapters.
  package func losses(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]] {
    let isPrompted = if case .ablated = condition { false } else { true }
    let tape: ProcessorTape
    switch condition {
    case .edited: tape = self.tape
    case .ablated, .prompted:
      guard let base else { preconditionFailure("the processor alone is not measured") }
      tape = base
    case .random, .unread: preconditionFailure("adapters have neither latents nor a prefix")
    }
    let rows = try batch.forward(on: tape, prompted: isPrompted)
    return batch.byExample(tape.losses(batch.objective(rows)).crossEntropy)
  }

  /// As the protocol has it, for the cross-entropy alone.
  package func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums {
    precondition(objective.distillation == 0 && objective.regularizers[.groupLasso] == 0)
    let rows = try batch.forward(on: tape, prompted: true)
    return LossSums(
      tape.backward(
        batch.objective(rows, weight: objective.crossEntropy / Float(tokenCount)),
        adapterGradients: gradients))
  }
}
