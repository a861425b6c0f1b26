import EditSessions
import Tokenization

extension AnswerPair {
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
    func token(_ answer: Answer) -> String {
      answer.ids.indices.contains(firstDifference)
        ? "\"" + tokenizer.text(of: answer.ids[firstDifference]).onOneLine + "\"" : "the end"
    }
    Console.print(
      "\nThey part at token \(firstDifference + 1): \(token(unedited)) | \(token(edited))")
  }
}

extension String {
  /// Its lines, empty ones too.
  fileprivate var lines: [String] {
    split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }
}
