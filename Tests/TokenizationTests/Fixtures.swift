import Foundation
import ModelFiles
import TestSupport
import Tokenization

/// Committed files of `tools/fixtures/make_tokenizer_fixtures.py`.
enum Fixtures {
  static func path(_ name: String) -> String {
    OutsideFiles.fixture("tokenizers").appending(path: name).path
  }

  static func decode<T: Decodable>(_ type: T.Type, from name: String) throws -> T {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// `sentencepiece.json`: what the sentencepiece package makes of the strings.
  struct SentencePiece: Decodable {
    struct Model: Decodable {
      var ids: [[Int]]
      var special: [Int]
      var decoded: [String]
    }
    var strings: [String]
    var models: [String: Model]
  }

  /// `byte_bpe.json`: what the tokenizers package makes of the strings.
  struct BytePair: Decodable {
    struct Expected: Decodable {
      var ids: [[Int]]
      var words: [[Int]]
    }
    var strings: [String]
    var tokens: [String]
    var merges: [String]
    var expected: [String: Expected]

    func vocabulary(preTokenizer: String?) -> Vocabulary {
      var vocabulary = Vocabulary(
        model: .bytePair, pieces: PieceTable(tokens),
        types: [TokenType](repeating: .normal, count: tokens.count))
      vocabulary.merges = PieceTable(merges)
      vocabulary.preTokenizer = preTokenizer
      return vocabulary
    }
  }

  /// `llama_cpp.json`: what llama.cpp makes of the strings and of whole texts.
  struct LlamaCpp: Decodable {
    struct Text: Decodable {
      var linesPerChunk: Int
      /// The number of ids, and their checksum.
      var chunks: [Chunk]
    }
    struct Chunk: Decodable, Equatable {
      var count: Int
      var checksum: String

      init(_ ids: [Int]) {
        count = ids.count
        checksum = fnv(ids)
      }

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        count = try values.decode(Int.self)
        checksum = try values.decode(String.self)
      }
    }
    struct Entry: Decodable {
      var endOfGeneration: [Int]
      var plain: [[Int]]
      var special: [[Int]]
      var texts: [String: Text]?
    }
    var strings: [String]
    var vocabularies: [String: Entry]
  }

  /// `chat.json`: conversations as others write them.
  struct Chat: Decodable {
    struct Message: Decodable {
      var role: String
      var content: String
    }
    struct Case: Decodable {
      var template: String
      var witness: String
      var addGenerationPrompt: Bool
      var eos: String
      var text: String
      var messages: [Message]
    }
    var smollm2Template: String
    var cases: [Case]
  }
}

/// FNV-1a, 64 bits, of the ids as little-endian 32-bit numbers.
func fnv(_ ids: [Int]) -> String {
  var value: UInt64 = 0xCBF2_9CE4_8422_2325
  for id in ids {
    for shift in stride(from: 0, to: 32, by: 8) {
      value = (value ^ UInt64(truncatingIfNeeded: id >> shift & 0xFF)) &* 0x100_0000_01B3
    }
  }
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// Equal byte for byte: Swift's strings are equal when only their normalization differs.
func sameBytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
