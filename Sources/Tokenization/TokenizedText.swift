import PlainText

/// A text or a conversation in tokens: an object of JSON as `emend tokenize --json` writes it, and text.
public struct TokenizedText: Sendable, Encodable {
  /// Its tokens.
  public let ids: [Int]
  /// How the vocabulary writes each.
  public let pieces: [String]
  /// A conversation as it is written out; nil for a text.
  public var text: String?

  /// The tokens of `text`. `addSpecial` and `parseSpecial` are those of `Tokenizer.encode`.
  public init(
    _ text: String, with tokenizer: Tokenizer, addSpecial: Bool = true, parseSpecial: Bool = false
  ) {
    ids = tokenizer.encode(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
    pieces = ids.map(tokenizer.piece)
  }

  /// The tokens of a conversation as `template` writes it. Throws what the template does not take.
  public init(
    _ turns: [ChatMessage], as template: ChatTemplate, with tokenizer: Tokenizer,
    addGenerationPrompt: Bool = true
  ) throws(TokenizationError) {
    let segments = try template.segments(
      turns, with: tokenizer, addGenerationPrompt: addGenerationPrompt)
    ids = try template.encode(turns, with: tokenizer, addGenerationPrompt: addGenerationPrompt)
    pieces = ids.map(tokenizer.piece)
    text = segments.map(\.text).joined()
  }

  /// A line for each token: its id and its piece.
  public var lines: [String] { zip(ids, pieces).map { "\($0)\t\($1.onOneLine)" } }
}
