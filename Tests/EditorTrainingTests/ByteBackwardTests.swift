import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Training with a backward pass in eight bits, rounded at random.
@Suite struct ByteBackwardTests {
  private static let model = OutsideFiles.fixture("llama/q8_0.gguf").path

  private func trainer(
    _ plan: TrainingPlan, _ interface: EditorInterface, pool: ThreadPool = Pools.all[1],
    backward: BackwardPrecision = .int8
  ) throws -> Trainer {
    let processor = try Processor(GGUFFile(path: Self.model), activations: .int8, pool: pool)
    let editor = try Editor(
      EditorConfiguration(
        interface: interface, processor: ProcessorIdentity(GGUFFile(path: Self.model)),
        backbone: .processor(
          depth: 2, width: processor.configuration.hiddenSize,
          adapters: AdapterConfiguration(
            rank: 4, alpha: 8, modules: [.query, .attentionOutput, .gate, .up, .down], depth: 2))),
      seed: 5, processor: processor, pool: pool)
    var execution = Trainer.Execution()
    execution.backward = backward
    return try Trainer(
      plan, editor: editor, processor: processor, data: TinyTraining.randomData(),
      execution: execution)
  }

  private func plan(_ interface: EditorInterface) -> TrainingPlan {
    var plan = TinyTraining.plan
    if interface.isPrefix { plan.objective.regularizers = Regularizers() }
    return plan
  }

  /// A run that was interrupted three times, on other numbers of threads, ends with the bits of one that was not.
  @Test(arguments: [EditorInterface.p0, .p8]) func resumesBitForBit(interface: EditorInterface)
    throws
  {
    let plan = plan(interface)
    let whole = try trainer(plan, interface)
    try whole.run { _ in true }
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    var left = try trainer(plan, interface, pool: Pools.one)
    for stop in [1, 4, 7] {
      try left.run { $0.step < stop }
      try left.save(to: path)
      left = try trainer(plan, interface, pool: Pools.all[stop % 3])
      try left.resume(from: path)
    }
    try left.run { _ in true }
    #expect(left.step == plan.steps)
    #expect(TinyTraining.bits(left.editor) == TinyTraining.bits(whole.editor))
  }

  /// A state of another precision is refused, and the run's seed decides how gradients are rounded.
  @Test func precisionIsRecorded() throws {
    let plan = plan(.p8)
    let saved = try trainer(plan, .p8)
    try saved.run { _ in false }
    let path = TinyTraining.temporaryPath("state")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try saved.save(to: path)
    let error = #expect(throws: EditorTrainingError.self) {
      try trainer(plan, .p8, backward: .f32).resume(from: path)
    }
    guard case .startedOtherwise(_, let differences) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(differences.map(\.name) == ["backward"])
    #expect(differences.first?.found == "int8")
  }
}
