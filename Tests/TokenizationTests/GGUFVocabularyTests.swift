import ModelFiles
import TestSupport
import Testing
import Tokenization

/// The vocabulary in a GGUF's metadata: what is read, what is filled in, and what is refused.
@Suite struct GGUFVocabularyTests {
  typealias Entries = [(String, GGUFBuilder.Value)]

  static var bytePair: Entries {
    [
      ("tokenizer.ggml.model", .string("gpt2")),
      ("tokenizer.ggml.pre", .string("gpt-2")),
      ("tokenizer.ggml.tokens", .strings(["a", "b", "ab", "<s>"])),
      ("tokenizer.ggml.token_type", .i32s([1, 1, 1, 3])),
      ("tokenizer.ggml.merges", .strings(["a b"])),
      ("tokenizer.ggml.bos_token_id", .u32(3)),
    ]
  }
  static var sentencePiece: Entries {
    [
      ("tokenizer.ggml.model", .string("llama")),
      ("tokenizer.ggml.tokens", .strings(["<unk>", "<s>", "</s>", "a"])),
      ("tokenizer.ggml.token_type", .i32s([2, 3, 3, 1])),
      ("tokenizer.ggml.scores", .f32s([0, 0, 0, -1])),
    ]
  }

  private func metadata(_ entries: Entries) throws -> GGUFMetadata {
    let bytes = GuardedBytes(GGUFBuilder.file(metadata: entries))
    return try GGUFFile(path: "model.gguf") { path throws(ModelFileError) in
      try MappedFile(path: path, contents: bytes.bytes) { _ = bytes }
    }.metadata
  }

  /// The entries with some replaced, added, or with nil left out.
  private func with(_ entries: Entries, _ changes: [String: GGUFBuilder.Value?]) -> Entries {
    let kept = entries.filter { !changes.keys.contains($0.0) }
    return kept + changes.compactMap { key, value in value.map { (key, $0) } }
  }

  private func expect(
    _ error: TokenizationError, _ entries: Entries, _ changes: [String: GGUFBuilder.Value?],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let metadata = try metadata(with(entries, changes))
    let found = #expect(throws: TokenizationError.self, sourceLocation: sourceLocation) {
      try Tokenizer(metadata)
    }
    #expect(found == error, sourceLocation: sourceLocation)
    #expect(error.description.hasPrefix("model.gguf: "), sourceLocation: sourceLocation)
  }

  @Test func whatIsMissingIsFilledIn() throws {
    let piece = try Vocabulary(try metadata(Self.sentencePiece))
    #expect(piece.unknownToken == 0 && piece.bosToken == 1 && piece.eosToken == 2)
    #expect(piece.addsBOS && !piece.addsEOS && piece.addsSpacePrefix)
    #expect(piece.chatTemplate == nil)

    let pair = try Vocabulary(
      try metadata(
        with(Self.bytePair, ["tokenizer.ggml.token_type": Optional<GGUFBuilder.Value>.none])))
    #expect(pair.types == [.normal, .normal, .normal, .normal])
    #expect(!pair.addsBOS && !pair.addsEOS && !pair.addsSpacePrefix)
    #expect(pair.eosToken == nil)
    for (name, adds) in [("gpt-2", false), ("smollm", false), ("llama-bpe", true)] {
      let entries = with(Self.bytePair, ["tokenizer.ggml.pre": .string(name)])
      #expect(try Vocabulary(try metadata(entries)).addsBOS == adds)
    }
  }

  @Test func whatIsSaidCounts() throws {
    let entries = with(
      Self.sentencePiece,
      [
        "tokenizer.ggml.add_bos_token": .bool(false), "tokenizer.ggml.add_eos_token": .bool(true),
        "tokenizer.ggml.add_space_prefix": .bool(false), "tokenizer.ggml.eos_token_id": .u32(3),
        "tokenizer.ggml.eot_token_id": .u32(1), "tokenizer.ggml.eom_token_id": .u32(0),
        "tokenizer.chat_template": .string("x"),
      ])
    let tokenizer = try Tokenizer(try metadata(entries))
    let vocabulary = tokenizer.vocabulary
    #expect(!vocabulary.addsBOS && vocabulary.addsEOS && !vocabulary.addsSpacePrefix)
    #expect(vocabulary.chatTemplate == "x")
    // "</s>" is known by its text.
    #expect(tokenizer.endOfGenerationTokens == [0, 1, 2, 3])
    #expect(tokenizer.encode("a", addSpecial: true, parseSpecial: false) == [3, 3])
  }

  @Test(arguments: [
    "tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.merges",
  ])
  func missingKey(key: String) throws {
    let entries = key.hasSuffix("merges") ? Self.bytePair : Self.sentencePiece
    try expect(
      .file(.missingKey(path: "model.gguf", key: key)), entries,
      [key: Optional<GGUFBuilder.Value>.none])
  }

  @Test func valuesOfOtherTypes() throws {
    func wrong(_ key: String, _ found: String, _ wanted: String) -> TokenizationError {
      .file(.wrongType(path: "model.gguf", key: key, found: found, wanted: wanted))
    }
    try expect(
      wrong("tokenizer.ggml.tokens", "[int32]", "[string]"), Self.bytePair,
      ["tokenizer.ggml.tokens": .i32s([1])])
    try expect(
      wrong("tokenizer.ggml.merges", "string", "[string]"), Self.bytePair,
      ["tokenizer.ggml.merges": .string("a b")])
    try expect(
      wrong("tokenizer.ggml.scores", "[string]", "an array of floats"), Self.sentencePiece,
      ["tokenizer.ggml.scores": .strings(["0", "0", "0", "0"])])
    try expect(
      wrong("tokenizer.ggml.add_bos_token", "uint32", "bool"), Self.bytePair,
      ["tokenizer.ggml.add_bos_token": .u32(1)])
  }

  /// What llama.cpp opens: types and scores beyond the tokens or of other kinds, numbers of no token, empty
  /// pieces and ones with a zero, merges of what is no pair, several unknown tokens, no types at all.
  @Test func oddVocabulariesOpen() throws {
    func vocabulary(
      _ entries: Entries, _ changes: [String: GGUFBuilder.Value?]
    ) throws -> Vocabulary {
      try Tokenizer(try metadata(with(entries, changes))).vocabulary
    }
    for type in [Int32(0), 7, -1, .max] {
      let types = GGUFBuilder.Value.i32s([1, 1, type, 3, 5, 5])
      #expect(
        try vocabulary(Self.bytePair, ["tokenizer.ggml.token_type": types]).types
          == [.normal, .normal, .normal, .control])
    }
    let padding = try vocabulary(
      Self.bytePair,
      ["tokenizer.ggml.padding_token_id": .u32(32000), "tokenizer.ggml.eos_token_id": .u32(4)])
    #expect(padding.paddingToken == nil && padding.eosToken == nil && padding.bosToken == 3)
    let pieces = try vocabulary(
      Self.bytePair,
      [
        "tokenizer.ggml.tokens": .byteStrings([[0x61], [], [0x62, 0, 0x63], [0]]),
        "tokenizer.ggml.merges": .strings(["a b", "ab", "a b c"]),
      ]
    )
    #expect(pieces.pieces.indices.map(pieces.pieces.text) == ["a", "[EMPTY_1]", "b", "[EMPTY_3]"])
    #expect(pieces.merges.indices.map(pieces.merges.text) == ["a b"])
    for scores in [GGUFBuilder.Value.i32s([0, 0, 0, -1]), .f32s([0, 0, 0, -1, 7])] {
      #expect(
        try vocabulary(Self.sentencePiece, ["tokenizer.ggml.scores": scores]).scores
          == [0, 0, 0, -1])
    }
    let without = try vocabulary(
      Self.sentencePiece,
      [
        "tokenizer.ggml.token_type": Optional<GGUFBuilder.Value>.none,
        "tokenizer.ggml.scores": Optional<GGUFBuilder.Value>.none,
      ])
    #expect(without.types == [.unknown, .control, .control, .normal])
    let several = try vocabulary(
      Self.sentencePiece, ["tokenizer.ggml.token_type": .i32s([2, 2, 3, 1])])
    #expect(several.types == [.unknown, .control, .control, .normal])
  }

  /// More tokens end an answer than GGUF has keys for.
  @Test func furtherEndTokens() throws {
    let entries = with(
      Self.bytePair,
      ["tokenizer.ggml.eos_token_id": .u32(0), Vocabulary.endTokensKey: .i32s([1, 2, 99])])
    #expect(try Tokenizer(try metadata(entries)).endOfGenerationTokens == [0, 1, 2])
  }

  @Test func lies() throws {
    func inFile(_ error: TokenizationError) -> TokenizationError { .inFile("model.gguf", error) }
    try expect(
      inFile(.unsupportedModel(name: "bert")), Self.bytePair,
      ["tokenizer.ggml.model": .string("bert")])
    try expect(
      inFile(.unsupportedPreTokenizer(name: "kimi-k2")), Self.bytePair,
      ["tokenizer.ggml.pre": .string("kimi-k2")])
    try expect(
      inFile(.countMismatch(field: "tokenizer.ggml.token_type", found: 3, needed: 4)),
      Self.bytePair, ["tokenizer.ggml.token_type": .i32s([1, 1, 3])])
    try expect(
      inFile(.countMismatch(field: "tokenizer.ggml.scores", found: 3, needed: 4)),
      Self.sentencePiece, ["tokenizer.ggml.scores": .f32s([0, 0, 0])])
    try expect(
      inFile(.pieceNotUTF8(id: 3)), Self.sentencePiece,
      ["tokenizer.ggml.tokens": .byteStrings([[1], [2], [3], [0xFF]])])
    try expect(
      inFile(.tooFewTokens(found: 0)), Self.bytePair, ["tokenizer.ggml.tokens": .strings([])])
    try expect(
      inFile(
        .missingSpecialToken(
          flag: "tokenizer.ggml.add_eos_token", field: "tokenizer.ggml.eos_token_id")),
      Self.bytePair, ["tokenizer.ggml.add_eos_token": .bool(true)])
    let negative = try metadata(with(Self.bytePair, ["tokenizer.ggml.bos_token_id": .i32(-1)]))
    #expect(throws: TokenizationError.self) { try Vocabulary(negative) }
  }
}
