/// Tokens of one sequence that go through a pass, beside those of others.
public struct PassSegment {
  /// The sequence.
  public let state: ProcessorState
  /// What is appended to it.
  public let tokens: [Int]
  /// The index in `tokens` of the first whose logits are wanted; as many as there are tokens for none.
  public let logitsFrom: Int
  /// Who reads or edits this sequence's rows of the residual stream.
  public let visitor: (any ResidualStreamVisitor)?

  /// `tokens` for `state`. Without `logitsFrom` the logits of the last are wanted alone.
  public init(
    _ state: ProcessorState, _ tokens: [Int], logitsFrom: Int? = nil,
    visitor: (any ResidualStreamVisitor)? = nil
  ) {
    self.state = state
    self.tokens = tokens
    self.logitsFrom = max(0, logitsFrom ?? tokens.count - 1)
    self.visitor = visitor
  }
}

/// A model on one sequence whose tokens can go through a pass together with those of other sequences: the
/// processor as it is, or edited in a way of its own.
public protocol BatchableModel: SequenceModel {
  /// The memory of its passes, which the others share.
  var memory: PassMemory { get }
  /// What a pass has to run to append `tokens`, of which those from index `first` on are to have logits.
  /// Tokens at the beginning that need no pass, as those of a compiled edit, are appended at once, and have
  /// no logits; nil where that is all of them. Throws as `forward` does.
  func segment(
    _ tokens: [Int], logitsFrom first: Int
  ) throws(LanguageModelError) -> PassSegment?
}

extension ProcessorState: BatchableModel {
  /// All of `tokens`.
  public func segment(_ tokens: [Int], logitsFrom first: Int) -> PassSegment? {
    PassSegment(self, tokens, logitsFrom: first)
  }
}
