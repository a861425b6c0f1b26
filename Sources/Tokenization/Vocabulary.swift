/// A tokenizer's data, whichever file it comes from: the pieces with their scores and types, the
/// merges, the special tokens and how text is to be prepared. It is a plain value that may hold
/// nonsense; `Tokenizer.init(vocabulary:)` checks it.
public struct Vocabulary: Sendable {
  /// How text becomes tokens.
  public enum Model: String, Sendable, CaseIterable {
    /// SentencePiece BPE: characters are merged by the score of the piece they form.
    case sentencePiece = "llama"
    /// Byte-level BPE (GPT-2): bytes of one word are merged by the rank of the pair.
    case bytePair = "gpt2"
  }

  /// How text becomes tokens.
  public var model: Model
  /// The pieces as the file has them: SentencePiece writes a space as U+2581; byte-level BPE writes
  /// every byte as one printable character.
  public var pieces: PieceTable
  /// One type per piece.
  public var types: [TokenType]
  /// SentencePiece: log probability or merge order of each piece, the larger merges first.
  public var scores: [Float] = []
  /// Byte-level BPE: "left right", the first merges first.
  public var merges = PieceTable()
  /// Byte-level BPE: how text is cut into words, by its name in `tokenizer.ggml.pre`.
  public var preTokenizer: String?

  /// Byte-level BPE: whether text is composed first (Unicode's form C), as tokenizer.json of Qwen2 has it. GGUF files
  /// of llama.cpp do not say it, and it does not do it.
  public var composesText = false

  /// The token that begins a text.
  public var bosToken: Int?
  /// The token that ends a text.
  public var eosToken: Int?
  /// The token that ends a turn of a conversation.
  public var endOfTurnToken: Int?
  /// What stands for text that no piece covers.
  public var unknownToken: Int?
  /// Fills up batches; never produced from text.
  public var paddingToken: Int?
  /// Further tokens that end generation, beyond those known by their text.
  public var otherEndTokens: [Int] = []

  /// Whether `addSpecial` puts the BOS token in front.
  public var addsBOS = false
  /// Whether `addSpecial` puts the EOS token at the end.
  public var addsEOS = false
  /// SentencePiece: whether a space is put in front of text, so that a word is the same piece at the
  /// start and in the middle.
  public var addsSpacePrefix = true
  /// Where the space prefix is put.
  public enum SpacePrefix: String, Sendable {
    /// Before every stretch of text between special tokens, as llama.cpp does.
    case everywhere
    /// There too, unless the stretch begins with a space (`Metaspace` with the scheme "always").
    case always
    /// Before a text that does not begin with a space or a special token (scheme "first").
    case first
  }

  /// SentencePiece: where it is put, if it is.
  public var spacePrefix = SpacePrefix.everywhere
  /// SentencePiece: whether leading, trailing and repeated spaces are dropped.
  public var removesExtraSpaces = false
  /// SentencePiece: who finds the user-defined pieces in text. In a GGUF, as llama.cpp has it, they
  /// split the text like control tokens and the space prefix follows each; in a `.model` file the
  /// library matches them in place.
  public var userDefinedPiecesSplitText = true

  /// The Jinja source of the model's chat template.
  public var chatTemplate: String?
  /// The Jinja sources of further templates by their names ("tool_use", "rag"), which are kept and not used.
  public var otherChatTemplates: [String: String] = [:]

  /// A vocabulary of these pieces; everything else is set afterwards.
  public init(model: Model, pieces: PieceTable, types: [TokenType]) {
    self.model = model
    self.pieces = pieces
    self.types = types
  }
}
