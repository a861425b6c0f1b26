import TestSupport
import Testing
import Tokenization

/// One test for each thing a vocabulary can claim that is not so, with the error it must lead to.
@Suite struct VocabularyLieTests {
  /// A complete SentencePiece vocabulary: `<unk> <s> </s>`, the 256 bytes, two characters and a merge.
  static func sentencePiece() -> Vocabulary {
    let digits = Array("0123456789ABCDEF")
    let bytes = (0..<256).map { "<0x\(digits[$0 >> 4])\(digits[$0 & 15])>" }
    let words = ["\u{2581}", "a", "\u{2581}a"]
    var vocabulary = Vocabulary(
      model: .sentencePiece, pieces: PieceTable(["<unk>", "<s>", "</s>"] + bytes + words),
      types: [.unknown, .control, .control] + bytes.map { _ in .byte } + words.map { _ in .normal })
    vocabulary.scores = (0..<vocabulary.pieces.count).map { -Float($0) }
    vocabulary.bosToken = 1
    vocabulary.eosToken = 2
    vocabulary.unknownToken = 0
    vocabulary.addsBOS = true
    return vocabulary
  }

  static func bytePair() -> Vocabulary {
    let types: [TokenType] = [.normal, .normal, .normal, .control]
    var vocabulary = Vocabulary(
      model: .bytePair, pieces: PieceTable(["a", "b", "ab", "<|end|>"]), types: types)
    vocabulary.merges = PieceTable(["a b"])
    vocabulary.preTokenizer = "gpt-2"
    return vocabulary
  }

  static func replacing(_ id: Int, with piece: [UInt8], in vocabulary: Vocabulary) -> Vocabulary {
    var changed = vocabulary
    changed.pieces = PieceTable()
    for (index, old) in vocabulary.pieces.enumerated() {
      if index == id { changed.pieces.append(piece) } else { changed.pieces.append(old) }
    }
    return changed
  }

  private func expect(
    _ error: TokenizationError, _ vocabulary: Vocabulary = sentencePiece(),
    _ change: (inout Vocabulary) -> Void = { _ in },
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var changed = vocabulary
    change(&changed)
    #expect(throws: error, sourceLocation: sourceLocation) { try Tokenizer(vocabulary: changed) }
    #expect(error.description.hasSuffix("."), sourceLocation: sourceLocation)
    #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
  }

  @Test func theTruthIsAccepted() throws {
    let small = try Tokenizer(vocabulary: Self.sentencePiece())
    #expect(small.encode("a a", addSpecial: true, parseSpecial: false) == [1, 261, 261])
    #expect(
      small.encode("\u{E9}", addSpecial: false, parseSpecial: false) == [259, 0xC3 + 3, 0xA9 + 3])
    let pair = try Tokenizer(vocabulary: Self.bytePair())
    #expect(pair.encode("ab<|end|>", addSpecial: false, parseSpecial: true) == [2, 3])
    #expect(pair.endOfGenerationTokens == [3])
  }

  @Test func noTokens() {
    let nothing = Vocabulary(model: .sentencePiece, pieces: PieceTable(), types: [])
    expect(.tooFewTokens(found: 0), nothing)
  }

  @Test func arraysOfOtherLengths() {
    expect(.countMismatch(field: "tokenizer.ggml.token_type", found: 261, needed: 262)) {
      $0.types.removeLast()
    }
    expect(.countMismatch(field: "tokenizer.ggml.scores", found: 263, needed: 262)) {
      $0.scores.append(0)
    }
    expect(.countMismatch(field: "tokenizer.ggml.scores", found: 0, needed: 262)) {
      $0.scores = []
    }
  }

  @Test func emptyPiece() {
    expect(.emptyPiece(id: 7), Self.replacing(7, with: [], in: Self.sentencePiece()))
    expect(.emptyPiece(id: 0), Self.replacing(0, with: [], in: Self.bytePair()))
  }

  @Test func duplicatePiece() {
    expect(
      .duplicatePiece("\u{2581}", first: 259, second: 261),
      Self.replacing(261, with: Array("\u{2581}".utf8), in: Self.sentencePiece()))
    expect(
      .duplicatePiece("<s>", first: 1, second: 260),
      Self.replacing(260, with: Array("<s>".utf8), in: Self.sentencePiece()))
    expect(
      .duplicatePiece("a", first: 0, second: 3),
      Self.replacing(3, with: Array("a".utf8), in: Self.bytePair()))
  }

  @Test func longPiece() {
    let long = [UInt8](repeating: 0x61, count: 4097)
    expect(
      .pieceTooLong(id: 260, bytes: 4097, limit: 4096),
      Self.replacing(260, with: long, in: Self.sentencePiece()))
  }

  @Test(arguments: [
    [0xFF], [0xE2, 0x96], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80],
  ])
  func pieceThatIsNotUTF8(bytes: [UInt8]) {
    expect(.pieceNotUTF8(id: 260), Self.replacing(260, with: bytes, in: Self.sentencePiece()))
  }

  @Test func zeroInPiece() {
    expect(
      .zeroInPiece(id: 261), Self.replacing(261, with: [0x61, 0], in: Self.sentencePiece()))
  }

  @Test(arguments: [
    "<0x-1>", "<0xGG>", "<0x100>", "<0x1>", "<0x+7>", "<0x0a>", "<0x>", "0x0A", "<0X0A>", "<0x 7>",
    "<0x0A>>", "byte",
  ])
  func byteTokenThatIsNone(piece: String) {
    expect(
      .invalidByteToken(id: 3 + 0xFF, piece: piece),
      Self.replacing(3 + 0xFF, with: Array(piece.utf8), in: Self.sentencePiece()))
  }

  @Test func byteTokensMissing() {
    expect(.incompleteByteTokens(found: 255)) { $0.types[100] = .normal }
    expect(.incompleteByteTokens(found: 1)) {
      for id in 4..<259 { $0.types[id] = .normal }
    }
  }

  @Test func unusableScores() {
    for score in [Float.infinity, -Float.infinity] {
      expect(.unusableScore(id: 260, found: score)) { $0.scores[260] = score }
    }
    var vocabulary = Self.sentencePiece()
    vocabulary.scores[0] = .nan
    // NaN does not equal itself, so neither does its error.
    let error = #expect(throws: TokenizationError.self) { try Tokenizer(vocabulary: vocabulary) }
    #expect(error?.description == "token 0 has score nan; scores must be finite.")
  }

  @Test func unknownTokens() {
    expect(.severalUnknownTokens(first: 0, second: 260)) { $0.types[260] = .unknown }
    expect(.noUnknownToken) {
      $0.types[0] = .normal
    }
    expect(.noUnknownToken) {
      $0.types[0] = .control
      $0.unknownToken = nil
    }
  }

  /// As converters write it that know only "special" and "not special".
  @Test func unknownTokenMayBeControlIfItIsNamed() throws {
    var vocabulary = Self.sentencePiece()
    vocabulary.types[0] = .control
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(tokenizer.encode("a", addSpecial: false, parseSpecial: false) == [261])
  }

  @Test func specialTokensOutOfRange() {
    func outOfRange(_ name: String, _ found: Int) -> TokenizationError {
      .tokenOutOfRange(field: "tokenizer.ggml.\(name)_token_id", found: found, count: 262)
    }
    expect(outOfRange("bos", 262)) { $0.bosToken = 262 }
    expect(outOfRange("eos", -1)) { $0.eosToken = -1 }
    expect(outOfRange("eot", .max)) { $0.endOfTurnToken = .max }
    expect(outOfRange("unknown", 4_294_967_295)) { $0.unknownToken = 4_294_967_295 }
    expect(outOfRange("padding", .min)) { $0.paddingToken = .min }
    expect(.tokenOutOfRange(field: "an end token", found: 999, count: 262)) {
      $0.otherEndTokens = [1, 999]
    }
  }

  @Test func flagsWithoutTheirTokens() {
    expect(
      .missingSpecialToken(
        flag: "tokenizer.ggml.add_bos_token", field: "tokenizer.ggml.bos_token_id")
    ) { $0.bosToken = nil }
    expect(
      .missingSpecialToken(
        flag: "tokenizer.ggml.add_eos_token", field: "tokenizer.ggml.eos_token_id")
    ) {
      $0.addsEOS = true
      $0.eosToken = nil
    }
  }

  @Test(arguments: ["", "a", "ab", " ", "  ", " a", "a ", "a  b", "a b c"])
  func malformedMerge(text: String) {
    expect(.malformedMerge(index: 1, text: text), Self.bytePair()) {
      $0.merges = PieceTable(["a b", text])
    }
  }

  @Test func mergesOfUnknownTextsAreHarmless() throws {
    var vocabulary = Self.bytePair()
    vocabulary.merges = PieceTable(["x y", "xy z", "\u{4F60} \u{597D}", "a b", "a b", "b a"])
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(tokenizer.encode("xyzabba", addSpecial: false, parseSpecial: false) == [2, 1, 0])
  }

  /// A merge that forms the name of a control token does not form the token.
  @Test func mergesDoNotFormControlTokens() throws {
    var vocabulary = Self.bytePair()
    vocabulary.types[2] = .control
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(tokenizer.encode("ab", addSpecial: false, parseSpecial: false) == [0, 1])
    #expect(tokenizer.encode("ab", addSpecial: false, parseSpecial: true) == [2])
  }

  @Test(arguments: ["kimi-k2", "GPT-2", "gpt-4o"])
  func preTokenizerOfAnotherFamily(name: String) {
    expect(.unsupportedPreTokenizer(name: name), Self.bytePair()) { $0.preTokenizer = name }
  }
}
