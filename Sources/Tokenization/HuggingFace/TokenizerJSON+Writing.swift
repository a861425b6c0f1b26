import ModelFiles

extension TokenizerJSON {
  /// A byte-level BPE vocabulary, wherever it comes from, as the bytes of a tokenizer.json: text gets the
  /// same ids by what `TokenizerJSON` reads of it, and by the `tokenizers` library.
  ///
  /// What such a file has no place for is left out: which tokens begin and end texts, whether they are
  /// added, and the chat template. Throws `unsupportedModel` for SentencePiece, `mergeWithoutToken` for
  /// what the library would refuse, and what is wrong with the vocabulary.
  ///
  /// Source: version 1.0 of the format, as `tokenizers` 0.22 writes it for GPT-2.
  public static func bytes(of vocabulary: Vocabulary) throws(TokenizationError) -> [UInt8] {
    guard vocabulary.model == .bytePair else {
      throw .unsupportedSetting(
        field: "the tokenizer's model", found: vocabulary.model.rawValue,
        needed: "byte-level BPE (\(Vocabulary.Model.bytePair.rawValue))")
    }
    var vocabulary = vocabulary
    (vocabulary.addsBOS, vocabulary.addsEOS) = (false, false)
    let index = try VocabularyCheck(vocabulary).index
    let preTokenizer = try PreTokenizer(name: vocabulary.preTokenizer)

    // Every token has its place in the model's own table too: ids of added ones would else be counted on
    // from there.
    let pieces = vocabulary.pieces.indices.map { id in
      "\(vocabulary.pieces.text(id).quotedAsJSON):\(id)"
    }
    let added = vocabulary.pieces.indices.compactMap { id -> String? in
      guard let isSpecial = isSpecial(vocabulary.types[id]) else { return nil }
      return "{\"id\":\(id),\"content\":\(vocabulary.pieces.text(id).quotedAsJSON),"
        + "\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"
        + "\"special\":\(isSpecial)}"
    }
    var merges: [String] = []
    merges.reserveCapacity(vocabulary.merges.count)
    for rank in vocabulary.merges.indices {
      let (left, right) = try MergeTable.parts(ofMerge: rank, in: vocabulary)
      guard
        [left, right, left + right].allSatisfy({ index.find($0, in: vocabulary.pieces) != nil })
      else {
        throw .mergeWithoutToken(index: rank, text: vocabulary.merges.text(rank))
      }
      let texts = [left, right].map { String(decoding: $0, as: UTF8.self).quotedAsJSON }
      merges.append("[\(texts[0]),\(texts[1])]")
    }
    let text =
      "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,"
      + "\"added_tokens\":[\(added.joined(separator: ","))],"
      + "\"normalizer\":\(vocabulary.composesText ? #"{"type":"NFC"}"# : "null"),\"pre_tokenizer\":\(json(preTokenizer)),\"post_processor\":null,"
      + "\"decoder\":\(byteLevel(usesRegex: true)),"
      + "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":null,"
      + "\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,"
      + "\"byte_fallback\":false,\"ignore_merges\":\(preTokenizer.ignoresMerges),"
      + "\"vocab\":{\(pieces.joined(separator: ","))},"
      + "\"merges\":[\(merges.joined(separator: ","))]}}"
    return Array(text.utf8)
  }

  /// Whether a token of this type is found by its name only where that is asked for; nil where it is a
  /// piece of text like others.
  private static func isSpecial(_ type: TokenType) -> Bool? {
    switch type {
    case .control, .unknown: true
    case .userDefined: false
    case .normal, .unused, .byte: nil
    }
  }

  private static func byteLevel(usesRegex: Bool) -> String {
    "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"
      + "\"use_regex\":\(usesRegex)}"
  }

  /// What `preTokenizer()` reads.
  private static func json(_ preTokenizer: PreTokenizer) -> String {
    let entries = preTokenizer.steps.map { step in
      switch step {
      case .byteLevel(let regex): byteLevel(usesRegex: regex)
      case .digits: "{\"type\":\"Digits\",\"individual_digits\":true}"
      case .split(let pattern):
        "{\"type\":\"Split\",\"pattern\":{\"Regex\":\(pattern.quotedAsJSON)},"
          + "\"behavior\":\"Isolated\",\"invert\":false}"
      }
    }
    guard entries.count > 1 else { return entries[0] }
    return "{\"type\":\"Sequence\",\"pretokenizers\":[\(entries.joined(separator: ","))]}"
  }
}
