import PlainText
import Tokenization

extension AnswerPair {
  /// Both answers beside each other in lines of `width` characters, and where they part.
  public func text(with tokenizer: Tokenizer, width: Int) -> String {
    let columns = TwoColumns(width: width).rows(
      left: ["unedited", ""] + Self.lines(unedited.text),
      right: ["edited", ""] + Self.lines(edited.text)
    ).joined(separator: "\n")
    guard let firstDifference else { return columns + "\n\nThe answers are the same." }
    func token(_ answer: Answer) -> String {
      answer.ids.indices.contains(firstDifference)
        ? "\"" + tokenizer.text(of: answer.ids[firstDifference]).onOneLine + "\"" : "the end"
    }
    return columns
      + "\n\nThey part at token \(firstDifference + 1): \(token(unedited)) | \(token(edited))"
  }

  /// Lines of `text`, empty ones too.
  private static func lines(_ text: String) -> [String] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }
}
