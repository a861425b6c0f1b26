import InstructionEditors
import LanguageModels
import LatentEditing
import MessagePassing
import TensorKernels

/// The gradients of a step, for who wants to see them.
extension Trainer {
  /// The gradients of a step.
  public struct Gradients {
    /// The examples that they are of.
    public var examples: [TokenizedExample]
    /// Where the content of prompts begins: a prefix takes the place of what is before.
    public var firstContent: Int
    /// Mean cross-entropy of the response tokens.
    public var loss: Double
    /// Names, shapes and values as in the editor's file.
    public var named: [(name: String, shape: [Int], values: [Float])]
  }

  /// The gradients of the next step; nothing is changed but the place in the data.
  public func nextGradients() throws -> Gradients {
    try join()
    let batches = nextBatches()
    var sums = try accumulate(batches)
    if let ranks {
      // Those of frozen parts, too, all at once.
      let all = stores.flatMap { Trainer.trained(nil, $0, headStage: { _ in ParameterStage.last }) }
      let whole = try GradientExchange(
        ranks,
        ParameterShares(
          all.map(\.range), stages: all.map(\.stage), rank: ranks.rank, count: ranks.count))
      whole.beginGradients()
      try whole.finishGradients()
      try whole.gatherGradients()
      sums = try ranks.gather([Double(sums.tokenCount), sums.crossEntropy]).reduce(
        into: LossSums()
      ) { sums, rank in
        sums.tokenCount += Int(rank[0])
        sums.crossEntropy += rank[1]
      }
    }
    let named =
      switch network {
      case .editor(let editor):
        editor.named(
          backbone: stores[0].gradients, heads: stores.count > 1 ? stores[1].gradients : nil)
      case .adapters(let adapters, _): adapters.named(stores[0].gradients)
      case .reader(let reader): reader.adapters.named(stores[0].gradients)
      }
    for store in stores { store.gradients.clear() }
    return Gradients(
      examples: batches.flatMap(\.examples), firstContent: data.firstContent,
      loss: sums.meanCrossEntropy, named: named)
  }
}
