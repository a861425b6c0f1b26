/// Token sequences of different lengths, one after the other.
public struct TokenBatch: Sendable, Equatable {
  /// The tokens of all sequences, one row of activations each.
  public let tokens: [Int]
  /// Where each sequence begins, and at last where the last one ends: `sequenceCount + 1` rows.
  public let boundaries: [Int]

  /// The sequences in that order. Each must have a token, or a model throws `noTokens`.
  public init(_ sequences: [[Int]]) {
    tokens = Array(sequences.joined())
    var end = 0
    boundaries =
      [0]
      + sequences.map {
        end += $0.count
        return end
      }
  }

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
      let count = rows(of: sequence).count
      guard count > 0 else { throw .noTokens }
      guard count <= contextLength else {
        throw .sequenceTooLong(sequence: sequence, tokens: count, most: contextLength)
      }
    }
    if let bad = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) {
      throw .tokenOutOfRange(token: bad, vocabularySize: vocabularySize)
    }
  }
}
