import Foundation
import ModelFiles
import TestSupport
import Testing
import Tokenization

/// Vocabularies in GGUF files against llama.cpp's ids for hard strings and whole texts.
@Suite struct LlamaCppTests {
  static let hasData = OutsideFiles.hasData("tokenizers/goldens")
  static let hasText = OutsideFiles.hasData("text/wiki.test.raw")

  /// The vocabulary called `name` in the fixture, with the settings that its script changes.
  static func tokenizer(_ name: String) throws -> Tokenizer {
    if name == "smollm2" {
      return try Tokenizer(try GGUFFile(path: try #require(OutsideFiles.smolLM2).path).metadata)
    }
    if small.contains(name) {
      return try Tokenizer(try GGUFFile(path: Fixtures.path("\(name).gguf")).metadata)
    }
    let base = name.hasPrefix("llama") ? "llama-spm" : "gpt-2"
    let path = OutsideFiles.data("tokenizers/goldens/ggml-vocab-\(base).gguf").path
    var vocabulary = try Vocabulary(try GGUFFile(path: path).metadata)
    func setType(_ type: TokenType, _ pieces: [String]) {
      for piece in pieces {
        vocabulary.types[vocabulary.pieces.firstIndex { $0.elementsEqual(piece.utf8) }!] = type
      }
    }
    switch name {
    case "llama-spm-no-space":
      vocabulary.addsSpacePrefix = false
      (vocabulary.addsBOS, vocabulary.addsEOS) = (false, true)
    case "llama-spm-user":
      setType(.userDefined, ["the", "\u{2581}then", "he", "<s>"])
    case "gpt-2-llama-bpe":
      vocabulary.preTokenizer = "llama-bpe"
      vocabulary.addsBOS = true  // the default of this pre-tokenizer
    case "gpt-2-smollm":
      vocabulary.preTokenizer = "smollm"
      (vocabulary.addsBOS, vocabulary.addsEOS) = (true, true)
    case "gpt-2-user":
      setType(.userDefined, ["the", "her", "th", "ther"])
    default: break
    }
    return try Tokenizer(vocabulary: vocabulary)
  }

  static let variants = [
    "llama-spm", "llama-spm-no-space", "llama-spm-user", "gpt-2", "gpt-2-llama-bpe", "gpt-2-smollm",
    "gpt-2-user",
  ]

  /// Committed vocabularies.
  static let small = ["plain", "byte_bpe"]

  @Test(arguments: small)
  func stringsOfSmallVocabularies(name: String) throws { try checkStrings(name) }

  @Test(.enabled(if: hasData, "needs EMEND_DATA"), arguments: variants)
  func strings(vocabulary: String) throws { try checkStrings(vocabulary) }

  @Test(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"))
  func stringsOfTheRealModel() throws { try checkStrings("smollm2") }

  private func checkStrings(_ name: String) throws {
    let fixture = try Fixtures.decode(Fixtures.LlamaCpp.self, from: "llama_cpp.json")
    let expected = try #require(fixture.vocabularies[name])
    let tokenizer = try Self.tokenizer(name)
    #expect(tokenizer.endOfGenerationTokens == Set(expected.endOfGeneration))
    for (index, string) in fixture.strings.enumerated() {
      let plain = tokenizer.encode(string, addSpecial: false, parseSpecial: false)
      #expect(plain == expected.plain[index], "\(string.debugDescription)")
      let special = tokenizer.encode(string, addSpecial: true, parseSpecial: true)
      #expect(special == expected.special[index], "\(string.debugDescription)")
    }
  }

  @Test(
    .enabled(if: hasData && hasText, "needs EMEND_DATA"),
    arguments: ["llama-spm", "gpt-2", "gpt-2-llama-bpe"])
  func wholeTexts(vocabulary: String) throws { try checkTexts(vocabulary) }

  @Test(
    .enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"),
    .enabled(if: hasText, "needs EMEND_DATA"))
  func wholeTextsOfTheRealModel() throws { try checkTexts("smollm2") }

  private func checkTexts(_ name: String) throws {
    let fixture = try Fixtures.decode(Fixtures.LlamaCpp.self, from: "llama_cpp.json")
    let tokenizer = try Self.tokenizer(name)
    for (file, expected) in try #require(fixture.vocabularies[name]?.texts) {
      let text = try Data(contentsOf: OutsideFiles.data(file))
      let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
      let starts = stride(from: 0, to: lines.count, by: expected.linesPerChunk)
      #expect(starts.underestimatedCount == expected.chunks.count)
      for (start, chunk) in zip(starts, expected.chunks) {
        let part = lines[start..<min(start + expected.linesPerChunk, lines.count)]
        let string = String(decoding: Array(part.joined(separator: [0x0A])), as: UTF8.self)
        let ids = tokenizer.encode(string, addSpecial: false, parseSpecial: false)
        #expect(Fixtures.LlamaCpp.Chunk(ids) == chunk, "\(file), line \(start)")
        #expect(sameBytes(tokenizer.decode(ids), string), "\(file), line \(start)")
      }
    }
  }
}
