import ModelFiles

extension Vocabulary {
  /// The vocabulary in the metadata of a GGUF file. What the file leaves out is as llama.cpp has it.
  public init(_ metadata: GGUFMetadata) throws(TokenizationError) {
    do {
      try self.init(reading: metadata)
    } catch let error as ModelFileError {
      throw .file(error)
    } catch let error as TokenizationError {
      throw .inFile(metadata.path, error)
    } catch {
      throw .inFile(metadata.path, .unreadable(reason: "\(error)"))
    }
  }

  private init(reading metadata: GGUFMetadata) throws {
    let name = try metadata.string("tokenizer.ggml.model")
    guard let model = Model(rawValue: name) else {
      throw TokenizationError.unsupportedModel(name: name)
    }

    let texts = try metadata.strings("tokenizer.ggml.tokens")
    guard texts.count <= VocabularyCheck.tokenLimit else {
      throw TokenizationError.tooManyTokens(found: texts.count, limit: VocabularyCheck.tokenLimit)
    }
    let rawTypes = try metadata.integersIfPresent("tokenizer.ggml.token_type", as: Int32.self)
    let types = try rawTypes?.enumerated().map { id, raw in
      guard let type = TokenType(rawValue: raw) else {
        throw TokenizationError.unknownTokenType(id: id, found: Int(raw))
      }
      return type
    }
    self.init(
      model: model, pieces: PieceTable(texts),
      types: types ?? [TokenType](repeating: .normal, count: texts.count))

    func token(_ name: String) throws -> Int? {
      try metadata.integerIfPresent("tokenizer.ggml.\(name)_token_id", in: 0...Int(UInt32.max))
    }
    func byDefault(_ id: Int) -> Int? { model == .sentencePiece && id < texts.count ? id : nil }
    bosToken = try token("bos") ?? byDefault(1)
    eosToken = try token("eos") ?? byDefault(2)
    unknownToken = try token("unknown") ?? byDefault(0)
    paddingToken = try token("padding")
    endOfTurnToken = try token("eot")
    otherEndTokens = try ["eom", "fim_pad", "fim_rep", "fim_sep"].compactMap { try token($0) }

    let addsBOSByDefault: Bool
    switch model {
    case .sentencePiece:
      scores = try metadata.floats("tokenizer.ggml.scores")
      addsSpacePrefix = try metadata.boolIfPresent("tokenizer.ggml.add_space_prefix") ?? true
      addsBOSByDefault = true
    case .bytePair:
      merges = PieceTable(try metadata.strings("tokenizer.ggml.merges"))
      preTokenizer = try metadata.stringIfPresent("tokenizer.ggml.pre")
      addsSpacePrefix = false
      addsBOSByDefault = try PreTokenizer(name: preTokenizer).addsBOS
    }
    addsBOS = try metadata.boolIfPresent("tokenizer.ggml.add_bos_token") ?? addsBOSByDefault
    addsEOS = try metadata.boolIfPresent("tokenizer.ggml.add_eos_token") ?? false
    chatTemplate = try metadata.stringIfPresent("tokenizer.chat_template")
  }
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
