import Foundation
import TestSupport
import Testing
import Tokenization

/// Small models trained by `make_tokenizer_fixtures.py`, against the sentencepiece package.
@Suite struct SentencePieceTests {
  static let models = [
    "plain", "no_prefix", "user_defined", "extra_spaces", "across_spaces", "no_bytes",
  ]

  @Test(arguments: models)
  func matchesSentencePiece(model: String) throws {
    let fixture = try Fixtures.decode(Fixtures.SentencePiece.self, from: "sentencepiece.json")
    let expected = try #require(fixture.models[model])
    let tokenizer = try Tokenizer(sentencePieceModel: Fixtures.path("\(model).model"))
    for (string, ids) in zip(fixture.strings, expected.ids) {
      let found = tokenizer.encode(string, addSpecial: false, parseSpecial: false)
      #expect(found == ids, "\(string.debugDescription)")
    }
    let vocabulary = tokenizer.vocabulary
    let special = [
      vocabulary.bosToken, vocabulary.eosToken, vocabulary.unknownToken, vocabulary.paddingToken,
    ]
    #expect(special.map { $0 ?? -1 } == expected.special)
  }

  /// Unknown text is left out here, where sentencepiece writes " \u{2047} ".
  @Test(arguments: models.filter { $0 != "no_bytes" })
  func decodesAsSentencePiece(model: String) throws {
    let fixture = try Fixtures.decode(Fixtures.SentencePiece.self, from: "sentencepiece.json")
    let expected = try #require(fixture.models[model])
    let tokenizer = try Tokenizer(sentencePieceModel: Fixtures.path("\(model).model"))
    for (ids, text) in zip(expected.ids, expected.decoded) {
      #expect(sameBytes(tokenizer.decode(ids), text), "\(text.debugDescription)")
    }
  }

  /// Words are looked up one by one where that cannot change anything; here is one long text in which
  /// it would show.
  @Test func longTextIsTheSameAsItsWordsTogether() throws {
    let fixture = try Fixtures.decode(Fixtures.SentencePiece.self, from: "sentencepiece.json")
    let model = Fixtures.path("plain.model")
    var vocabulary = try Vocabulary(sentencePieceModel: model)
    let split = try Tokenizer(vocabulary: vocabulary)
    // A piece that continues after a space, and never occurs, makes the library see the whole text.
    vocabulary.pieces.append("\u{10FFFE}\u{2581}".utf8)
    vocabulary.scores.append(-1e9)
    vocabulary.types.append(.normal)
    let whole = try Tokenizer(vocabulary: vocabulary)
    var generator = SplitMix64(seed: 5)
    for _ in 0..<20 {
      let text = (0..<60).map { _ in fixture.strings.randomElement(using: &generator)! }
        .joined(separator: " ")
      #expect(
        split.encode(text, addSpecial: false, parseSpecial: false)
          == whole.encode(text, addSpecial: false, parseSpecial: false))
    }
  }

  @Test(
    .enabled(if: OutsideFiles.hasData("tokenizers/llama2"), "needs EMEND_DATA"),
    .enabled(if: OutsideFiles.hasData("tokenizers/goldens"), "needs EMEND_DATA"))
  func modelFileAndGGUFAgree() throws {
    let path = OutsideFiles.data("tokenizers/llama2/tokenizer.model").path
    let fromModel = try Tokenizer(sentencePieceModel: path)
    let fromGGUF = try LlamaCppTests.tokenizer("llama-spm")
    #expect(fromModel.vocabularyCount == 32000)
    let fixture = try Fixtures.decode(Fixtures.LlamaCpp.self, from: "llama_cpp.json")
    for string in fixture.strings {
      let ids = fromModel.encode(string, addSpecial: true, parseSpecial: true)
      #expect(ids == fromGGUF.encode(string, addSpecial: true, parseSpecial: true))
      #expect(fromModel.decode(ids) == fromGGUF.decode(ids))
    }
  }
}
