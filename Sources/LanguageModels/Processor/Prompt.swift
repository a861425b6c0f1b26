/// What a model reads before it answers: tokens, and where in them the content begins, which is what
/// edits that count from it need to know. Whoever writes the prompt (a chat template, plain text) makes it.
public struct Prompt: Sendable, Equatable {
  /// The tokens, from the first of the sequence on.
  public var tokens: [Int]
  /// The index of the first token of what somebody wrote, after BOS and a template's opening.
  public var firstContent: Int

  /// A prompt of `tokens`, with its content from index `firstContent` on.
  public init(_ tokens: [Int], firstContent: Int = 0) {
    self.tokens = tokens
    self.firstContent = firstContent
  }

  /// The same with `tokens` in front.
  public func following(_ tokens: some Collection<Int>) -> Prompt {
    Prompt(tokens + self.tokens, firstContent: firstContent + tokens.count)
  }
}

/// Why a model cannot take a prompt: `reason` is the error of what is done to the model, an edit for one.
public struct PromptError: Error, CustomStringConvertible {
  /// What was thrown.
  public let reason: any Error

  /// An error with that reason.
  public init(_ reason: any Error) { self.reason = reason }

  /// The reason's own.
  public var description: String { "\(reason)" }
}
