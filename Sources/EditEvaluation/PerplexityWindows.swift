import LanguageModels

/// How a text is cut up for perplexity, as llama.cpp's `llama-perplexity` does it: windows of
/// `length` tokens that do not overlap, each fed to an empty cache; in each, the tokens of the
/// second half are scored, so that every scored token has at least half a window before it.
///
/// In a model whose tokenizer adds a beginning-of-text token, that token replaces each window's
/// first one when it is fed.
public struct PerplexityWindows: Sendable {
  /// The text's tokens, whole windows only.
  public let tokens: [Int]
  /// Tokens in a window.
  public let length: Int
  /// Replaces each window's first token, or nil.
  public let beginning: Int?

  /// Windows in all.
  public var count: Int { tokens.count / length }
  /// The first position of a window whose logits are used: they score the token after it.
  public var first: Int { length / 2 }
  /// Tokens scored in a window: `first` + 1 to the last.
  public var scoredPerWindow: Int { length - 1 - first }

  /// Cuts `tokens` into windows of `length`, at most `limit` of them.
  ///
  /// Throws when the text does not have two windows' worth of tokens, even if fewer are asked for,
  /// which is llama.cpp's rule.
  public init(
    _ tokens: [Int], length: Int, limit: Int? = nil, beginning: Int?
  ) throws(EvaluationError) {
    guard length >= 4 else { throw .windowTooShort(length: length) }
    let (needed, overflow) = length.multipliedReportingOverflow(by: 2)
    guard !overflow, tokens.count >= needed else {
      throw .textTooShort(tokens: tokens.count, needed: overflow ? .max : needed)
    }
    let whole = Array(tokens[..<(tokens.count / length * length)])
    self = try PerplexityWindows(whole: whole, length: length, beginning: beginning).first(limit)
  }

  /// Windows already cut, as a base file holds them.
  init(whole tokens: [Int], length: Int, beginning: Int?) {
    precondition(length >= 4 && !tokens.isEmpty && tokens.count % length == 0)
    self.tokens = tokens
    self.length = length
    self.beginning = beginning
  }

  /// The first `limit` windows; nil for all.
  func first(_ limit: Int?) throws(EvaluationError) -> PerplexityWindows {
    if let limit, limit < 1 { throw .noWindows }
    let count = min(count, limit ?? count)
    return PerplexityWindows(
      whole: Array(tokens[..<(count * length)]), length: length, beginning: beginning)
  }

  /// Feeds each window to `model`; calls `score` with the logits at each scored position and the
  /// token that follows it, and `onWindow` with the number of windows done, which answers whether to
  /// go on.
  func run(
    _ model: some SequenceModel, vocabularySize: Int,
    onWindow: (Int) throws(EvaluationError) -> Bool,
    score: (_ logits: Span<Float>, _ next: Int, _ position: Int) throws(EvaluationError) -> Void
  ) throws(EvaluationError) {
    guard length <= model.contextLength else {
      throw .windowTooLong(length: length, contextLength: model.contextLength)
    }
    if let id = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
      throw .noSuchToken(id: id, vocabularySize: vocabularySize)
    }
    for window in 0..<count {
      let start = window * length
      // The last token is only scored: its own logits are not needed.
      var fed = Array(tokens[start..<(start + length - 1)])
      if let beginning { fed[0] = beginning }
      try model.evaluate(fed, logitsFrom: first) { index, logits throws(EvaluationError) in
        try score(logits, tokens[start + index + 1], start + index)
      }
      if try !onWindow(window + 1) {
        throw .cancelled(done: window + 1, total: count, unit: "windows")
      }
    }
  }
}
