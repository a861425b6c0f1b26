import LatentEditing
import MessagePassing

/// The losses of held-out examples under some conditions: sums of -log p over their response tokens,
/// example by example.
///
///     var losses = HeldOutLosses(examples, batchSize: 8, firstContent: 4)
///     for batch in losses.batches.indices { try losses.measure(batch, .edited, pass) }
package struct HeldOutLosses {
  /// What conditions need beside the examples.
  package struct Baselines: Sendable {
    /// An instruction without words, as the editor reads it.
    package var emptyInstruction: [Int] = []
    /// The same, as the editor of the condition constant reads it.
    package var constantInstruction: [Int] = []
    /// Of the random directions.
    package var seed: UInt64 = 0

    package init() {}
  }

  /// What is measured.
  package let examples: [HeldOutExample]
  /// Indices of examples that go through the processor together: those of like length.
  package let batches: [[Int]]
  /// By condition, in the order of the examples; 0 for those whose batch was not measured.
  package private(set) var sums: [EditCondition: [Double]] = [:]

  private let firstContent: Int
  private let baselines: Baselines

  /// Nothing measured yet. The content of prompts begins at `firstContent`.
  package init(
    _ examples: [HeldOutExample], batchSize: Int, firstContent: Int,
    baselines: Baselines = Baselines()
  ) {
    self.examples = examples
    self.firstContent = firstContent
    self.baselines = baselines
    let order = examples.indices.sorted {
      (examples[$0].example.length, $0) < (examples[$1].example.length, $1)
    }
    batches = stride(from: 0, to: order.count, by: batchSize).map {
      Array(order[$0..<min($0 + batchSize, order.count)])
    }
  }

  /// Response tokens of each example.
  package var tokenCounts: [Int] { examples.map(\.example.response.count) }

  /// Takes over what other ranks have measured, each of them other batches: a rank's sums of examples that it did not
  /// measure are 0. Throws `CommunicationError`.
  package mutating func combine(_ ranks: Communicator) throws(CommunicationError) {
    // A rank that had no batch of a condition has no sums of it.
    for condition in EditCondition.allCases {
      let own = sums[condition] ?? [Double](repeating: 0, count: examples.count)
      let has = sums[condition] == nil ? 0.0 : 1
      let all = try ranks.sum([has] + own)
      if all[0] > 0 { sums[condition] = Array(all.dropFirst()) }
    }
  }

  /// Runs batch number `number` under `condition`; `pass` is that of the condition's editor
  /// or adapters.
  package mutating func measure(
    _ number: Int, _ condition: EditCondition, _ pass: any TrainingPass
  ) throws(LatentEditingError) {
    let indices = batches[number]
    let chosen = indices.map { examples[$0] }
    let batch = TrainingBatch(chosen.map(\.example), firstContent: firstContent)
    let losses: [[Float]]
    switch condition {
    case .ablated: losses = try pass.losses(batch, .ablated)
    case .empty, .constant:
      let instruction =
        condition == .empty ? baselines.emptyInstruction : baselines.constantInstruction
      losses = try pass.losses(
        batch.replacingInstructions(chosen.map { _ in instruction }), .edited)
    case .shuffled, .tunedShuffled:
      losses = try pass.losses(batch.withOtherInstructions(chosen), .edited)
    case .sentence:
      losses = try pass.losses(batch.with(.sentence, of: chosen), .edited)
    case .nonsense:
      losses = try pass.losses(batch.with(.nonsense, of: chosen), .edited)
    case .random: losses = try pass.losses(batch, .random(seed: baselines.seed))
    case .edited, .tuned: losses = try pass.losses(batch, .edited)
    case .readerAtZero: losses = try pass.losses(batch, .unread)
    case .prompted: losses = try pass.losses(batch, .prompted)
    case .promptedShuffled:
      losses = try pass.losses(batch.withOtherInstructions(chosen), .prompted)
    case .promptedSentence:
      losses = try pass.losses(batch.with(.sentence, of: chosen), .prompted)
    case .promptedNonsense:
      losses = try pass.losses(batch.with(.nonsense, of: chosen), .prompted)
    }
    for (index, tokens) in zip(indices, losses) {
      sums[condition, default: [Double](repeating: 0, count: examples.count)][index] =
        tokens.reduce(0) { $0 + Double($1) }
    }
  }
}
