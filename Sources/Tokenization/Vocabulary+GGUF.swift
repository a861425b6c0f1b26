import ModelFiles

extension Vocabulary {
  /// The vocabulary in the metadata of a GGUF file. What the file leaves out is as llama.cpp has it.
  public init(_ metadata: GGUFMetadata) throws(TokenizationError) {
    do {
      try self.init(reading: metadata)
    } catch {
      // Errors of the file's reader name the file themselves.
      if case .file = error { throw error }
      throw .inFile(metadata.path, error)
    }
  }

  private init(reading metadata: GGUFMetadata) throws(TokenizationError) {
    let name = try read { () throws(ModelFileError) in try metadata.string(Key.model) }
    guard let model = Model(rawValue: name) else { throw .unsupportedModel(name: name) }

    let texts = try read { () throws(ModelFileError) in try metadata.strings(Key.tokens) }
    guard texts.count <= VocabularyCheck.tokenLimit else {
      throw .tooManyTokens(found: texts.count, limit: VocabularyCheck.tokenLimit)
    }
    self.init(
      model: model, pieces: PieceTable(texts),
      types: try Vocabulary.types(metadata, count: texts.count))
    try readSpecialTokens(metadata)
    completeTypes(areGiven: metadata[Key.types] != nil)

    let addsBOSByDefault: Bool
    switch model {
    case .sentencePiece:
      scores = try Vocabulary.scores(metadata, count: texts.count)
      addsSpacePrefix = try read { () throws(ModelFileError) in
        try metadata.boolIfPresent(Key.addSpacePrefix) ?? true
      }
      let prefix = try read { () throws(ModelFileError) in
        try metadata.stringIfPresent(Vocabulary.spacePrefixKey)
      }
      spacePrefix = prefix.flatMap(SpacePrefix.init) ?? .everywhere
      addsBOSByDefault = true
    case .bytePair:
      merges = PieceTable(
        merges: try read { () throws(ModelFileError) in try metadata.strings(Key.merges) })
      preTokenizer = try read { () throws(ModelFileError) in
        try metadata.stringIfPresent(Key.preTokenizer)
      }
      addsSpacePrefix = false
      composesText = try read { () throws(ModelFileError) in
        try metadata.stringIfPresent(Vocabulary.normalizerKey) == Vocabulary.composing
      }
      addsBOSByDefault = try PreTokenizer(name: preTokenizer).addsBOS
    }
    (addsBOS, addsEOS, chatTemplate) = try read { () throws(ModelFileError) in
      (
        try metadata.boolIfPresent(Key.addBOS) ?? addsBOSByDefault,
        try metadata.boolIfPresent(Key.addEOS) ?? false,
        try metadata.stringIfPresent(Key.chatTemplate)
      )
    }
  }

  private static func types(
    _ metadata: GGUFMetadata, count: Int
  ) throws(TokenizationError) -> [TokenType] {
    let numbers = try read { () throws(ModelFileError) in
      try metadata.integersIfPresent(Key.types, as: Int32.self)
    }
    guard let numbers else { return [TokenType](repeating: .normal, count: count) }
    // Numbers that stand for no type mean none in particular, and those past the last token nothing.
    return numbers.prefix(count).map { TokenType(rawValue: $0) ?? .normal }
  }

  /// Scores may be whole numbers; there may be more of them than tokens, or none.
  private static func scores(
    _ metadata: GGUFMetadata, count: Int
  ) throws(TokenizationError) -> [Float] {
    try read { () throws(ModelFileError) in
      guard let array = try metadata.arrayIfPresent(Key.scores) else {
        return [Float](repeating: 0, count: count)
      }
      if array.first?.integer != nil {
        return try metadata.integers(Key.scores, as: Int32.self).prefix(count).map { Float($0) }
      }
      return Array(try metadata.floats(Key.scores).prefix(count))
    }
  }

  /// What a SentencePiece vocabulary needs to know of its tokens where the file has no types: byte tokens and
  /// special ones are known by their names and numbers. Where several are of type unknown, the one that the
  /// file names is.
  private mutating func completeTypes(areGiven: Bool) {
    guard model == .sentencePiece else { return }
    if !areGiven {
      for id in pieces.indices where VocabularyCheck.byteValue(pieces[id]) != nil {
        types[id] = .byte
      }
      for id in [bosToken, eosToken].compactMap({ $0 }) { types[id] = .control }
    }
    let unknown = types.indices.filter { types[$0] == .unknown }
    guard unknown.count != 1, let one = unknownToken ?? unknown.first else { return }
    for id in unknown { types[id] = .control }
    types[one] = .unknown
  }

  private mutating func readSpecialTokens(
    _ metadata: GGUFMetadata
  ) throws(TokenizationError) {
    let count = pieces.count
    func token(_ name: String) throws(TokenizationError) -> Int? {
      let id = try read { () throws(ModelFileError) in
        try metadata.integerIfPresent("tokenizer.ggml.\(name)_token_id", in: 0...Int(UInt32.max))
      }
      // A number of no token (padding is often one) is as good as none.
      return id.flatMap { $0 < count ? $0 : nil }
    }
    let hasDefaults = model == .sentencePiece
    func byDefault(_ id: Int) -> Int? { hasDefaults && id < count ? id : nil }

    unknownToken = try token("unknown") ?? byDefault(0)
    bosToken = try token("bos") ?? byDefault(1)
    eosToken = try token("eos") ?? byDefault(2)
    paddingToken = try token("padding")
    endOfTurnToken = try token("eot")
    for name in ["eom", "fim_pad", "fim_rep", "fim_sep"] {
      if let other = try token(name) { otherEndTokens.append(other) }
    }
    let further = try read { () throws(ModelFileError) in
      try metadata.integersIfPresent(Vocabulary.endTokensKey, as: Int.self)
    }
    otherEndTokens += (further ?? []).filter { (0..<count).contains($0) }
  }

  /// Ids that end a text beyond those that GGUF has keys for, as an array: a key of Emend's own.
  package static let endTokensKey = "emend.tokenizer.end_token_ids"

  /// Where the space prefix is put, where not everywhere: a key of Emend's own.
  package static let spacePrefixKey = "emend.tokenizer.space_prefix"

  /// What is done to a text first, if anything is: a key of Emend's own.
  package static let normalizerKey = "emend.tokenizer.normalizer"
  /// The only value of that key.
  package static let composing = "NFC"

  private enum Key {
    static let model = "tokenizer.ggml.model"
    static let preTokenizer = "tokenizer.ggml.pre"
    static let tokens = "tokenizer.ggml.tokens"
    static let types = "tokenizer.ggml.token_type"
    static let scores = "tokenizer.ggml.scores"
    static let merges = "tokenizer.ggml.merges"
    static let addBOS = "tokenizer.ggml.add_bos_token"
    static let addEOS = "tokenizer.ggml.add_eos_token"
    static let addSpacePrefix = "tokenizer.ggml.add_space_prefix"
    static let chatTemplate = "tokenizer.chat_template"
  }
}

/// Reads from a file, an error becoming one of this module.
private func read<T>(_ body: () throws(ModelFileError) -> T) throws(TokenizationError) -> T {
  do { return try body() } catch { throw .file(error) }
}

extension Tokenizer {
  /// The tokenizer of a GGUF file.
  public convenience init(_ metadata: GGUFMetadata) throws(TokenizationError) {
    let vocabulary = try Vocabulary(metadata)
    do {
      try self.init(vocabulary: vocabulary)
    } catch {
      throw .inFile(metadata.path, error)
    }
  }
}

extension PieceTable {
  /// A copy of the strings of a GGUF file, read as llama.cpp does: a zero ends one, and an empty one is
  /// named after its place.
  init(_ strings: GGUFStringArray) {
    self.init()
    reserveCapacity(strings.count, bytes: strings.reduce(0) { $0 + $1.byteCount })
    for (id, string) in strings.enumerated() {
      string.withBytes { bytes in
        let piece = bytes.prefix { $0 != 0 }
        if piece.isEmpty { append("[EMPTY_\(id)]".utf8) } else { append(piece) }
      }
    }
  }

  /// A copy of the merges of a GGUF file. What is no pair of pieces merges nothing, as in llama.cpp.
  fileprivate init(merges strings: GGUFStringArray) {
    self.init()
    reserveCapacity(strings.count, bytes: strings.reduce(0) { $0 + $1.byteCount })
    for string in strings {
      string.withBytes { bytes in
        if MergeTable.parts(of: bytes[...]) != nil { append(bytes) }
      }
    }
  }
}
