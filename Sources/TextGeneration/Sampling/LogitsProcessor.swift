/// A step that narrows down or rescales the candidates for the next token.
public protocol LogitsProcessor: Sendable {
  /// Changes `candidates`, given the tokens before (prompt and generated, oldest first).
  ///
  /// At least one candidate must be left.
  func process(_ candidates: inout Candidates, after history: [Int])
}

/// Picks the next token among the candidates that are left.
public protocol Sampler: Sendable {
  /// The id of the token picked.
  mutating func pick(from candidates: Candidates) -> Int
}
