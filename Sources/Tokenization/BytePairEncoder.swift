/// Byte-level BPE (GPT-2): text is cut into words, and within each word bytes are merged by rank.
///
/// Source: Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword
/// units", 2016; Radford et al., "Language models are unsupervised multitask learners", 2019.
struct BytePairEncoder: TextEncoder {
  private let preTokenizer: PreTokenizer
  private let table: MergeTable
  private let tokenCount: Int
  /// For models that take a whole word as it is: tokens by the bytes they stand for.
  private let wholeWords: PieceIndex?
  private let decoded: PieceTable

  /// `index` finds every piece, `decoded` has the bytes each stands for.
  init(
    _ vocabulary: Vocabulary, index: PieceIndex, decoded: PieceTable
  ) throws(TokenizationError) {
    preTokenizer = try PreTokenizer(name: vocabulary.preTokenizer)
    table = try MergeTable(vocabulary, index: index)
    tokenCount = vocabulary.pieces.count
    self.decoded = decoded
    guard preTokenizer.ignoresMerges else {
      wholeWords = nil
      return
    }
    var words = PieceIndex(capacity: tokenCount)
    for id in 0..<tokenCount where vocabulary.types[id] == .normal {
      _ = words.insert(id, of: decoded)
    }
    wholeWords = words
  }

  func encode(_ text: UnsafeBufferPointer<UInt8>, isStart: Bool, into ids: inout [Int]) {
    var merger = WordMerger()
    var cache = WordCache()
    preTokenizer.forEachWord(of: text) { whole in
      var rest = whole
      while !rest.isEmpty {
        // Positions within a word are kept in 32 bits.
        let word = rest.prefix(1 << 30)
        rest = rest.dropFirst(word.count)
        let (hash, found) = cache.repeatIDs(of: word, in: text, into: &ids)
        if found { continue }
        let firstID = ids.count
        encodeWord(UnsafeBufferPointer(rebasing: text[word]), with: &merger, into: &ids)
        cache.remember(word, hash: hash, firstID: firstID, ids: ids)
      }
    }
  }

  private func encodeWord(
    _ word: UnsafeBufferPointer<UInt8>, with merger: inout WordMerger, into ids: inout [Int]
  ) {
    if let whole = wholeWords?.find(word, in: decoded) {
      ids.append(whole)
      return
    }
    merger.merge(word, with: table) { symbol, bytes in
      if symbol < tokenCount {
        ids.append(Int(symbol))
        return
      }
      // Not a token: its bytes by themselves. Bytes without a token are dropped, as in llama.cpp
      // and Hugging Face's tokenizers (SmolLM2 lacks six control characters).
      for byte in bytes where table.byteSymbols[Int(byte)] < tokenCount {
        ids.append(Int(table.byteSymbols[Int(byte)]))
      }
    }
  }
}
