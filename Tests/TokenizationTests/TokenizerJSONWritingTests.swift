import TestSupport
import Testing
import Tokenization

/// A tokenizer.json written here, against what the tokenizers package made of the same vocabulary.
@Suite struct TokenizerJSONWritingTests {
  private static func written(_ vocabulary: Vocabulary) throws -> Vocabulary {
    let bytes = try TokenizerJSON.bytes(of: vocabulary)
    let read = try TokenizerJSON(bytes: bytes, path: "tokenizer.json").vocabulary()
    #expect(try TokenizerJSON.bytes(of: read) == bytes)
    return read
  }

  @Test(arguments: ["gpt-2", "smollm", "llama-bpe"])
  func readsAsItWas(preTokenizer: String) throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    let expected = try #require(fixture.expected[preTokenizer])
    let source = fixture.vocabulary(preTokenizer: preTokenizer)
    let vocabulary = try Self.written(source)
    #expect(vocabulary.pieces.elementsEqual(source.pieces))
    #expect(vocabulary.merges.elementsEqual(source.merges))
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    for (string, ids) in zip(fixture.strings, expected.ids) {
      let found = tokenizer.encode(string, addSpecial: false, parseSpecial: false)
      #expect(found == ids, "\(string.debugDescription)")
    }
  }

  /// Control and user-defined tokens stay what they are; flags that the file has no place for do not stand
  /// in the way.
  @Test func specialTokensStaySpecial() throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    var vocabulary = fixture.vocabulary(preTokenizer: nil)
    let first = vocabulary.pieces.count
    for (text, type) in [
      ("<a \"quoted\"\\name>", TokenType.control), ("e\u{301}", .userDefined),
      ("\u{E9}\u{E9}\u{E9}", .unused), ("<x>", .userDefined),
    ] {
      vocabulary.pieces.append(text.utf8)
      vocabulary.types.append(type)
    }
    vocabulary.addsBOS = true
    let read = try Self.written(vocabulary)
    #expect(read.pieces.elementsEqual(vocabulary.pieces))
    #expect(read.types[first] == .control && read.types[first + 1] == .userDefined)
    let tokenizer = try Tokenizer(vocabulary: read)
    #expect(
      tokenizer.encode("<x>e\u{301}<x>", addSpecial: true, parseSpecial: false)
        == [first + 3, first + 1, first + 3])
    #expect(
      tokenizer.encode("<a \"quoted\"\\name>", addSpecial: true, parseSpecial: true) == [first])
    #expect(
      tokenizer.encode("<a \"quoted\"\\name>", addSpecial: true, parseSpecial: false).count > 1)
  }

  @Test func whatItCannotSayIsRefused() throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    var vocabulary = fixture.vocabulary(preTokenizer: "gpt-2")
    vocabulary.merges.append("zz zzz".utf8)
    #expect(
      throws: TokenizationError.mergeWithoutToken(index: fixture.merges.count, text: "zz zzz")
    ) { try TokenizerJSON.bytes(of: vocabulary) }
    let other = try Vocabulary(sentencePieceModel: Fixtures.path("plain.model"))
    #expect(throws: TokenizationError.self) { try TokenizerJSON.bytes(of: other) }
  }
}
