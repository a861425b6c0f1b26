import ModelFiles

/// A tokenizer.json of the `tokenizers` library: byte-level BPE, or SentencePiece's BPE as
/// transformers converts it.
public struct TokenizerJSON {
  private let path: String
  private let content: Content
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
    content = try JSONFile.read(Content.self, file)
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
      let isUnknown = isSentencePiece && token.content == content.model.unkToken
      try place(
        token.content, token.id, isUnknown ? .unknown : isControl ? .control : .userDefined)
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
    _ vocabulary: inout Vocabulary, _ merges: [Content.Merge]
  ) throws(TokenizationError) {
    guard content.normalizer == nil else {
      throw unsupported(
        "its normalizer is \(content.normalizer?.type ?? "unnamed"), and text is taken as it is")
    }
    vocabulary.preTokenizer = try preTokenizerName()
    try checkOptions(ignoresMerges: vocabulary.preTokenizer == "llama-bpe")
    vocabulary.merges = PieceTable(merges.map { "\($0.left) \($0.right)" })
    vocabulary.addsSpacePrefix = false
    vocabulary.addsBOS = vocabulary.preTokenizer == "llama-bpe"
  }

  /// Options of the model that would change what text becomes. LLaMA 3's is read as it was meant where an old
  /// file does not say that whole words go first.
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

  /// The regular expression of LLaMA 3.
  static let llama3Pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"#
    + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// llama.cpp's name for how text is cut into words; it finds it by the ids of a test text, and
  /// here the rules themselves are compared.
  private func preTokenizerName() throws(TokenizationError) -> String {
    let steps = content.preTokenizer.map { $0.pretokenizers ?? [$0] } ?? []
    guard let last = steps.last, last.type == "ByteLevel", last.addPrefixSpace != true else {
      throw unsupported(
        "its pre-tokenizer is \(steps.map(\.summary)), and byte-level ones without a prefix space "
          + "are converted")
    }
    switch (steps.count, last.useRegex ?? true) {
    case (1, true): return "gpt-2"
    case (2, true) where steps[0].type == "Digits" && steps[0].individualDigits == true:
      return "smollm"
    case (2, false)
    where steps[0].type == "Split" && steps[0].pattern?.regex == Self.llama3Pattern
      && steps[0].behavior == "Isolated" && steps[0].invert != true:
      return "llama-bpe"
    default:
      throw unsupported(
        "its pre-tokenizer is \(steps.map(\.summary)), and those of GPT-2, SmolLM and LLaMA 3 are "
          + "converted")
    }
  }

  // MARK: SentencePiece

  /// The scores are gone in this form, and the merges came from them: the earlier a piece is merged,
  /// the greater its score.
  private func completeSentencePiece(
    _ vocabulary: inout Vocabulary, _ merges: [Content.Merge]
  ) throws(TokenizationError) {
    vocabulary.addsSpacePrefix = try addsSpacePrefix()
    vocabulary.addsBOS = true
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

  private func addsSpacePrefix() throws(TokenizationError) -> Bool {
    let steps = content.preTokenizer.map { $0.pretokenizers ?? [$0] } ?? []
    let normalizers = content.normalizer.map { $0.normalizers ?? [$0] } ?? []
    switch (normalizers.map(\.type), steps.map(\.type)) {
    case (["Prepend", "Replace"], []): return true
    case (["Replace"], []): return false
    case ([], ["Metaspace"]):
      return steps[0].prependScheme.map { $0 != "never" } ?? (steps[0].addPrefixSpace ?? true)
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

  private func unsupported(_ reason: String) -> TokenizationError {
    .unsupportedTokenizer(reason: reason)
  }
}

/// What of the file is read by Foundation.
private struct Content: Decodable {
  struct Model: Decodable {
    let type: String?
    let byteFallback: Bool?
    let unkToken: String?
    let continuingSubwordPrefix: String?
    let endOfWordSuffix: String?
    let ignoreMerges: Bool?
    let dropout: Double?
    let merges: [Merge]?
  }

  /// "left right", or since version 0.20 of the library a pair.
  struct Merge: Decodable {
    let left: String
    let right: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let parts: [String]
      if let text = try? container.decode(String.self) {
        parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      } else {
        parts = try container.decode([String].self)
      }
      guard parts.count == 2 else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "a merge has \(parts.count) parts")
      }
      (left, right) = (parts[0], parts[1])
    }
  }

  struct AddedToken: Decodable {
    let id: Int
    let content: String
    let special: Bool?
  }

  struct Normalizer: Decodable {
    let type: String?
    let normalizers: [Normalizer]?
  }

  struct PreTokenizer: Decodable {
    struct Pattern: Decodable {
      let regex: String?
      private enum CodingKeys: String, CodingKey { case regex = "Regex" }
    }

    let type: String
    let pretokenizers: [PreTokenizer]?
    let addPrefixSpace: Bool?
    let prependScheme: String?
    let useRegex: Bool?
    let individualDigits: Bool?
    let pattern: Pattern?
    let behavior: String?
    let invert: Bool?

    /// For messages: "Split(…)".
    var summary: String {
      pattern?.regex.map { "\(type)(\($0))" } ?? type
    }
  }

  let model: Model
  let addedTokens: [AddedToken]?
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
}
