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
    "tokenizer.ggml.model", "tokenizer.ggml.tokens", "tokenizer.ggml.scores",
    "tokenizer.ggml.merges",
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
      wrong("tokenizer.ggml.scores", "[int32]", "an array of floats"), Self.sentencePiece,
      ["tokenizer.ggml.scores": .i32s([0, 0, 0, 0])])
    try expect(
      wrong("tokenizer.ggml.add_bos_token", "uint32", "bool"), Self.bytePair,
      ["tokenizer.ggml.add_bos_token": .u32(1)])
  }

  @Test func lies() throws {
    func inFile(_ error: TokenizationError) -> TokenizationError { .inFile("model.gguf", error) }
    try expect(
      inFile(.unsupportedModel(name: "bert")), Self.bytePair,
      ["tokenizer.ggml.model": .string("bert")])
    try expect(
      inFile(.unsupportedPreTokenizer(name: "qwen2")), Self.bytePair,
      ["tokenizer.ggml.pre": .string("qwen2")])
    for type in [Int32(0), 7, -1, .max] {
      try expect(
        inFile(.unknownTokenType(id: 2, found: Int(type))), Self.bytePair,
        ["tokenizer.ggml.token_type": .i32s([1, 1, type, 3])])
    }
    try expect(
      inFile(.countMismatch(field: "tokenizer.ggml.token_type", found: 3, needed: 4)),
      Self.bytePair, ["tokenizer.ggml.token_type": .i32s([1, 1, 3])])
    try expect(
      inFile(.countMismatch(field: "tokenizer.ggml.scores", found: 5, needed: 4)),
      Self.sentencePiece, ["tokenizer.ggml.scores": .f32s([0, 0, 0, 0, 0])])
    try expect(
      inFile(.tokenOutOfRange(field: "tokenizer.ggml.bos_token_id", found: 4, count: 4)),
      Self.bytePair, ["tokenizer.ggml.bos_token_id": .u32(4)])
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
