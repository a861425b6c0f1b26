import EditorTraining

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The loss under one condition.
public struct ConditionFigure: Sendable, Equatable, Encodable {
  /// Mean of -log p over all tokens of the rows.
  public let nat: Estimate
  /// exp of it.
  public let perplexity: Estimate
}

/// What an editor's losses on some rows say, with N the mean loss of a token under a condition:
///
///     recovered fraction  = (N ablated - N edited) / (N ablated - N prompted)
///     instruction effect  = (N shuffled - N edited) / (N prompted shuffled - N prompted)
///
/// the first the part of what a prompt would gain that the latents gain, the second the part of a
/// prompt's sensitivity to the instruction that they carry: 0 where the instruction is not read. Where the
/// prompt itself is insensitive (`leastSensitivity`) and a tuned model was measured, its difference,
/// N tuned shuffled - N tuned, is the scale of the second.
public struct ConditionFigures: Sendable, Equatable, Encodable {
  /// A prompt that gains less than this from the right instruction, in nats a token, is no scale for an
  /// editor.
  public static let leastSensitivity = 0.1

  /// Rows.
  public let rows: Int
  /// Their response tokens.
  public let tokens: Int
  /// By the condition's name.
  public let conditions: [String: ConditionFigure]
  /// What is gained, in nats a token; see `Difference`.
  public let differences: [String: Estimate]
  /// See above.
  public let recoveredFraction: Estimate?
  /// (N ablated - N edited) / (N ablated - N tuned).
  public let recoveredFractionOfTuned: Estimate?
  /// See above.
  public let instructionEffect: Estimate?
  /// The same with a sentence that asks for nothing in the place of another row's instruction:
  /// (N random_sentence - N edited) / (N prompted_random_sentence - N prompted).
  public let instructionEffectOverSentence: Estimate?
  /// The same with nonsense.
  public let instructionEffectOverNonsense: Estimate?
  /// What the scale of the instruction effect is: prompted or tuned; nil where there is none.
  public let instructionScale: EditCondition?
  /// Whether the prompt is so insensitive to the instruction (`leastSensitivity`) that the instruction
  /// effect says little; nil where it was not measured.
  public let promptIsInsensitive: Bool?

  /// A difference of two mean losses: what the second gains over the first.
  public enum Difference: String, CaseIterable, Sendable {
    /// Of the edit over no edit.
    case edited
    /// Of that, what another row's instruction gains too: the answers' format.
    case format
    /// Of one constant that was learned over no edit.
    case constant
    /// Of the right instruction over another one's, edited.
    case instruction
    /// Of the instruction over a sentence that asks for nothing, edited.
    case overSentence = "instruction_over_random_sentence"
    /// Of the instruction over nonsense, edited.
    case overNonsense = "instruction_over_nonsense"
    /// Of the instruction in the prompt over none.
    case prompted
    /// Of the right instruction over another one's, in the prompt.
    case promptedInstruction = "prompted_instruction"
    /// Of the instruction over a sentence that asks for nothing, in the prompt.
    case promptedOverSentence = "prompted_over_random_sentence"
    /// Of the instruction over nonsense, in the prompt.
    case promptedOverNonsense = "prompted_over_nonsense"
    /// Of the tuned processor over the unedited one.
    case tuned
    /// Of the right instruction over another one's, tuned.
    case tunedInstruction = "tuned_instruction"

    /// The condition that loses and the one that gains.
    public var conditions: (from: EditCondition, to: EditCondition) {
      switch self {
      case .edited: (.ablated, .edited)
      case .constant: (.ablated, .constant)
      case .format: (.ablated, .shuffled)
      case .instruction: (.shuffled, .edited)
      case .overSentence: (.sentence, .edited)
      case .overNonsense: (.nonsense, .edited)
      case .promptedOverSentence: (.promptedSentence, .prompted)
      case .promptedOverNonsense: (.promptedNonsense, .prompted)
      case .prompted: (.ablated, .prompted)
      case .promptedInstruction: (.promptedShuffled, .prompted)
      case .tuned: (.ablated, .tuned)
      case .tunedInstruction: (.tunedShuffled, .tuned)
      }
    }
  }

  /// Figures of the conditions that `losses` has, with intervals of `bootstrap`; `families` are those of the rows,
  /// for one that draws families.
  public init(
    _ losses: ConditionLosses, _ bootstrap: Bootstrap = Bootstrap(), families: [String?] = []
  ) {
    let measured = EditCondition.allCases.filter { losses.sums[$0] != nil }
    let differences = Difference.allCases.filter { difference in
      let (from, to) = difference.conditions
      return measured.contains(from) && measured.contains(to)
    }
    let ratios = Ratio.allCases.filter { ratio in
      differences.contains(ratio.parts.0) && differences.contains(ratio.parts.1)
    }
    let sums = measured.map { losses.sums[$0]! }
    let estimates = bootstrap.estimates(
      count: losses.tokenCounts.count, families: families
    ) { times in
      let tokens = drawnSum(losses.tokenCounts, times)
      let means = sums.map { drawnSum($0, times) / tokens }
      func mean(_ condition: EditCondition) -> Double {
        means[measured.firstIndex(of: condition)!]
      }
      func gain(_ difference: Difference) -> Double {
        mean(difference.conditions.from) - mean(difference.conditions.to)
      }
      return means + differences.map(gain) + ratios.map { gain($0.parts.0) / gain($0.parts.1) }
    }
    rows = losses.tokenCounts.count
    tokens = losses.tokenCounts.reduce(0, +)
    var next = estimates[...]
    var conditions: [String: ConditionFigure] = [:]
    for condition in measured {
      guard let nat = next.removeFirst() else { continue }
      conditions[condition.rawValue] = ConditionFigure(
        nat: nat,
        perplexity: Estimate(value: exp(nat.value), low: nat.low.map(exp), high: nat.high.map(exp)))
    }
    var gains: [String: Estimate] = [:]
    for difference in differences { gains[difference.rawValue] = next.removeFirst() }
    var quotients: [Ratio: Estimate] = [:]
    for ratio in ratios { quotients[ratio] = next.removeFirst() }
    self.conditions = conditions
    self.differences = gains
    recoveredFraction = quotients[.recovered]
    recoveredFractionOfTuned = quotients[.recoveredOfTuned]
    promptIsInsensitive = gains[Difference.promptedInstruction.rawValue].map {
      $0.value < Self.leastSensitivity
    }
    let isTuned = promptIsInsensitive != false && quotients[.instructionOfTuned] != nil
    instructionEffect = quotients[isTuned ? .instructionOfTuned : .instruction]
    instructionEffectOverSentence = quotients[.overSentence]
    instructionEffectOverNonsense = quotients[.overNonsense]
    instructionScale = instructionEffect == nil ? nil : isTuned ? .tuned : .prompted
  }

  private enum Ratio: CaseIterable {
    case recovered, recoveredOfTuned, instruction, instructionOfTuned, overSentence, overNonsense

    var parts: (Difference, Difference) {
      switch self {
      case .recovered: (.edited, .prompted)
      case .recoveredOfTuned: (.edited, .tuned)
      case .instruction: (.instruction, .promptedInstruction)
      case .instructionOfTuned: (.instruction, .tunedInstruction)
      case .overSentence: (.overSentence, .promptedOverSentence)
      case .overNonsense: (.overNonsense, .promptedOverNonsense)
      }
    }
  }
}
