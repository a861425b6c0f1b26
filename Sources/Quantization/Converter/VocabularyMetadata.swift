import ModelFiles
import Tokenization

extension Vocabulary {
  /// The keys and values llama.cpp's converter writes for a tokenizer. Tokens that the model has rows
  /// for and the tokenizer no text are called "[PADn]" and never used.
  ///
  /// Throws `tooManyTokens` where the model has fewer rows than the tokenizer tokens, and
  /// `tokenizer` where a reader of the file would refuse what is written. `path` is for errors.
  func metadata(
    path: String, vocabularySize: Int
  ) throws(ConversionError) -> [(key: String, value: GGUFEntry)] {
    guard pieces.count <= vocabularySize else {
      throw .tooManyTokens(path: path, found: pieces.count, vocabularySize: vocabularySize)
    }
    var padded = self
    padded.userDefinedPiecesSplitText = true
    for id in pieces.count..<vocabularySize {
      padded.pieces.append("[PAD\(id)]".utf8)
      padded.types.append(.unused)
      if model == .sentencePiece { padded.scores.append(-10_000) }
    }
    do {
      _ = try Tokenizer(vocabulary: padded)
    } catch { throw .tokenizer(.inFile(path, error)) }
    return padded.entries
  }

  private var entries: [(key: String, value: GGUFEntry)] {
    var entries: [(key: String, value: GGUFEntry)] = [
      ("tokenizer.ggml.model", .string(model.rawValue)),
      ("tokenizer.ggml.pre", .string(preTokenizer ?? "default")),
      ("tokenizer.ggml.tokens", .byteStrings(pieces.map { Array($0) })),
    ]
    if model == .sentencePiece { entries.append(("tokenizer.ggml.scores", .float32s(scores))) }
    entries.append(("tokenizer.ggml.token_type", .int32s(types.map(\.rawValue))))
    if model == .bytePair {
      entries.append(("tokenizer.ggml.merges", .byteStrings(merges.map { Array($0) })))
    }
    // GGUF has keys for three tokens that end a text; ours has all that there are.
    var others = otherEndTokens
    let endOfTurn = endOfTurnToken ?? (others.isEmpty ? nil : others.removeFirst())
    let ids = [
      ("bos", bosToken), ("eos", eosToken), ("unknown", unknownToken), ("padding", paddingToken),
      ("eot", endOfTurn), ("eom", others.first),
    ]
    for (name, id) in ids {
      guard let id else { continue }
      entries.append(("tokenizer.ggml.\(name)_token_id", .uint32(UInt32(id))))
    }
    if others.count > 1 {
      entries.append((Vocabulary.endTokensKey, .int32s(others.map { Int32($0) })))
    }
    entries.append(("tokenizer.ggml.add_bos_token", .bool(addsBOS)))
    entries.append(("tokenizer.ggml.add_eos_token", .bool(addsEOS)))
    entries.append(("tokenizer.ggml.add_space_prefix", .bool(addsSpacePrefix)))
    if model == .sentencePiece, addsSpacePrefix, spacePrefix != .everywhere {
      entries.append((Vocabulary.spacePrefixKey, .string(spacePrefix.rawValue)))
    }
    if composesText { entries.append((Vocabulary.normalizerKey, .string(Vocabulary.composing))) }
    if let chatTemplate { entries.append(("tokenizer.chat_template", .string(chatTemplate))) }
    let templates = otherChatTemplates.sorted { $0.key < $1.key }
    if !templates.isEmpty {
      entries.append(
        ("tokenizer.chat_templates", .byteStrings(templates.map { Array($0.key.utf8) })))
    }
    for (name, source) in templates {
      entries.append(("tokenizer.chat_template.\(name)", .string(source)))
    }
    return entries
  }
}
