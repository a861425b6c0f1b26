import LanguageModels
import LatentEditing

/// A held-out example with another one's instruction.
public struct HeldOutExample: Sendable, Equatable {
  /// The example.
  public var example: TokenizedExample
  /// An instruction that is not its own, as the editor reads it.
  public var otherInstruction: [Int]
  /// The prompt that has it in front of the example's input.
  public var otherPrompted: [Int]

  /// An example and another one's instruction.
  public init(example: TokenizedExample, otherInstruction: [Int], otherPrompted: [Int]) {
    self.example = example
    self.otherInstruction = otherInstruction
    self.otherPrompted = otherPrompted
  }
}

/// The losses of held-out examples under every condition: sums of -log p over their response tokens,
/// example by example.
package struct HeldOutLosses {
  /// The conditions of METHOD.md that need no model of their own.
  package enum Condition: String, CaseIterable, Sendable {
    case edited, shuffled, ablated, prompted, promptedShuffled
  }

  /// Response tokens of each example.
  package let tokenCounts: [Int]
  /// By condition, in the order of the examples.
  package let sums: [Condition: [Double]]

  /// Runs them all, `batchSize` at a time.
  package init(
    _ pass: EditorPass, _ examples: [HeldOutExample], batchSize: Int, firstContent: Int,
    conditions: [Condition] = Condition.allCases
  ) throws(LatentEditingError) {
    tokenCounts = examples.map(\.example.response.count)
    // Sequences of like length go together.
    let order = examples.indices.sorted {
      (examples[$0].example.length, $0) < (examples[$1].example.length, $1)
    }
    var sums: [Condition: [Double]] = [:]
    for condition in conditions { sums[condition] = [Double](repeating: 0, count: examples.count) }
    for start in stride(from: 0, to: order.count, by: batchSize) {
      let indices = order[start..<min(start + batchSize, order.count)]
      let chosen = indices.map { examples[$0] }
      let batch = TrainingBatch(chosen.map(\.example), firstContent: firstContent)
      for condition in conditions {
        let losses: [[Float]]
        switch condition {
        case .edited: losses = try pass.losses(batch, .edited)
        case .shuffled:
          losses = try pass.losses(
            batch.replacingInstructions(chosen.map(\.otherInstruction)), .edited)
        case .ablated: losses = try pass.losses(batch, .ablated)
        case .prompted: losses = try pass.losses(batch, .prompted)
        case .promptedShuffled:
          losses = try pass.losses(
            batch.replacingPrompted(chosen.map(\.otherPrompted)), .prompted)
        }
        for (index, tokens) in zip(indices, losses) {
          sums[condition]![index] = tokens.reduce(0) { $0 + Double($1) }
        }
      }
    }
    self.sums = sums
  }

  /// Token-weighted means. All conditions must have been run.
  func report(step: Int, split: String) -> ValidationReport {
    let tokens = tokenCounts.reduce(0, +)
    func mean(_ condition: Condition) -> Double {
      sums[condition]!.reduce(0, +) / Double(tokens)
    }
    return ValidationReport(
      step: step, split: split, exampleCount: tokenCounts.count, tokenCount: tokens,
      edited: mean(.edited), shuffled: mean(.shuffled), ablated: mean(.ablated),
      prompted: mean(.prompted), promptedShuffled: mean(.promptedShuffled))
  }
}
