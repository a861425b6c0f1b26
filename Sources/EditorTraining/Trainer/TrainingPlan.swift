import LanguageModels
import LatentEditing

/// How an editor is trained: everything that, with the data and the editor's start, determines every
/// bit of the result.
public struct TrainingPlan: Sendable, Codable, Equatable {
  /// Optimizer steps.
  public var steps: Int
  /// Examples of a step that go through the processor together.
  public var batchSize = 8
  /// Batches whose gradients make one step.
  public var accumulation = 1
  /// What is minimized.
  public var objective = EditorObjective()
  /// Learning rate of the backbone; 0 freezes it.
  public var backboneRate: Float = 5e-5
  /// Learning rate of the heads and their norm; 0 freezes them.
  public var headRate: Float = 1e-3
  /// Learning rate of the gates; 0 freezes them.
  public var gateRate: Float = 1e-3
  /// The rates, in the order of the optimizer's groups; the last is that of the gates of `sparsity`, beside which the
  /// editor's own are frozen.
  var rates: [Float] {
    [backboneRate, headRate, sparsity == nil ? gateRate : 0, EditSparsity.gateRate]
  }
  /// Decoupled weight decay of matrices.
  public var weightDecay: Float = 0.01
  /// Greatest norm of a step's gradient; 0 for no clipping.
  public var clip = 1.0
  /// How the rates go.
  public var schedule = LearningRateSchedule()
  /// The optimizer.
  public var optimizer = AdamW.Options()
  /// What keeps an editor's edits to few sites; nil for nothing.
  public var sparsity: EditSparsity?
  /// Order of the data and the shuffled instructions of validation.
  public var seed: UInt64 = 0

  /// Whether nothing but the cross-entropy is minimized.
  var isPlain: Bool {
    objective.crossEntropy > 0 && objective.distillation == 0 && objective.regularizers.isEmpty
  }

  /// Throws `option` where anything else is minimized.
  func checkPlain() throws(EditorTrainingError) {
    guard isPlain else {
      throw .option(
        name: "the objective", found: "one for latents",
        needed: "the cross-entropy alone, where the processor is tuned")
    }
  }

  /// A plan of `steps` with the defaults.
  public init(steps: Int) { self.steps = steps }
}

/// One optimizer step.
public struct StepReport: Sendable {
  /// From 1.
  public var step: Int
  /// Of the response tokens, before the step.
  public var losses: LossSums
  /// Of the gradient, before clipping.
  public var gradientNorm: Double
  /// What the schedule multiplied the rates by.
  public var rateFactor: Double
  /// Tokens that went through the edited processor, responses and prompts.
  public var tokenCount: Int
  /// Wall-clock time.
  public var seconds: Double
}

/// Losses a response token, in nats, of held-out examples under every condition.
public struct ValidationReport: Sendable, Codable, Equatable {
  /// Steps taken.
  public var step: Int
  /// What the examples are: "seen" or "unseen" instructions, "compositional".
  public var split: String
  /// Examples.
  public var exampleCount: Int
  /// Response tokens.
  public var tokenCount: Int
  /// With the edit of the example's instruction.
  public var edited: Double
  /// With the edit of another one's instruction.
  public var shuffled: Double
  /// Without an edit.
  public var ablated: Double
  /// With the instruction in the prompt.
  public var prompted: Double
  /// With another one's instruction in the prompt.
  public var promptedShuffled: Double

  /// What has to be measured for a report.
  static let conditions: [EditCondition] = [
    .edited, .shuffled, .ablated, .prompted, .promptedShuffled,
  ]

  /// Token-weighted means of `losses`, which have been measured under all `conditions`.
  init(_ losses: HeldOutLosses, step: Int, split: String) {
    self.step = step
    self.split = split
    exampleCount = losses.examples.count
    tokenCount = losses.tokenCounts.reduce(0, +)
    let tokens = Double(tokenCount)
    func mean(_ condition: EditCondition) -> Double {
      losses.sums[condition]!.reduce(0, +) / tokens
    }
    edited = mean(.edited)
    shuffled = mean(.shuffled)
    ablated = mean(.ablated)
    prompted = mean(.prompted)
    promptedShuffled = mean(.promptedShuffled)
  }

  /// (ablated - edited) / (ablated - prompted).
  public var recoveredFraction: Double { (ablated - edited) / (ablated - prompted) }
  /// (shuffled - edited) / (prompted shuffled - prompted): the part of the prompt's sensitivity to the
  /// instruction that the latents carry (docs/method.md).
  public var instructionEffect: Double { (shuffled - edited) / (promptedShuffled - prompted) }
}
