import LanguageModels

/// What an editor is trained for:
///
///     a mean CE + b mean KL(prompted || edited) + sum lambda regularizer
///
/// the means over the response tokens of a step.
public struct EditorObjective: Sendable, Equatable, Codable {
  /// a.
  public var crossEntropy: Float
  /// b; the prompted processor is the teacher.
  public var distillation: Float
  /// The lambdas.
  public var regularizers: Regularizers

  /// Cross-entropy alone unless given.
  public init(
    crossEntropy: Float = 1, distillation: Float = 0, regularizers: Regularizers = Regularizers()
  ) {
    self.crossEntropy = crossEntropy
    self.distillation = distillation
    self.regularizers = regularizers
  }
}

/// Sums over response tokens, in nats.
public struct LossSums: Sendable, Equatable {
  /// Tokens.
  public var tokenCount = 0
  /// Sum of -log p.
  public var crossEntropy = 0.0
  /// Sum of KL(prompted || edited); 0 where there was no teacher.
  public var divergence = 0.0

  /// Of no tokens.
  public init() {}

  /// Of the tokens that `losses` are of.
  init(_ losses: TokenLosses) {
    tokenCount = losses.crossEntropy.count
    crossEntropy = losses.crossEntropy.reduce(0) { $0 + Double($1) }
    divergence = losses.divergence.reduce(0) { $0 + Double($1) }
  }

  /// -log p a token.
  public var meanCrossEntropy: Double { crossEntropy / Double(max(1, tokenCount)) }
  /// KL a token.
  public var meanDivergence: Double { divergence / Double(max(1, tokenCount)) }

  /// Both together.
  public static func += (a: inout LossSums, b: LossSums) {
    a.tokenCount += b.tokenCount
    a.crossEntropy += b.crossEntropy
    a.divergence += b.divergence
  }
}
