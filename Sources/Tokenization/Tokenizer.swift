import Foundation

/// Text to token ids and back, by one vocabulary. Immutable, so that threads may share it.
///
/// Special tokens: text never becomes a control token unless `parseSpecial` asks for it, so that what
/// a user types cannot steer the model. User-defined tokens are found in any text. Results are those
/// of llama.cpp for a vocabulary in a GGUF, and of SentencePiece for a `.model` file.
public final class Tokenizer: Sendable {
  /// What the tokenizer was made from.
  public let vocabulary: Vocabulary
  /// Tokens after which there is nothing more to generate: EOS, end of turn, and those known by
  /// their text, such as `<|im_end|>`.
  public let endOfGenerationTokens: Set<Int>

  private let types: [TokenType]
  private let index: PieceIndex
  private let decoded: PieceTable
  private let special: SpecialTokenMatcher
  private let encoder: any TextEncoder

  /// Checks `vocabulary` and prepares it.
  public init(vocabulary: Vocabulary) throws(TokenizationError) {
    let check = try VocabularyCheck(vocabulary)
    self.vocabulary = vocabulary
    index = check.index

    let ends = EndOfGeneration.tokens(of: vocabulary, index: check.index)
    let named = [vocabulary.eosToken, vocabulary.endOfTurnToken].compactMap { $0 }
    endOfGenerationTokens = ends.union(named).union(vocabulary.otherEndTokens)

    // Some files mark these as text, and a prompt's template would then not become what the model
    // was trained with.
    var types = vocabulary.types
    for id in ends where types[id] == .normal { types[id] = .control }
    self.types = types

    decoded = Tokenizer.decodePieces(vocabulary, types: types)
    special = SpecialTokenMatcher(
      vocabulary, types: types, userDefined: vocabulary.userDefinedPiecesSplitText)
    var checked = vocabulary
    checked.types = types
    encoder =
      switch vocabulary.model {
      case .sentencePiece:
        try SentencePieceEncoder(
          checked, unknownToken: check.unknownToken, byteTokens: check.byteTokens)
      case .bytePair:
        try BytePairEncoder(checked, index: check.index, decoded: decoded)
      }
  }

  // MARK: Tokens

  /// The number of tokens; ids go from 0 to this, exclusive.
  public var vocabularyCount: Int { vocabulary.pieces.count }
  /// The token that begins a text.
  public var bosToken: Int? { vocabulary.bosToken }
  /// The token that ends a text.
  public var eosToken: Int? { vocabulary.eosToken }

  /// What `id` stands for. `id` must be in the vocabulary.
  public func type(of id: Int) -> TokenType { types[id] }

  /// The token written exactly so in the vocabulary, for instance `<|im_end|>` or `\u{2581}the`.
  public func token(forPiece piece: String) -> Int? {
    index.find(Array(piece.utf8), in: vocabulary.pieces)
  }

  /// How the vocabulary writes `id`, for people to look at. `id` must be in the vocabulary.
  public func piece(of id: Int) -> String { vocabulary.pieces.text(id) }

  /// The text that `id` stands for, spaces and line ends as such; where that is no whole characters, or none, how the
  /// vocabulary writes it. `id` must be in the vocabulary.
  public func text(of id: Int) -> String {
    guard let text = String(validating: bytes(of: id), as: UTF8.self), !text.isEmpty else {
      return piece(of: id)
    }
    return text
  }

  /// The bytes of text that `id` stands for; they may be a part of a character. Control and unknown
  /// tokens stand for none, or with `special` for their own names; unused ones of a GGUF for none, as in llama.cpp:
  /// rows that fill a vocabulary up can be drawn. `id` must be in the vocabulary.
  public func bytes(of id: Int, special: Bool = false) -> ArraySlice<UInt8> {
    switch types[id] {
    case .control, .unknown: special ? vocabulary.pieces[id] : []
    case .unused where vocabulary.userDefinedPiecesSplitText: []
    case .normal, .userDefined, .unused, .byte: decoded[id]
    }
  }

  // MARK: Encoding

  /// The tokens of `text`.
  ///
  /// - Parameters:
  ///   - text: what to tokenize.
  ///   - addSpecial: put BOS in front and EOS at the end where the vocabulary says so.
  ///   - parseSpecial: take the names of control tokens in `text` for these tokens.
  public func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [Int] {
    encode([TextSegment(text, isMarkup: parseSpecial)], addSpecial: addSpecial)
  }

  /// The tokens of `segments` one after the other, as if they were one text: only the names of
  /// control tokens are looked for within markup alone.
  public func encode(_ segments: [TextSegment], addSpecial: Bool) -> [Int] {
    var ids: [Int] = []
    if addSpecial, vocabulary.addsBOS, let bos = vocabulary.bosToken { ids.append(bos) }

    var pending: [UInt8] = []
    var isStart = true
    func encodePending() {
      guard !pending.isEmpty else { return }
      if vocabulary.composesText { pending = Self.composed(pending) }
      pending.withUnsafeBufferPointer { encoder.encode($0, isStart: isStart, into: &ids) }
      pending.removeAll(keepingCapacity: true)
      isStart = false
    }
    for segment in segments {
      var text = segment.text
      text.withUTF8 { bytes in
        for part in special.split(bytes, parseSpecial: segment.isMarkup) {
          switch part {
          case .text(let range):
            pending.append(contentsOf: bytes[range])
          case .token(let id):
            encodePending()
            ids.append(id)
            isStart = false
          }
        }
      }
    }
    encodePending()

    if addSpecial, vocabulary.addsEOS, let eos = vocabulary.eosToken { ids.append(eos) }
    return ids
  }

  /// Text in Unicode's form C.
  private static func composed(_ text: [UInt8]) -> [UInt8] {
    // ASCII has only one form.
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    return Array(String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping.utf8)
  }

  // MARK: Decoding

  /// The text of `ids`, invalid UTF-8 replaced by U+FFFD. The space that encoding puts in front of a
  /// text is taken away again. All ids must be in the vocabulary.
  public func decode(_ ids: [Int], special: Bool = false) -> String {
    var detokenizer = StreamingDetokenizer(self, special: special)
    var text = ""
    for id in ids { text += detokenizer.append(id) }
    return text + detokenizer.finish()
  }

  /// The bytes of text of every token that stands for text.
  private static func decodePieces(_ vocabulary: Vocabulary, types: [TokenType]) -> PieceTable {
    var table = PieceTable()
    table.reserveCapacity(vocabulary.pieces.count, bytes: vocabulary.pieces.byteCount)
    for id in vocabulary.pieces.indices {
      let piece = vocabulary.pieces[id]
      switch (vocabulary.model, types[id]) {
      case (_, .control), (_, .unknown):
        table.append(piece)
      case (_, .userDefined) where vocabulary.userDefinedPiecesSplitText:
        table.append(piece)
      case (.sentencePiece, .byte):
        let digits = String(decoding: piece.dropFirst(3).dropLast(), as: UTF8.self)
        table.append(CollectionOfOne(UInt8(digits, radix: 16) ?? 0))
      case (.sentencePiece, _):
        table.append(withSpaces(piece))
      case (.bytePair, _):
        // A piece outside the byte alphabet was added later and is its own text.
        if let bytes = ByteAlphabet.decode(piece) {
          table.append(bytes)
        } else {
          table.append(piece)
        }
      }
    }
    return table
  }

  private static func withSpaces(_ piece: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = piece
    while let first = rest.first {
      if first == metaSpace[0], rest.starts(with: metaSpace) {
        bytes.append(0x20)
        rest = rest.dropFirst(metaSpace.count)
      } else {
        bytes.append(first)
        rest = rest.dropFirst()
      }
    }
    return bytes
  }
}
