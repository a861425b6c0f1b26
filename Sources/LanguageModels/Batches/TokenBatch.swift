/// Token sequences of different lengths, one after the other.
///
/// Sequences that begin alike may share these tokens, so that they are read once: the first sequence has them, and the
/// rows of the others begin behind them.
public struct TokenBatch: Sendable, Equatable {
  /// The tokens of all sequences, one row of activations each.
  public let tokens: [Int]
  /// Where the rows of each sequence begin, and at last where those of the last one end: `sequenceCount + 1` rows.
  public let boundaries: [Int]
  /// Tokens at the beginning of all sequences that only the first one has rows for.
  public let sharedCount: Int

  /// The sequences in that order. Each must have a token, or a model throws `noTokens`.
  public init(_ sequences: [[Int]]) {
    sharedCount = 0
    tokens = Array(sequences.joined())
    var end = 0
    boundaries =
      [0]
      + sequences.map {
        end += $0.count
        return end
      }
  }

  /// The sequences in that order, of which the first tokens that are the same in all of them are read once: at most
  /// `most`, and of each sequence at least one token for itself.
  package init(_ sequences: [[Int]], sharing most: Int) {
    var shared = 0
    if sequences.count > 1, let shortest = sequences.map(\.count).min() {
      let limit = min(most, shortest - 1)
      while shared < limit, sequences.allSatisfy({ $0[shared] == sequences[0][shared] }) {
        shared += 1
      }
    }
    let own = TokenBatch(
      sequences.enumerated().map { $0 == 0 ? $1 : Array($1.dropFirst(shared)) })
    tokens = own.tokens
    boundaries = own.boundaries
    sharedCount = shared
  }

  /// The row of a sequence's token at `position`.
  package func row(of sequence: Int, at position: Int) -> Int {
    position < sharedCount
      ? position : boundaries[sequence] + position - (sequence == 0 ? 0 : sharedCount)
  }

  /// Positions of all sequences.
  var positionCount: Int { rowCount + (sequenceCount - 1) * sharedCount }

  /// Sequences.
  public var sequenceCount: Int { boundaries.count - 1 }
  /// Tokens of all sequences.
  public var rowCount: Int { tokens.count }
  /// The rows of a sequence.
  public func rows(of sequence: Int) -> Range<Int> {
    boundaries[sequence]..<boundaries[sequence + 1]
  }
  /// The row of each sequence's last token.
  public var lastRows: [Int] { boundaries.dropFirst().map { $0 - 1 } }

  /// Throws `noTokens`, `sequenceTooLong` or `tokenOutOfRange` unless a model with those limits can
  /// read it.
  func check(contextLength: Int, vocabularySize: Int) throws(LanguageModelError) {
    guard sequenceCount > 0 else { throw .noTokens }
    for sequence in 0..<sequenceCount {
      var count = rows(of: sequence).count
      guard count > 0 else { throw .noTokens }
      if sequence > 0 { count += sharedCount }
      guard count <= contextLength else {
        throw .sequenceTooLong(sequence: sequence, tokens: count, most: contextLength)
      }
    }
    if let bad = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
      throw .tokenOutOfRange(token: bad, vocabularySize: vocabularySize)
    }
  }
}
