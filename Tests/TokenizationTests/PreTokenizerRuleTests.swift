import Foundation
import TestSupport
import Testing
import Tokenization

/// Each rule by its name in a GGUF, against llama.cpp's ids.
@Suite struct PreTokenizerRuleTests {
  private struct Rules: Decodable {
    var strings: [String]
    var ids: [String: [[Int]]]
  }

  private static let rules: Rules = {
    let url = OutsideFiles.fixture("readers/pre_tokenizers.json")
    return try! JSONDecoder().decode(Rules.self, from: Data(contentsOf: url))
  }()

  @Test(arguments: [
    "", "default", "falcon", "falcon3", "smaug-bpe", "tekken", "qwen2", "deepseek-llm",
    "deepseek-coder", "deepseek-v3",
  ])
  func idsAreThoseOfLlamaCpp(name: String) throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    let tokenizer = try Tokenizer(
      vocabulary: fixture.vocabulary(preTokenizer: name.isEmpty ? nil : name))
    let expected = try #require(Self.rules.ids[name])
    for (string, ids) in zip(Self.rules.strings, expected) {
      let found = tokenizer.encode(string, addSpecial: false, parseSpecial: false)
      #expect(found == ids, "\(string.debugDescription)")
      #expect(sameBytes(tokenizer.decode(found), string))
    }
  }

  /// A file without a rule is not one that names GPT-2's.
  @Test func withoutANameItIsNotGPT2() throws {
    let missing = try PreTokenizer(name: nil)
    #expect(missing.wordLengths(of: "a (b) 1234") == [1, 1, 1, 1, 1, 1, 3, 1])
    #expect(try PreTokenizer(name: "gpt-2").wordLengths(of: "a (b) 1234") == [1, 2, 1, 1, 5])
  }
}
