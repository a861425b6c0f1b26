import ModelFiles
import Tokenization

extension Vocabulary {
  /// The vocabulary in a file of any kind: SentencePiece's .model, tiktoken's, tokenizer.json, llama2.c's .bin
  /// (of `vocabularySize` pieces, where that is given).
  init(tokenizerFile path: String, vocabularySize: Int? = nil) throws(ConversionError) {
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
