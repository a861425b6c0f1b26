import Foundation
import ModelFiles
import Tokenization

/// A tokenizer.model as Meta gives it out with LLaMA 3: a line for each token, its bytes in base64, a space
/// and its rank. Which tokens merge follows from the ranks: two that together are a token merge, those of
/// the lowest rank first.
///
/// Source: `load_tiktoken_bpe` of tiktoken; the special tokens and their order are those of `Tokenizer` in
/// Meta's repository, with the names of LLaMA 3.1 (in LLaMA 3 those of tokens that it never used differ).
package struct TiktokenFile {
  private let path: String
  /// The bytes of each token, by rank.
  private let tokens: [[UInt8]]

  /// Far more than any token has; what a token can be merged from takes time with the square of it.
  private static let longestToken = 4096
  /// Most tokens that are special besides those of the file.
  private static let specialCount = 256

  /// Whether the file at `path` begins as such a one.
  static func isOne(path: String) throws(ConversionError) -> Bool {
    let file: MappedFile
    do { file = try MappedFile.contents(path: path) } catch { throw .file(error) }
    return withExtendedLifetime(file) {
      let line = file.bytes.prefix(256).prefix { $0 != UInt8(ascii: "\n") }
      return entry(line) != nil
    }
  }

  /// Reads the file. Throws `unsupportedTokenizer` for a line that is no token, or ranks that are not those
  /// of as many tokens.
  package init(path: String) throws(ConversionError) {
    self.path = path
    let file: MappedFile
    do { file = try MappedFile.contents(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    var found: [(bytes: [UInt8], rank: Int)] = []
    for (number, line) in file.bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty { continue }
      guard let entry = Self.entry(line) else {
        throw .unsupportedTokenizer(
          path: path,
          found: "line \(number + 1) is no token in base64 with its rank; fetch the file again")
      }
      found.append(entry)
    }
    var tokens = [[UInt8]?](repeating: nil, count: found.count)
    for (bytes, rank) in found {
      guard tokens.indices.contains(rank), tokens[rank] == nil else {
        throw .unsupportedTokenizer(
          path: path,
          found:
            "the rank \(rank) stands there twice, or is none of \(found.count) tokens; fetch the file again"
        )
      }
      tokens[rank] = bytes
    }
    self.tokens = tokens.compactMap { $0 }
  }

  private static func entry(_ line: some Sequence<UInt8>) -> (bytes: [UInt8], rank: Int)? {
    let words = Array(line).split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 2, let bytes = Data(base64Encoded: Data(words[0])),
      (1...longestToken).contains(bytes.count),
      let rank = Int(String(decoding: words[1], as: UTF8.self)), rank >= 0
    else { return nil }
    return (Array(bytes), rank)
  }

  /// The vocabulary of LLaMA 3 with these tokens, and as many special ones as there are places for in `size`
  /// tokens, 256 at most.
  package func vocabulary(size: Int?) throws(ConversionError) -> Vocabulary {
    let special = Self.specialTokens.prefix(
      min(Self.specialCount, (size ?? .max) - tokens.count).clamped)
    var vocabulary = Vocabulary(
      model: .bytePair,
      pieces: PieceTable(tokens.map { ByteAlphabet.encode($0) } + special),
      types: Array(repeating: .normal, count: tokens.count)
        + Array(repeating: .control, count: special.count))
    vocabulary.merges = merges()
    vocabulary.preTokenizer = "llama-bpe"
    vocabulary.addsSpacePrefix = false
    func token(_ name: String) -> Int? { special.firstIndex(of: name).map { tokens.count + $0 } }
    vocabulary.bosToken = token("<|begin_of_text|>")
    vocabulary.eosToken = token("<|end_of_text|>")
    vocabulary.endOfTurnToken = token("<|eot_id|>")
    vocabulary.otherEndTokens = [token("<|eom_id|>")].compactMap { $0 }
    vocabulary.addsBOS = vocabulary.bosToken != nil
    return vocabulary
  }

  /// For each token the pairs of tokens that it can be merged from, by their ranks.
  private func merges() -> PieceTable {
    let ranks = Dictionary(
      tokens.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var table = PieceTable()
    for token in tokens where token.count > 1 {
      var pairs: [(left: Int, right: Int)] = []
      for cut in 1..<token.count {
        if let left = ranks[Array(token[..<cut])], let right = ranks[Array(token[cut...])] {
          pairs.append((left, right))
        }
      }
      for pair in pairs.sorted(by: { $0 < $1 }) {
        let texts = [pair.left, pair.right].map { ByteAlphabet.encode(tokens[$0]) }
        table.append((texts[0] + " " + texts[1]).utf8)
      }
    }
    return table
  }

  static let specialTokens: [String] = {
    func reserved(_ range: Range<Int>) -> [String] {
      range.map { "<|reserved_special_token_\($0)|>" }
    }
    let named =
      ["<|begin_of_text|>", "<|end_of_text|>"] + reserved(0..<2) + ["<|finetune_right_pad_id|>"]
      + reserved(2..<3)
      + [
        "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>",
      ]
    return named + reserved(3..<3 + specialCount - named.count)
  }()
}

extension Int {
  /// Not below 0.
  fileprivate var clamped: Int { Swift.max(0, self) }
}
