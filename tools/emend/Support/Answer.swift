import TextGeneration
import Tokenization

/// An answer, as `--json` has it.
struct Answer: Encodable {
  let text: String
  let ids: [Int]
  let promptIds: [Int]
  let finishReason: String
  let seed: UInt64
  let timings: Timings

  struct Timings: Encodable {
    let loadSeconds: Double
    let promptTokens: Int
    let promptSeconds: Double
    let promptTokensPerSecond: Double
    let generatedTokens: Int
    let decodedTokens: Int
    let decodeSeconds: Double
    let decodeTokensPerSecond: Double
    let peakRssBytes: Int

    init(_ statistics: GenerationStatistics, _ loadSeconds: Double) {
      self.loadSeconds = loadSeconds
      promptTokens = statistics.promptTokens
      promptSeconds = statistics.prefillSeconds
      promptTokensPerSecond = statistics.prefillRate ?? 0
      generatedTokens = statistics.generatedTokens
      decodedTokens = statistics.decodedTokens
      decodeSeconds = statistics.decodeSeconds
      decodeTokensPerSecond = statistics.decodeRate ?? 0
      peakRssBytes = Memory.peakResidentBytes
    }
  }
}

/// The same prompt answered without and with edits.
struct Comparison: Encodable {
  let unedited: Answer
  let edited: Answer
  /// Index of the first token of the answers that is not the same; nil where there is none.
  let firstDifference: Int?

  init(unedited: Answer, edited: Answer) {
    self.unedited = unedited
    self.edited = edited
    let common = zip(unedited.ids, edited.ids).prefix { $0 == $1 }.count
    let areEqual = common == unedited.ids.count && common == edited.ids.count
    firstDifference = areEqual ? nil : common
  }

  /// Two columns in a terminal, one below the other elsewhere.
  func show(with tokenizer: Tokenizer) {
    Console.print(
      TwoColumns(width: Console.width).rows(
        left: ["unedited", ""] + unedited.text.lines, right: ["edited", ""] + edited.text.lines
      ).joined(separator: "\n"))
    guard let firstDifference else {
      Console.print("\nThe answers are the same.")
      return
    }
    func piece(_ answer: Answer) -> String {
      answer.ids.indices.contains(firstDifference)
        ? "\"" + tokenizer.piece(of: answer.ids[firstDifference]).onOneLine + "\"" : "the end"
    }
    Console.print(
      "\nThey part at token \(firstDifference + 1): \(piece(unedited)) | \(piece(edited))")
  }
}

extension String {
  /// Its lines, empty ones too.
  fileprivate var lines: [String] {
    split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }
}
