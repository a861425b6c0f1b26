import LanguageModels

extension SequenceModel {
  /// Feeds `tokens` to an empty cache.
  func evaluate(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (Int, Span<Float>) throws(EvaluationError) -> Void
  ) throws(EvaluationError) {
    truncate(to: 0)
    do throws(SequenceError<EvaluationError>) {
      try forwardAll(tokens, logitsFrom: first, body)
    } catch {
      switch error {
      case .model(let error): throw .model(error)
      case .listener(let error): throw error
      }
    }
  }
}

extension LogSoftmax {
  /// That of the logits at `position`. Throws `unusableLogits` when a logit is NaN or +infinity, or all are
  /// -infinity.
  init(_ logits: Span<Float>, position: Int) throws(EvaluationError) {
    guard let value = LogSoftmax(logits) else { throw .unusableLogits(position: position) }
    self = value
  }
}
