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

    let addsBOSByDefault: Bool
    switch model {
    case .sentencePiece:
      scores = try read { () throws(ModelFileError) in try metadata.floats(Key.scores) }
      addsSpacePrefix = try read { () throws(ModelFileError) in
        try metadata.boolIfPresent(Key.addSpacePrefix) ?? true
      }
      addsBOSByDefault = true
    case .bytePair:
      merges = PieceTable(
        try read { () throws(ModelFileError) in try metadata.strings(Key.merges) })
      preTokenizer = try read { () throws(ModelFileError) in
        try metadata.stringIfPresent(Key.preTokenizer)
      }
      addsSpacePrefix = false
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
    var types: [TokenType] = []
    types.reserveCapacity(numbers.count)
    for (id, number) in numbers.enumerated() {
      guard let type = TokenType(rawValue: number) else {
        throw .unknownTokenType(id: id, found: Int(number))
      }
      types.append(type)
    }
    return types
  }

  private mutating func readSpecialTokens(
    _ metadata: GGUFMetadata
  ) throws(TokenizationError) {
    func token(_ name: String) throws(TokenizationError) -> Int? {
      try read { () throws(ModelFileError) in
        try metadata.integerIfPresent("tokenizer.ggml.\(name)_token_id", in: 0...Int(UInt32.max))
      }
    }
    let count = pieces.count
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
  }

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
  /// A copy of the strings of a GGUF file.
  init(_ strings: GGUFStringArray) {
    self.init()
    reserveCapacity(strings.count, bytes: strings.reduce(0) { $0 + $1.byteCount })
    for string in strings { string.withBytes { append($0) } }
  }
}
