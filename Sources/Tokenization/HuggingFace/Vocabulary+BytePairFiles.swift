import ModelFiles

extension Vocabulary {
  /// Reads GPT-2's byte-level vocabulary from two files: `{"piece": id, ...}` in `vocabularyPath`, which
  /// is called vocab.json or encoder.json, and "left right" a line, the first merges first, in
  /// `mergesPath`, which is called merges.txt or vocab.bpe.
  ///
  /// Pieces that look like special tokens, such as `<|endoftext|>`, become control tokens, and that one
  /// begins and ends a text, as in transformers. Throws `unusableID` where an id is none of as many
  /// pieces.
  public init(
    bytePairs vocabularyPath: String, merges mergesPath: String
  ) throws(TokenizationError) {
    let numbers: [(text: String, id: Int)]
    do {
      numbers = try PieceNumbers.read(MappedFile.contents(path: vocabularyPath), under: [])
    } catch { throw .file(error) }
    var texts = [String?](repeating: nil, count: numbers.count)
    for (text, id) in numbers {
      // As many ids as pieces, each once: so there is none missing.
      guard id < texts.count else {
        throw .inFile(
          vocabularyPath, .unusableID(piece: text, found: id, limit: texts.count))
      }
      if let other = texts[id] {
        throw .inFile(vocabularyPath, .duplicateID(id: id, first: other, second: text))
      }
      texts[id] = text
    }
    let pieces = texts.compactMap { $0 }
    self.init(
      model: .bytePair, pieces: PieceTable(pieces),
      types: pieces.map { TokenizerJSON.looksSpecial($0) ? .control : .normal })
    merges = try Vocabulary.readMerges(mergesPath)
    preTokenizer = "gpt-2"
    addsSpacePrefix = false
    findEndOfText()
  }

  /// GPT-2 has one token that begins and ends a text, and its files name it nowhere but among the pieces.
  package mutating func findEndOfText() {
    eosToken = pieces.firstIndex { $0.elementsEqual("<|endoftext|>".utf8) }
    bosToken = eosToken
  }

  /// The lines of the file but an empty one at the end and "#version: 0.2" at the start.
  private static func readMerges(_ path: String) throws(TokenizationError) -> PieceTable {
    let file: MappedFile
    do { file = try MappedFile.contents(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    var merges = PieceTable()
    merges.reserveCapacity(file.byteCount / 8, bytes: file.byteCount)
    for (number, line) in file.bytes.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
    ).enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if number == 0, line.starts(with: "#version".utf8) { continue }
      if line.isEmpty { continue }
      merges.append(line)
    }
    return merges
  }

  /// The byte-level vocabulary in a folder: tokenizer.json, or vocab.json and merges.txt, or OpenAI's
  /// encoder.json and vocab.bpe. Throws `noTokenizer` where there is none of them.
  public init(bytePairFolder path: String) throws(TokenizationError) {
    func exists(_ name: String) throws(TokenizationError) -> Bool {
      do throws(ModelFileError) {
        _ = try MappedFile(path: path + "/" + name)
        return true
      } catch {
        if case .noSuchFile = error { return false }
        throw .file(error)
      }
    }
    if try exists("tokenizer.json") {
      self = try TokenizerJSON(path: path + "/tokenizer.json").vocabulary()
      if bosToken == nil {
        let eos = eosToken
        findEndOfText()
        eosToken = eos ?? eosToken
      }
      return
    }
    for (vocabulary, merges) in [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")] {
      guard try exists(vocabulary) else { continue }
      try self.init(bytePairs: path + "/" + vocabulary, merges: path + "/" + merges)
      return
    }
    throw .inFile(
      path,
      .noTokenizer(
        wanted: "tokenizer.json, vocab.json with merges.txt, encoder.json with vocab.bpe"))
  }
}
