import ModelFiles
import Tokenization

extension Vocabulary {
  /// The vocabulary in a file of any kind: SentencePiece's .model, tiktoken's, tokenizer.json, llama2.c's .bin
  /// (of `vocabularySize` pieces, where that is given).
  init(tokenizerFile path: String, vocabularySize: Int? = nil) throws(ConversionError) {
    try Self.requireTokenizer(path)
    if path.hasSuffix(".json") || path.hasSuffix(".json.zst") {
      do { self = try TokenizerJSON(path: path).vocabulary() } catch {
        throw .tokenizer(error)
      }
    } else if path.hasSuffix(".bin") || path.hasSuffix(".bin.zst") {
      do {
        self.init(llama2c: try Llama2CTokenizer(path: path, expecting: vocabularySize))
      } catch { throw .file(error) }
    } else if try TiktokenFile.isOne(path: path) {
      self = try TiktokenFile(path: path).vocabulary(size: vocabularySize)
    } else {
      do { try self.init(sentencePieceModel: path) } catch {
        throw .tokenizer(error)
      }
    }
  }

  /// Throws `unsupportedTokenizer` where the file is plainly of another kind: text, unless it is JSON or tiktoken's, a
  /// picture, a model.
  private static func requireTokenizer(_ path: String) throws(ConversionError) {
    let isJSON = path.hasSuffix(".json") || path.hasSuffix(".json.zst")
    let file: MappedFile
    do { file = try MappedFile.contents(path: path) } catch { throw .file(error) }
    let kind = withExtendedLifetime(file) { FileKind(firstBytes: file.bytes) }
    var found = kind.description
    switch kind {
    // A model of SentencePiece begins with a field of bytes, whose number is 1; llama2.c's with a small number.
    case .unknown, .llama2c, .pickle:
      if isJSON { return }  // Its own reader says what it is.
      let isPicture = withExtendedLifetime(file) {
        file.bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) || file.bytes.starts(with: [0xFF, 0xD8])
      }
      guard isPicture else { return }
      found = "a picture"
    case .text:
      let first = withExtendedLifetime(file) { file.bytes.first }
      // Pieces that are printable make a model of SentencePiece look like a text.
      if isJSON || first == 0x0A { return }
      if try TiktokenFile.isOne(path: path) { return }
    default: break
    }
    throw .unsupportedTokenizer(
      path: path,
      found:
        "it is \(found)\(kind.standsForAnother ? kind.remedy : ""); a tokenizer is tokenizer.model, tokenizer.json, or tokenizer.bin of llama2.c"
    )
  }

  /// The SentencePiece vocabulary that a tokenizer.bin was made from.
  init(llama2c tokenizer: Llama2CTokenizer) {
    var pieces = PieceTable()
    var types: [TokenType] = []
    for (id, piece) in tokenizer.pieces.enumerated() {
      switch id {
      case 0:
        pieces.append("<unk>".utf8)
        types.append(.unknown)
      case 1, 2:
        pieces.append((id == 1 ? "<s>" : "</s>").utf8)
        types.append(.control)
      default:
        pieces.append(piece.flatMap { $0 == 0x20 ? Array("▁".utf8) : [$0] })
        types.append(Self.isByte(piece) ? .byte : .normal)
      }
    }
    self.init(model: .sentencePiece, pieces: pieces, types: types)
    scores = tokenizer.scores
    (unknownToken, bosToken, eosToken) = (0, 1, 2)
    addsBOS = true
  }

  /// `<0x0A>`.
  private static func isByte(_ piece: [UInt8]) -> Bool {
    piece.count == 6 && piece.starts(with: "<0x".utf8) && piece[5] == UInt8(ascii: ">")
      && UInt8(String(decoding: piece[3..<5], as: UTF8.self), radix: 16) != nil
  }
}
