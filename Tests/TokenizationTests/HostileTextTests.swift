import TestSupport
import Testing
import Tokenization

/// Long texts of the kinds that make tokenizers quadratic or wrong. Not timed: if they were quadratic,
/// each would take hours.
@Suite struct HostileTextTests {
  enum Kind: String, CaseIterable {
    case oneLetter, spaces, lineEnds, digits, emoji, apostrophes, noSpaces, randomBytes,
      randomScalars

    func text(of size: Int) -> String {
      var generator = SplitMix64(seed: 3)
      switch self {
      case .oneLetter: return String(repeating: "a", count: size)
      case .spaces: return String(repeating: " ", count: size)
      case .lineEnds: return String(repeating: "\r\n", count: size / 2)
      case .digits: return String(repeating: "7", count: size)
      case .emoji: return String(repeating: "\u{1F999}\u{200D}", count: size / 7)
      case .apostrophes: return String(repeating: "'re ", count: size / 4)
      case .noSpaces:
        return String((0..<size).map { _ in "etaoinshrdlu".randomElement(using: &generator)! })
      case .randomBytes:
        let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return withoutMetaSpace(String(decoding: bytes, as: UTF8.self).unicodeScalars)
      case .randomScalars:
        let scalars = (0..<size / 4).compactMap { _ in
          Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &generator))
        }
        return withoutMetaSpace(scalars)
      }
    }

    /// SentencePiece writes U+2581 for a space, and so reads it.
    private func withoutMetaSpace(_ scalars: some Sequence<Unicode.Scalar>) -> String {
      String(String.UnicodeScalarView(scalars.filter { $0 != "\u{2581}" }))
    }
  }

  @Test(arguments: Kind.allCases)
  func sentencePiece(kind: Kind) throws {
    let tokenizer = try Tokenizer(sentencePieceModel: Fixtures.path("plain.model"))
    let text = kind.text(of: 1 << 20)
    let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
    #expect(ids.allSatisfy { (0..<tokenizer.vocabularyCount).contains($0) })
    #expect(sameBytes(tokenizer.decode(ids), text))
  }

  @Test(
    arguments: Kind.allCases, [("gpt-2", 1 << 20), ("smollm", 1 << 18), ("llama-bpe", 1 << 18)])
  func bytePair(kind: Kind, vocabulary: (preTokenizer: String, size: Int)) throws {
    let fixture = try Fixtures.decode(Fixtures.BytePair.self, from: "byte_bpe.json")
    let tokenizer = try Tokenizer(
      vocabulary: fixture.vocabulary(preTokenizer: vocabulary.preTokenizer))
    let text = kind.text(of: vocabulary.size)
    let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
    #expect(ids.allSatisfy { (0..<tokenizer.vocabularyCount).contains($0) })
    #expect(sameBytes(tokenizer.decode(ids), text))
  }

  /// Many threads, one tokenizer.
  @Test func threadsShareATokenizer() async throws {
    let tokenizer = try Tokenizer(sentencePieceModel: Fixtures.path("plain.model"))
    let fixture = try Fixtures.decode(Fixtures.SentencePiece.self, from: "sentencepiece.json")
    let expected = try #require(fixture.models["plain"]).ids
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<20 {
            let ids = fixture.strings.map {
              tokenizer.encode($0, addSpecial: false, parseSpecial: false)
            }
            #expect(ids == expected)
          }
        }
      }
    }
  }
}
