/// What a vocabulary must satisfy before anything is built from it, and what the check finds on the
/// way.
struct VocabularyCheck {
  /// Finds every piece, whatever its type.
  let index: PieceIndex
  /// The token of each byte, or empty when there are none.
  let byteTokens: [Int]
  /// What stands for text no piece covers, where there is something.
  let unknownToken: Int?

  /// 16 million tokens are sixty times the largest vocabulary in use.
  static let tokenLimit = 1 << 24
  /// libsentencepiece takes unused pieces apart recursively: a limit on length is one on its stack.
  static let pieceLimit = 4096

  init(_ vocabulary: Vocabulary) throws(TokenizationError) {
    let count = vocabulary.pieces.count
    guard count > 0 else { throw .tooFewTokens(found: count) }
    guard count <= VocabularyCheck.tokenLimit else {
      throw .tooManyTokens(found: count, limit: VocabularyCheck.tokenLimit)
    }
    guard vocabulary.types.count == count else {
      throw .countMismatch(
        field: "tokenizer.ggml.token_type", found: vocabulary.types.count, needed: count)
    }
    index = try VocabularyCheck.indexPieces(vocabulary)
    try VocabularyCheck.checkSpecialTokens(vocabulary)

    switch vocabulary.model {
    case .bytePair:
      byteTokens = []
      unknownToken = vocabulary.types.firstIndex(of: .unknown)
    case .sentencePiece:
      guard vocabulary.scores.count == count else {
        throw .countMismatch(
          field: "tokenizer.ggml.scores", found: vocabulary.scores.count, needed: count)
      }
      if let id = vocabulary.scores.firstIndex(where: { !$0.isFinite }) {
        throw .unusableScore(id: id, found: vocabulary.scores[id])
      }
      byteTokens = try VocabularyCheck.findByteTokens(vocabulary)
      unknownToken = try VocabularyCheck.findUnknownToken(vocabulary)
    }
  }

  private static func indexPieces(
    _ vocabulary: Vocabulary
  ) throws(TokenizationError) -> PieceIndex {
    var index = PieceIndex(capacity: vocabulary.pieces.count)
    for id in vocabulary.pieces.indices {
      let piece = vocabulary.pieces[id]
      guard !piece.isEmpty else { throw .emptyPiece(id: id) }
      let limit = vocabulary.model == .sentencePiece ? pieceLimit : 1 << 20
      guard piece.count <= limit else {
        throw .pieceTooLong(id: id, bytes: piece.count, limit: limit)
      }
      guard !piece.contains(0) else { throw .zeroInPiece(id: id) }
      guard String(validating: piece, as: UTF8.self) != nil else { throw .pieceNotUTF8(id: id) }
      if let first = index.insert(id, of: vocabulary.pieces) {
        throw .duplicatePiece(vocabulary.pieces.text(id), first: first, second: id)
      }
    }
    return index
  }

  private static func checkSpecialTokens(_ vocabulary: Vocabulary) throws(TokenizationError) {
    let named = [
      ("tokenizer.ggml.bos_token_id", vocabulary.bosToken),
      ("tokenizer.ggml.eos_token_id", vocabulary.eosToken),
      ("tokenizer.ggml.eot_token_id", vocabulary.endOfTurnToken),
      ("tokenizer.ggml.unknown_token_id", vocabulary.unknownToken),
      ("tokenizer.ggml.padding_token_id", vocabulary.paddingToken),
    ]
    let others = vocabulary.otherEndTokens.map { ("an end token", Optional($0)) }
    for (field, token) in named + others {
      guard let token, !vocabulary.pieces.indices.contains(token) else { continue }
      throw .tokenOutOfRange(field: field, found: token, count: vocabulary.pieces.count)
    }
    if vocabulary.addsBOS, vocabulary.bosToken == nil {
      throw .missingSpecialToken(
        flag: "tokenizer.ggml.add_bos_token", field: "tokenizer.ggml.bos_token_id")
    }
    if vocabulary.addsEOS, vocabulary.eosToken == nil {
      throw .missingSpecialToken(
        flag: "tokenizer.ggml.add_eos_token", field: "tokenizer.ggml.eos_token_id")
    }
  }

  private static func findByteTokens(
    _ vocabulary: Vocabulary
  ) throws(TokenizationError) -> [Int] {
    var tokens = [Int](repeating: -1, count: 256)
    var found = 0
    for id in vocabulary.pieces.indices where vocabulary.types[id] == .byte {
      guard let byte = byteValue(vocabulary.pieces[id]) else {
        throw .invalidByteToken(id: id, piece: vocabulary.pieces.text(id))
      }
      tokens[Int(byte)] = id
      found += 1
    }
    guard found == 0 || found == 256 else { throw .incompleteByteTokens(found: found) }
    return found == 0 ? [] : tokens
  }

  /// The byte that exactly `<0x00>` to `<0xFF>`, with capital letters, stand for.
  static func byteValue(_ piece: ArraySlice<UInt8>) -> UInt8? {
    guard piece.count == 6, piece.starts(with: "<0x".utf8), piece.last == UInt8(ascii: ">") else {
      return nil
    }
    var value: UInt8 = 0
    for digit in piece.dropFirst(3).dropLast() {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | (digit - 0x30)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | (digit - 0x37)
      default: return nil
      }
    }
    return value
  }

  /// The one of type unknown, or else the one named as such, which converters that know only
  /// "special" and "not special" mark as control.
  private static func findUnknownToken(
    _ vocabulary: Vocabulary
  ) throws(TokenizationError) -> Int {
    var found: Int?
    for id in vocabulary.pieces.indices where vocabulary.types[id] == .unknown {
      if let found { throw .severalUnknownTokens(first: found, second: id) }
      found = id
    }
    if let found { return found }
    guard let named = vocabulary.unknownToken, vocabulary.types[named] == .control else {
      throw .noUnknownToken
    }
    return named
  }
}
