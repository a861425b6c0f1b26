import LanguageModels
import LatentEditing
import TensorKernels

/// What the passes of prefix editors have in common: adapters are what is trained, and conditions differ in who
/// reads the instruction.
package protocol PrefixEditingPass: EditingPass {
  var adapters: LowRankAdapters { get }
  var gradients: ParameterStore { get }

  /// The rows after which the response's tokens come, of the edited processor; `unadapted` with adapters at zero.
  func editedRows(
    _ batch: TrainingBatch, unadapted: Bool
  ) throws(LatentEditingError) -> [Int]

  /// The states that are followed at the response tokens.
  func teacher(_ batch: TrainingBatch) throws(LatentEditingError) -> TeacherStates
}

extension PrefixEditingPass {
  package var stores: [TrainedStore] {
    [TrainedStore(part: .adapters, parameters: adapters.parameters, gradients: gradients)]
  }

  /// Who is followed while a prefix is cut short is no part of the editor.
  package var frozen: ParameterStore? { nil }

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
    case .edited: try editedRows(batch, unadapted: false)
    case .ablated: try batch.forward(on: tape, prompted: false, unadapted: true)
    case .prompted: try batch.forward(on: tape, prompted: true, unadapted: true)
    case .unread: try editedRows(batch, unadapted: true)
    case .random: preconditionFailure("a prefix has no latents")
    }
  }

  package func divergences(_ batch: TrainingBatch) throws(LatentEditingError) -> [[Float]] {
    let teacher = try teacher(batch)
    return divergences(batch, from: teacher, after: try forward(batch, .edited))
  }

  package func changes(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]] {
    let unedited = tape.finalStates(try forward(batch, .ablated))
    return divergences(batch, from: unedited, after: try forward(batch, condition))
  }
}
