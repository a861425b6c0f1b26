/// SentencePiece BPE by libsentencepiece, from a vocabulary of any source: the model that the
/// library loads is written here, of checked fields only.
///
/// Source: Kudo and Richardson, "SentencePiece: a simple and language independent subword tokenizer
/// and detokenizer for neural text processing", 2018.
struct SentencePieceEncoder: TextEncoder {
  private let processor: SentencePieceProcessor
  /// Whether to put the space prefix here; otherwise the library does, or nobody.
  private let addsSpace: Bool
  private let spacePrefix: Vocabulary.SpacePrefix
  /// Whether no merge can reach across the beginning of a space, so that words can be encoded one by
  /// one and repeated words looked up.
  private let splitsWords: Bool
  private let fallback: [Int]

  /// The vocabulary must have passed `VocabularyCheck`.
  init(_ vocabulary: Vocabulary, unknownToken: Int?, byteTokens: [Int]) throws(TokenizationError) {
    processor = try SentencePieceProcessor(
      serialized: SentencePieceEncoder.serialize(
        vocabulary, unknownToken: unknownToken, hasByteTokens: !byteTokens.isEmpty))
    addsSpace = vocabulary.addsSpacePrefix && !vocabulary.removesExtraSpaces
    spacePrefix = vocabulary.spacePrefix
    splitsWords =
      !vocabulary.removesExtraSpaces && !byteTokens.isEmpty
      && SentencePieceEncoder.wordsAreIndependent(vocabulary)
    fallback = byteTokens.isEmpty ? [unknownToken ?? 0] : byteTokens
  }

  func encode(_ text: UnsafeBufferPointer<UInt8>, isStart: Bool, into ids: inout [Int]) {
    let beginsWithSpace = text[0] == 0x20 || text.starts(with: metaSpace)
    let takesPrefix =
      switch spacePrefix {
      case .everywhere: true
      case .always: !beginsWithSpace
      case .first: isStart && !beginsWithSpace
      }
    guard addsSpace, takesPrefix else {
      encodePrepared(text, into: &ids)
      return
    }
    var prefixed: [UInt8] = []
    prefixed.reserveCapacity(text.count + 1)
    prefixed.append(0x20)
    prefixed.append(contentsOf: text)
    prefixed.withUnsafeBufferPointer { encodePrepared($0, into: &ids) }
  }

  private func encodePrepared(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    var cache = WordCache()
    var start = 0
    while start < text.count {
      let word = start..<endOfWord(in: text, from: start)
      start = word.upperBound
      guard splitsWords else {
        encodeWord(UnsafeBufferPointer(rebasing: text[word]), into: &ids)
        continue
      }
      let (hash, found) = cache.repeatIDs(of: word, in: text, into: &ids)
      if found { continue }
      let firstID = ids.count
      encodeWord(UnsafeBufferPointer(rebasing: text[word]), into: &ids)
      cache.remember(word, hash: hash, firstID: firstID, ids: ids)
    }
  }

  private func encodeWord(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int]) {
    if processor.encode(word, into: &ids) { return }
    // The library has no reason to refuse valid UTF-8; if it does, the text is still represented.
    if fallback.count == 256 {
      for byte in word { ids.append(fallback[Int(byte)]) }
    } else {
      ids.append(contentsOf: fallback)
    }
  }

  /// The end of the word at `start`: before the next space that follows something else than a space.
  /// The library counts characters in 32 bits, so even a text without spaces is cut in the end.
  private func endOfWord(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let limit = 1 << 28
    var end = start + 1
    while end < text.count {
      if splitsWords, text[end] == 0x20, text[end - 1] != 0x20, !endsInMetaSpace(text[..<end]) {
        break
      }
      if end - start >= limit, text[end] & 0xC0 != 0x80 { break }
      end += 1
    }
    return end
  }

  /// U+2581, which the library writes for a space, may also stand in the text itself.
  private func endsInMetaSpace(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    text.last == metaSpace[2] && text.suffix(3).elementsEqual(metaSpace)
  }

  /// Whether no piece continues with a space after something else. Merges of one word then depend on
  /// that word alone. (Unused pieces are taken apart again as they were formed last in the whole
  /// text, so with those words are not independent.)
  private static func wordsAreIndependent(_ vocabulary: Vocabulary) -> Bool {
    for id in vocabulary.pieces.indices {
      switch vocabulary.types[id] {
      case .unused: return false
      case .unknown, .control, .byte: continue
      case .normal, .userDefined:
        let piece = vocabulary.pieces[id]
        var rest = piece
        while rest.starts(with: metaSpace) { rest = rest.dropFirst(metaSpace.count) }
        if rest.contains(0x20) || containsMetaSpace(rest) { return false }
      }
    }
    return true
  }

  private static func containsMetaSpace(_ piece: ArraySlice<UInt8>) -> Bool {
    piece.indices.contains {
      piece[$0] == metaSpace[0] && piece[$0...].starts(with: metaSpace)
    }
  }

  /// The `ModelProto` of a vocabulary: pieces, and the specifications that matter for encoding.
  private static func serialize(
    _ vocabulary: Vocabulary, unknownToken: Int?, hasByteTokens: Bool
  ) -> [UInt8] {
    var model = ProtobufWriter()
    for id in vocabulary.pieces.indices {
      var type = vocabulary.types[id]
      if id == unknownToken {
        type = .unknown
      } else if type == .userDefined, vocabulary.userDefinedPiecesSplitText {
        // The text was split at these; what is left of them takes part in merges (llama.cpp).
        type = .normal
      }
      model.field(1) { piece in
        piece.field(1, bytes: vocabulary.pieces[id])
        piece.field(2, float: vocabulary.scores[id])
        piece.field(3, varint: Int(type.rawValue))
      }
    }
    model.field(2) { trainer in
      trainer.field(3, varint: 2)  // model_type: BPE
      trainer.field(4, varint: vocabulary.pieces.count)  // vocab_size
      trainer.field(35, varint: hasByteTokens ? 1 : 0)  // byte_fallback
    }
    model.field(3) { normalizer in
      normalizer.field(1, bytes: "identity".utf8)
      let prefix = vocabulary.addsSpacePrefix && vocabulary.removesExtraSpaces
      normalizer.field(3, varint: prefix ? 1 : 0)  // add_dummy_prefix
      normalizer.field(4, varint: vocabulary.removesExtraSpaces ? 1 : 0)
      normalizer.field(5, varint: 1)  // escape_whitespaces
    }
    return model.bytes
  }
}

/// U+2581, as which SentencePiece writes a space.
let metaSpace: [UInt8] = [0xE2, 0x96, 0x81]
