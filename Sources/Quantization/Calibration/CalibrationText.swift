import Crypto
import ModelFiles
import Tokenization

/// Token sequences on which a model is run to learn what its linear layers read.
public struct CalibrationText: Sendable, Equatable {
  /// Sequences of equal length.
  public let sequences: [[Int]]
  /// Where the text is from, as the new file will say.
  public let name: String
  /// SHA-256 of the text in UTF-8, in hexadecimal.
  public let sha256: String
  /// Tokens in each.
  public var length: Int { sequences[0].count }

  /// How many sequences are taken, unless somebody says otherwise.
  public static let defaultCount = 128
  /// How long they are, unless somebody says otherwise.
  public static let defaultLength = 512

  /// Cuts `text` into sequences, each of which begins as the tokenizer begins a text.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - name: its file's name, for the new file's metadata.
  ///   - tokenizer: the model's.
  ///   - length: tokens in a sequence, at least 2.
  ///   - count: the most sequences that are taken, evenly spread over the text.
  ///
  /// Throws `textTooShort` when there is not one whole sequence.
  public init(
    _ text: String, name: String, tokenizer: Tokenizer, length: Int = defaultLength,
    count: Int = defaultCount
  ) throws(QuantizationError) {
    precondition(length >= 2 && count >= 1)
    self.name = name
    sha256 = SHA256.hash(data: Array(text.utf8)).hexadecimal
    let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let beginning = tokenizer.vocabulary.addsBOS ? tokenizer.bosToken : nil
    sequences = try Self.cut(tokens, beginning: beginning, length: length, count: count)
  }

  /// `beginning` is put in front of each sequence and counts as one of its tokens.
  static func cut(
    _ tokens: [Int], beginning: Int?, length: Int, count: Int
  ) throws(QuantizationError) -> [[Int]] {
    let prefix = beginning.map { [$0] } ?? []
    let own = length - prefix.count
    let whole = tokens.count / own
    guard whole > 0 else { throw .textTooShort(tokens: tokens.count, needed: own) }
    let taken = min(whole, count)
    return (0..<taken).map { index in
      let first = index * whole / taken * own
      return prefix + tokens[first..<first + own]
    }
  }
}
