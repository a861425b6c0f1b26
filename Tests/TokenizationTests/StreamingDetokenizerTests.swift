import Foundation
import TestSupport
import Testing
import Tokenization

@Suite struct StreamingDetokenizerTests {
  /// One token for each byte, and nothing else.
  private static func bytes() throws -> Tokenizer {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    return try Tokenizer(vocabulary: fixture.vocabulary(preTokenizer: "gpt-2"))
  }

  /// Random bytes, most of them parts of characters: joined, the texts are what the standard library
  /// makes of the whole, and none but the last ends within a character.
  @Test func anyBytesAreAsInTheWhole() throws {
    let tokenizer = try Self.bytes()
    let tokenOfByte = (0..<256).map { byte in
      (0..<tokenizer.vocabularyCount).first {
        tokenizer.bytes(of: $0).elementsEqual([UInt8(byte)])
      }!
    }
    let likely: [UInt8] = [
      0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE2, 0xED, 0xEF, 0xF0,
      0xF4,
      0xF5, 0xFF,
    ]
    var generator = SplitMix64(seed: 11)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        likely.randomElement(using: &generator)!
      }
      var detokenizer = StreamingDetokenizer(tokenizer)
      var text = ""
      var complete = 0
      for (index, byte) in bytes.enumerated() {
        let new = detokenizer.append(tokenOfByte[Int(byte)])
        text += new
        if !new.isEmpty { complete = index + 1 }
        #expect(complete + 3 > index, "more than three bytes are held back")
      }
      text += detokenizer.finish()
      let whole = String(decoding: bytes, as: UTF8.self)
      #expect(sameBytes(text, whole), "\(bytes)")
      #expect(sameBytes(tokenizer.decode(bytes.map { tokenOfByte[Int($0)] }), whole))
    }
  }

  @Test func charactersComeWhole() throws {
    let tokenizer = try Self.bytes()
    for string in ["\u{E9}", "\u{4F60}", "\u{1F999}"] {
      let bytes = Array(string.utf8)
      var detokenizer = StreamingDetokenizer(tokenizer)
      let texts = bytes.map { byte in
        let id = (0..<tokenizer.vocabularyCount).first {
          tokenizer.bytes(of: $0).elementsEqual([byte])
        }
        return detokenizer.append(id!)
      }
      #expect(texts.dropLast().allSatisfy { $0.isEmpty })
      #expect(texts.last == string)
      #expect(detokenizer.finish().isEmpty)
    }
  }

  @Test func theSpacePrefixIsTakenAwayOnce() throws {
    let tokenizer = try Tokenizer(sentencePieceModel: Fixtures.path("plain.model"))
    let bos = try #require(tokenizer.bosToken)
    let ids = tokenizer.encode("  the the", addSpecial: false, parseSpecial: false)
    #expect(tokenizer.decode(ids) == "  the the")
    #expect(tokenizer.decode([bos] + ids) == "  the the")
    #expect(tokenizer.decode([bos] + ids, special: true) == "<s>  the the")

    var continuing = StreamingDetokenizer(tokenizer, startsText: false)
    #expect(ids.map { continuing.append($0) }.joined() + continuing.finish() == "   the the")
    let without = try Tokenizer(sentencePieceModel: Fixtures.path("no_prefix.model"))
    let plain = without.encode(" the", addSpecial: false, parseSpecial: false)
    #expect(without.decode(plain) == " the")
  }

  @Test func tokensOfEachType() throws {
    let tokenizer = try Tokenizer(sentencePieceModel: Fixtures.path("user_defined.model"))
    func id(_ piece: String) throws -> Int { try #require(tokenizer.token(forPiece: piece)) }
    #expect(tokenizer.type(of: try id("<unk>")) == .unknown)
    #expect(tokenizer.type(of: try id("<ctl>")) == .control)
    #expect(tokenizer.type(of: try id("<sep>")) == .userDefined)
    #expect(tokenizer.type(of: try id("<0x0A>")) == .byte)
    #expect(Array(tokenizer.bytes(of: try id("<0x0A>"))) == [0x0A])
    #expect(tokenizer.bytes(of: try id("<ctl>")).isEmpty)
    #expect(Array(tokenizer.bytes(of: try id("<ctl>"), special: true)) == Array("<ctl>".utf8))
    #expect(Array(tokenizer.bytes(of: try id("<sep>"))) == Array("<sep>".utf8))
    #expect(tokenizer.piece(of: try id("\u{2581}the")) == "\u{2581}the")
    #expect(Array(tokenizer.bytes(of: try id("\u{2581}the"))) == Array(" the".utf8))
    #expect(tokenizer.text(of: try id("\u{2581}the")) == " the")
    #expect(tokenizer.text(of: try id("<0x0A>")) == "\n")
    // No whole character, and none at all.
    #expect(tokenizer.text(of: try id("<0xE2>")) == "<0xE2>")
    #expect(tokenizer.text(of: try id("<ctl>")) == "<ctl>")
    #expect(tokenizer.token(forPiece: "no such piece") == nil)
  }
}
