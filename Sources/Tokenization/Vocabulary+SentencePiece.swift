import ModelFiles

extension Vocabulary {
  /// The vocabulary of a SentencePiece `.model` file. Models that merge by pairs (BPE) and do not
  /// rewrite characters are supported, as those of the LLaMA family are.
  ///
  /// Source: `sentencepiece_model.proto`.
  public init(sentencePieceModel path: String) throws(TokenizationError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    do { try self.init(sentencePieceModel: file.bytes) } catch { throw .inFile(path, error) }
  }

  /// The vocabulary of a serialized `ModelProto`.
  public init(sentencePieceModel bytes: UnsafeRawBufferPointer) throws(TokenizationError) {
    self.init(model: .sentencePiece, pieces: PieceTable(), types: [])
    userDefinedPiecesSplitText = false
    addsBOS = true
    removesExtraSpaces = true
    var trainer = TrainerSpecification()

    var fields = ProtobufReader(bytes, 0..<bytes.count)
    while let (number, value) = try fields.next() {
      switch (number, value) {
      case (1, .bytes(let range)): try appendPiece(bytes, range)
      case (2, .bytes(let range)): try trainer.read(bytes, range)
      case (3, .bytes(let range)): try readNormalizer(bytes, range)
      default: continue
      }
    }
    guard trainer.modelType == 2 else {
      throw .unsupportedSetting(
        field: "trainer_spec.model_type", found: trainer.modelTypeName, needed: "BPE")
    }
    guard !trainer.spaceIsSuffix else {
      throw .unsupportedSetting(
        field: "trainer_spec.treat_whitespace_as_suffix", found: "true", needed: "false")
    }
    unknownToken = trainer.unknownToken
    bosToken = trainer.bosToken < 0 ? nil : trainer.bosToken
    eosToken = trainer.eosToken < 0 ? nil : trainer.eosToken
    paddingToken = trainer.paddingToken < 0 ? nil : trainer.paddingToken
    addsBOS = bosToken != nil
  }

  private mutating func appendPiece(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(TokenizationError) {
    var piece = 0..<0
    var score: Float = 0
    var type = TokenType.normal
    var fields = ProtobufReader(bytes, range)
    while let (number, value) = try fields.next() {
      switch (number, value) {
      case (1, .bytes(let text)): piece = text
      case (2, .float(let found)): score = found
      case (3, .varint(let raw)):
        let found = Int(truncatingIfNeeded: raw)
        guard let known = Int32(exactly: found).flatMap(TokenType.init) else {
          throw .unknownTokenType(id: pieces.count, found: found)
        }
        type = known
      default: continue
      }
    }
    guard pieces.count < VocabularyCheck.tokenLimit else {
      throw .tooManyTokens(found: pieces.count + 1, limit: VocabularyCheck.tokenLimit)
    }
    pieces.append(bytes[piece])
    scores.append(score)
    types.append(type)
  }

  private mutating func readNormalizer(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(TokenizationError) {
    var fields = ProtobufReader(bytes, range)
    while let (number, value) = try fields.next() {
      switch (number, value) {
      case (2, .bytes(let characters)) where !characters.isEmpty:
        throw .unsupportedSetting(
          field: "normalizer_spec.precompiled_charsmap", found: "\(characters.count) bytes",
          needed: "an empty one (normalization \"identity\")")
      case (3, .varint(let flag)): addsSpacePrefix = flag != 0
      case (4, .varint(let flag)): removesExtraSpaces = flag != 0
      case (5, .varint(0)):
        throw .unsupportedSetting(
          field: "normalizer_spec.escape_whitespaces", found: "false", needed: "true")
      default: continue
      }
    }
  }
}

/// The fields of `TrainerSpec` that matter for encoding.
private struct TrainerSpecification {
  var modelType: UInt64 = 1
  var spaceIsSuffix = false
  var unknownToken = 0
  var bosToken = 1
  var eosToken = 2
  var paddingToken = -1

  var modelTypeName: String {
    switch modelType {
    case 1: "UNIGRAM"
    case 3: "WORD"
    case 4: "CHAR"
    default: "\(modelType)"
    }
  }

  mutating func read(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws(TokenizationError) {
    var fields = ProtobufReader(bytes, range)
    while let (number, value) = try fields.next() {
      guard case .varint(let raw) = value else { continue }
      let signed = Int(truncatingIfNeeded: raw)
      switch number {
      case 3: modelType = raw
      case 24: spaceIsSuffix = raw != 0
      case 40: unknownToken = signed
      case 41: bosToken = signed
      case 42: eosToken = signed
      case 43: paddingToken = signed
      default: continue
      }
    }
  }
}

extension Tokenizer {
  /// The tokenizer of a SentencePiece `.model` file.
  public convenience init(sentencePieceModel path: String) throws(TokenizationError) {
    let vocabulary = try Vocabulary(sentencePieceModel: path)
    do { try self.init(vocabulary: vocabulary) } catch { throw .inFile(path, error) }
  }
}
