/// What is asked of the predictions at some rows of a batch.
///
///     loss = sum_r w_r (a CE_r + b KL_r)
///     CE_r = -log p_r[target_r],  KL_r = sum_v q_r[v] (log q_r[v] - log p_r[v])
///
/// with p the model's distribution after row r and q a teacher's.
package struct TokenObjective: Sendable, Equatable {
  /// Rows of the batch whose predictions are scored.
  package var rows: [Int]
  /// The token that should follow each.
  package var targets: [Int]
  /// w of each.
  package var weights: [Float]
  /// a.
  package var crossEntropy: Float
  /// b; the teacher's states are needed where it is not 0.
  package var distillation: Float

  /// `targets` after `rows`, each with its weight.
  package init(
    rows: [Int], targets: [Int], weights: [Float], crossEntropy: Float = 1, distillation: Float = 0
  ) {
    precondition(rows.count == targets.count && rows.count == weights.count)
    self.rows = rows
    self.targets = targets
    self.weights = weights
    self.crossEntropy = crossEntropy
    self.distillation = distillation
  }
}

/// The losses of an objective, row by row, in nats.
package struct TokenLosses: Sendable, Equatable {
  /// CE of each row.
  package var crossEntropy: [Float]
  /// KL of each row; empty without a teacher.
  package var divergence: [Float]
}

/// A teacher's residual stream after the last block at the scored rows, `[rows][hidden]`: its
/// distributions, in a hundredth of their size.
package struct TeacherStates: Sendable, Equatable {
  /// Row after row.
  package var values: [Float]

  /// Row after row.
  package init(values: [Float]) { self.values = values }
}
