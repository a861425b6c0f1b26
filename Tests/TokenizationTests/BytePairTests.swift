import TestSupport
import Testing
import Tokenization

/// A small byte-level BPE vocabulary trained by `make_tokenizer_fixtures.py`, against the tokenizers
/// package.
@Suite struct BytePairTests {
  @Test(arguments: ["gpt-2", "smollm", "llama-bpe"])
  func matchesTokenizers(preTokenizer: String) throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    let expected = try #require(fixture.expected[preTokenizer])
    let tokenizer = try Tokenizer(vocabulary: fixture.vocabulary(preTokenizer: preTokenizer))
    for (string, ids) in zip(fixture.strings, expected.ids) {
      let found = tokenizer.encode(string, addSpecial: false, parseSpecial: false)
      #expect(found == ids, "\(string.debugDescription)")
      #expect(sameBytes(tokenizer.decode(found), string), "\(string.debugDescription)")
    }
  }

  @Test(arguments: ["gpt-2", "smollm", "llama-bpe"])
  func cutsWordsLikeTheRegularExpressions(preTokenizer: String) throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    let expected = try #require(fixture.expected[preTokenizer])
    let splitter = try PreTokenizer(name: preTokenizer)
    for (string, words) in zip(fixture.strings, expected.words) {
      #expect(splitter.wordLengths(of: string) == words, "\(string.debugDescription)")
    }
  }

  /// The rules, one by one: what each cuts.
  @Test(arguments: [
    ("gpt-2", "don't  stop", ["don", "'t", " ", " stop"]),
    ("gpt-2", "a12 345", ["a", "12", " 345"]),
    ("gpt-2", "x \n\n", ["x", " \n\n"]),
    ("smollm", "a12  3", ["a", "1", "2", "  ", "3"]),
    ("llama-bpe", "I'LL 12345\tgo", ["I", "'LL", " ", "123", "45", "\tgo"]),
    ("llama-bpe", "x!\n\n  \n y", ["x", "!\n\n", "  \n", " y"]),
  ])
  func rule(preTokenizer: String, text: String, words: [String]) throws {
    let splitter = try PreTokenizer(name: preTokenizer)
    #expect(splitter.wordLengths(of: text) == words.map(\.utf8.count))
  }

  @Test func unsupportedPreTokenizerIsRefusedByName() throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    #expect(throws: TokenizationError.unsupportedPreTokenizer(name: "kimi-k2")) {
      try Tokenizer(vocabulary: fixture.vocabulary(preTokenizer: "kimi-k2"))
    }
  }

  /// A step of merging need not be a token: "ab" is not, "abc" is.
  @Test func mergesPassThroughTextsThatAreNoTokens() throws {
    let tokens = ["a", "b", "c", "abc"]
    var vocabulary = Vocabulary(
      model: .bytePair, pieces: PieceTable(tokens), types: [.normal, .normal, .normal, .normal])
    vocabulary.merges = PieceTable(["a b", "ab c"])
    let tokenizer = try Tokenizer(vocabulary: vocabulary)
    #expect(tokenizer.encode("abc", addSpecial: false, parseSpecial: false) == [3])
    #expect(tokenizer.encode("abab", addSpecial: false, parseSpecial: false) == [0, 1, 0, 1])
    // No token for "x": left out.
    #expect(tokenizer.encode("axb", addSpecial: false, parseSpecial: false) == [0, 1])
  }
}
