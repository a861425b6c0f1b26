import LanguageModels

/// Scores the tokens of a text by what came before each.
public enum TokenScores {
  /// ln p of each token of `tokens` given those before it, in order; the first, which has nothing
  /// before it, has none: the result is one shorter than `tokens`.
  ///
  /// `onLogits` gets the logits after every token, the last one's too, for those who want them all. The
  /// `ahead` tokens in front, which may have no logits of their own, count as context alone: the first
  /// behind them is then the one that has none.
  public static func logProbabilities(
    of tokens: [Int], after ahead: Int = 0, _ model: some SequenceModel, vocabularySize: Int,
    onLogits: (Int, Span<Float>) throws(ModelEvaluationError) -> Void = { _, _ in }
  ) throws(ModelEvaluationError) -> [Double] {
    precondition(ahead >= 0)
    guard tokens.count - ahead >= 2 else {
      throw .nothingToScore(tokens: max(0, tokens.count - ahead))
    }
    guard tokens.count <= model.contextLength else {
      throw .windowTooLong(length: tokens.count, contextLength: model.contextLength)
    }
    if let id = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
      throw .noSuchToken(id: id, vocabularySize: vocabularySize)
    }
    var result: [Double] = []
    result.reserveCapacity(tokens.count - ahead - 1)
    try model.evaluate(tokens, logitsFrom: ahead) { index, logits throws(ModelEvaluationError) in
      if index + 1 < tokens.count {
        let logSoftmax = try LogSoftmax(logits, position: index)
        result.append(logSoftmax(logits[tokens[index + 1]]))
      }
      try onLogits(index, logits)
    }
    return result
  }
}
