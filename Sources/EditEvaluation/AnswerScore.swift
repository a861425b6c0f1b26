/// How near an answer is to the one that was wanted.
public struct AnswerScore: Sendable, Equatable, Encodable {
  /// 1 where both are the same but for white space at the ends, else 0.
  public let exactMatch: Double
  /// See `rougeL`.
  public let rougeL: Double

  /// Scores `answer`.
  public init(_ answer: String, wanted: String) {
    exactMatch = answer.trimmed == wanted.trimmed ? 1 : 0
    rougeL = Self.rougeL(answer, wanted: wanted)
  }

  /// ROUGE-L (Lin, 2004), the sentence level's F1: with L the length of the longest common subsequence of
  /// words, P = L / words of the answer, R = L / words wanted, 2 P R / (P + R); 0 where either has none.
  ///
  /// Words are those of the package rouge-score without its stemmer: runs of ASCII's letters and digits in
  /// lower case. Every other character is a gap between words, an accented letter too, so that a text in
  /// another script has none.
  public static func rougeL(_ answer: String, wanted: String) -> Double {
    let (a, b) = (words(answer), words(wanted))
    let common = Double(commonSubsequenceLength(a, b))
    guard common > 0 else { return 0 }
    let (precision, recall) = (common / Double(a.count), common / Double(b.count))
    return 2 * precision * recall / (precision + recall)
  }

  /// By scalars: of "e" and a combining accent rouge-score keeps the "e".
  private static func words(_ text: String) -> [String] {
    text.lowercased().unicodeScalars.split { !("a"..."z" ~= $0) && !("0"..."9" ~= $0) }
      .map { String($0) }
  }

  /// By rows of the usual table.
  private static func commonSubsequenceLength(_ a: [String], _ b: [String]) -> Int {
    var row = [Int](repeating: 0, count: b.count + 1)
    for word in a {
      var corner = 0
      for (j, other) in b.enumerated() {
        let above = row[j + 1]
        row[j + 1] = word == other ? corner + 1 : max(above, row[j])
        corner = above
      }
    }
    return row[b.count]
  }
}

extension String {
  /// Without white space at the ends.
  fileprivate var trimmed: Substring {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
