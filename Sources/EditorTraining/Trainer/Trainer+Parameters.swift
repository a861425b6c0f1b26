import LanguageModels
import TensorKernels

// Which parameters are trained, and by which rule.

extension Trainer {
  /// The optimizer's group of a parameter: backbone, heads (or adapters) or gates.
  private static func group(_ part: TrainedStore.Part, _ entry: ParameterLayout.Entry) -> Int {
    part == .sites ? 3 : part == .backbone ? 0 : entry.role == .gate ? 2 : 1
  }

  /// Whether a parameter stays as it is: a mean is measured, its group's rate is 0, or it is the heads' norm, by which an
  /// edit that is to shrink could grow.
  private static func isFrozen(
    _ plan: TrainingPlan, _ part: TrainedStore.Part, _ entry: ParameterLayout.Entry
  ) -> Bool {
    entry.role == .mean || plan.rates[group(part, entry)] == 0
      || plan.sparsity != nil && part == .heads && entry.name.hasPrefix("norm.")
  }

  /// The parameters of parts that are not frozen, each under one rule: matrices decay; embeddings,
  /// norms, biases and gates do not. With them, when in a pass their gradients are final. Without a plan, all.
  static func trained(
    _ plan: TrainingPlan?, _ store: TrainedStore, headStage: (String) -> Int
  ) -> [(range: OptimizedRange, stage: Int)] {
    let entries = store.parameters.layout.entries
    let blockCount = entries.map { ParameterStage.stage(of: $0, blockCount: 0) }.max() ?? 0
    return entries.compactMap { entry in
      // Of a plan or not, a mean is measured.
      guard entry.role != .mean else { return nil }
      let decays = if case .matrix = entry.shape { true } else { false }
      let group = group(store.part, entry)
      if let plan, isFrozen(plan, store.part, entry) { return nil }
      let range = OptimizedRange(
        parameters: store.parameters.floats(of: entry.name),
        gradients: store.gradients.floats(of: entry.name), group: group, decays: decays)
      return (
        range,
        store.part == .heads
          ? headStage(entry.name) : ParameterStage.stage(of: entry, blockCount: blockCount)
      )
    }
  }

  /// Parameters that are trained, and all of the editor's.
  public var parameterCounts: (trained: Int, total: Int) {
    let total = stores.reduce(0) { $0 + $1.parameters.layout.elementCount }
    let frozen = frozenEntries.reduce(0) { $0 + $1.entry.shape.elementCount }
    return (total - frozen, total + (pass.frozen?.layout.elementCount ?? 0))
  }

  /// The parameters of frozen parts, each with its store's gradients.
  var frozenEntries: [(entry: ParameterLayout.Entry, gradients: ParameterStore)] {
    stores.flatMap { store in
      store.parameters.layout.entries.compactMap { entry in
        Trainer.isFrozen(plan, store.part, entry) ? (entry, store.gradients) : nil
      }
    }
  }
}
