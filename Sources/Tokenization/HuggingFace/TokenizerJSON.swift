import ModelFiles

/// A tokenizer.json of the `tokenizers` library: byte-level BPE, or SentencePiece's BPE as
/// transformers converts it.
public struct TokenizerJSON {
  private let path: String
  let content: TokenizerContent
  /// Ids of the model's pieces; a dictionary of `String` would take pieces for the same that are
  /// only canonically equivalent.
  private let pieces: [(text: String, id: Int)]

  /// Reads the file; `vocabulary()` says what is in it.
  public init(path: String) throws(TokenizationError) {
    do { try self.init(MappedFile.contents(path: path)) } catch { throw .file(error) }
  }

  /// Reads what such a file holds, from memory; `path` is what messages call it.
  package init(bytes: [UInt8], path: String) throws(TokenizationError) {
    do { try self.init(MappedFile(path: path, bytes: bytes)) } catch { throw .file(error) }
  }

  private init(_ file: MappedFile) throws(ModelFileError) {
    path = file.path
    content = try JSONFile.read(TokenizerContent.self, file)
    pieces = try PieceNumbers.read(file, under: ["model", "vocab"])
  }

  /// Throws `unsupportedTokenizer` where the file asks for what is not computed here, and
  /// `unusableID` where ids are not those of a vocabulary.
  public func vocabulary() throws(TokenizationError) -> Vocabulary {
    do { return try read() } catch { throw .inFile(path, error) }
  }

  private func read() throws(TokenizationError) -> Vocabulary {
    guard content.model.type ?? "BPE" == "BPE" else {
      throw unsupported("its model is \(content.model.type ?? "none"), and only BPE is converted")
    }
    var table: [(text: String, type: TokenType)?] = []
    func place(_ text: String, _ id: Int, _ type: TokenType) throws(TokenizationError) {
      guard (0..<VocabularyCheck.tokenLimit).contains(id) else {
        throw .unusableID(piece: text, found: id, limit: VocabularyCheck.tokenLimit)
      }
      if id >= table.count {
        table += [(text: String, type: TokenType)?](repeating: nil, count: id + 1 - table.count)
      }
      // A token that was added may be one of the model's own pieces, and no other.
      if let other = table[id]?.text, !other.utf8.elementsEqual(text.utf8) {
        throw .duplicateID(id: id, first: other, second: text)
      }
      table[id] = (text, type)
    }
    let isSentencePiece = content.model.byteFallback == true
    // Ids may have holes, but not so many that a small file makes a large table.
    let most = 2 * (pieces.count + (content.addedTokens?.count ?? 0)) + 1024
    for (text, id) in pieces {
      guard id < most else { throw .unusableID(piece: text, found: id, limit: most) }
      try place(text, id, isSentencePiece && Self.isByte(text) ? .byte : .normal)
    }
    for token in content.addedTokens ?? [] {
      guard token.id < most else {
        throw .unusableID(piece: token.content, found: token.id, limit: most)
      }
      let isControl = token.special == true || Self.looksSpecial(token.content)
      // Control tokens are templates' own. Others stand in what people write.
      if token.looksBesideItself, !isControl {
        throw unsupported(
          "its token \(token.content) takes the spaces beside it, or is only found as a word by itself (lstrip, "
            + "rstrip, single_word)")
      }
      // Transformers 5 leaves the model's own name of it out.
      let isUnknown = isSentencePiece && token.content == content.model.unkToken ?? "<unk>"
      let isByte = isSentencePiece && Self.isByte(token.content)
      try place(
        token.content, token.id,
        isByte ? .byte : isUnknown ? .unknown : isControl ? .control : .userDefined)
    }
    var vocabulary = Vocabulary(
      model: isSentencePiece ? .sentencePiece : .bytePair, pieces: PieceTable(), types: [])
    for (id, token) in table.enumerated() {
      vocabulary.pieces.append((token?.text ?? "[PAD\(id)]").utf8)
      vocabulary.types.append(token?.type ?? .unused)
    }
    let merges = content.model.merges ?? []
    if isSentencePiece {
      try completeSentencePiece(&vocabulary, merges)
    } else {
      try completeBytePair(&vocabulary, merges)
    }
    return vocabulary
  }

  // MARK: Byte-level BPE

  private func completeBytePair(
    _ vocabulary: inout Vocabulary, _ merges: [TokenizerContent.Merge]
  ) throws(TokenizationError) {
    switch content.normalizer.map({ $0.steps.map(\.type) }) ?? [] {
    case []: break
    case ["NFC"]: vocabulary.composesText = true
    case let others:
      throw unsupported(
        "its normalizers are \(others.map { $0 ?? "unnamed" }), and text is taken as it is, or composed (NFC)"
      )
    }
    let preTokenizer = try preTokenizer()
    vocabulary.preTokenizer = preTokenizer.name
    try checkOptions(ignoresMerges: preTokenizer.ignoresMerges)
    vocabulary.merges = PieceTable(merges.map { "\($0.left) \($0.right)" })
    vocabulary.addsSpacePrefix = false
    try addSpecialTokens(&vocabulary)
  }

  /// Options of the model that would change what text becomes.
  private func checkOptions(ignoresMerges: Bool) throws(TokenizationError) {
    let model = content.model
    for (field, found) in [
      ("continuing_subword_prefix", model.continuingSubwordPrefix),
      ("end_of_word_suffix", model.endOfWordSuffix),
    ] {
      guard let found, !found.isEmpty else { continue }
      throw .unsupportedSetting(field: "model.\(field)", found: "a text", needed: "none")
    }
    guard model.ignoreMerges != true || ignoresMerges else {
      throw .unsupportedSetting(field: "model.ignore_merges", found: "true", needed: "false")
    }
    guard model.dropout ?? 0 == 0 else {
      throw .unsupportedSetting(field: "model.dropout", found: "\(model.dropout!)", needed: "none")
    }
  }

  /// How text is cut into words. llama.cpp finds it by the ids of a test text; here the rules themselves are
  /// compared.
  private func preTokenizer() throws(TokenizationError) -> PreTokenizer {
    let entries = content.preTokenizer.map { $0.pretokenizers ?? [$0] } ?? []
    guard
      let steps = try? entries.map({ try $0.step() }),
      let known = PreTokenizer(steps: steps, ignoresMerges: content.model.ignoreMerges)
    else {
      throw unsupported(
        "its pre-tokenizer is \(entries.map(\.summary)), and byte-level ones of GPT-2, SmolLM, LLaMA 3, "
          + "Qwen 2, Mistral NeMo and DeepSeek are converted")
    }
    return known
  }

  // MARK: SentencePiece

  /// The scores are gone in this form, and the merges came from them: the earlier a piece is merged,
  /// the greater its score.
  private func completeSentencePiece(
    _ vocabulary: inout Vocabulary, _ merges: [TokenizerContent.Merge]
  ) throws(TokenizationError) {
    let prefix = try spacePrefix()
    vocabulary.addsSpacePrefix = prefix != nil
    vocabulary.spacePrefix = prefix ?? .everywhere
    try addSpecialTokens(&vocabulary)
    var ranks: [[UInt8]: Int] = [:]
    for merge in merges {
      let piece = Array(merge.left.utf8) + Array(merge.right.utf8)
      if ranks[piece] == nil { ranks[piece] = ranks.count }
    }
    vocabulary.scores = vocabulary.pieces.map { piece in
      ranks[Array(piece)].map { -Float($0) } ?? 0
    }
    vocabulary.unknownToken = vocabulary.types.firstIndex(of: .unknown)
  }

  /// Nil where there is none.
  private func spacePrefix() throws(TokenizationError) -> Vocabulary.SpacePrefix? {
    let steps = content.preTokenizer.map { $0.pretokenizers ?? [$0] } ?? []
    let normalizers = content.normalizer.map { $0.normalizers ?? [$0] } ?? []
    switch (normalizers.map(\.type), steps.map(\.type)) {
    case (["Prepend", "Replace"], []): return .everywhere
    case (["Replace"], []): return nil
    case ([], ["Metaspace"]):
      switch steps[0].prependScheme ?? (steps[0].addPrefixSpace ?? true ? "always" : "never") {
      case "never": return nil
      case "first": return .first
      default: return .always
      }
    default:
      throw unsupported(
        "its normalizers are \(normalizers.map { $0.type ?? "unnamed" }) and its pre-tokenizers "
          + "\(steps.map(\.summary)), which are not those of LLaMA; fetch its tokenizer.model")
    }
  }

  // MARK: Pieces

  private static func isByte(_ piece: String) -> Bool {
    piece.utf8.count == 6 && piece.hasPrefix("<0x") && piece.hasSuffix(">")
      && UInt8(piece.dropFirst(3).dropLast(), radix: 16) != nil
  }

  /// Tokens that steer the model although the file does not say so.
  ///
  /// Source: `does_token_look_special` of llama.cpp's converter.
  package static func looksSpecial(_ token: String) -> Bool {
    ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(token)
      || token.hasPrefix("<|") && token.hasSuffix("|>")
      || token.hasPrefix("<｜") && token.hasSuffix("｜>")
      || token.hasPrefix("<unused")
  }

  func unsupported(_ reason: String) -> TokenizationError {
    .unsupportedTokenizer(reason: reason)
  }
}
