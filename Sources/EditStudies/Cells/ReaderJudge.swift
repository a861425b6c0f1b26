/// What texts that a reader says are held against: the instructions of training by their words, and the right text.
package struct ReaderJudge {
  private let texts: [(text: String, family: String)]
  private let words: WordNeighbours
  /// The instruction that most rows of training have; the first of several.
  let mostCommon: String

  init(_ data: StudyData) {
    var counts: [String: Int] = [:]
    var texts: [(text: String, family: String)] = []
    for row in data.training {
      if counts[row.instruction] == nil {
        texts.append((row.instruction, row.family ?? row.instruction))
      }
      counts[row.instruction, default: 0] += 1
    }
    self.texts = texts
    words = WordNeighbours(texts.map(\.text))
    var best = texts[0].text
    for (text, _) in texts where counts[text]! > counts[best]! { best = text }
    mostCommon = best
  }

  /// Families of the instructions that have most words in common with `text`, the nearest first, at most `count`; none
  /// where no word is known.
  func families(of text: String, count: Int = 1) -> [String] {
    let cosines = words.cosines(of: text)
    var found: [String] = []
    for index in cosines.indices.sorted(by: { (cosines[$1], $0) < (cosines[$0], $1) }) {
      guard cosines[index] > 0, found.count < count else { break }
      if !found.contains(texts[index].family) { found.append(texts[index].family) }
    }
    return found
  }

  /// Whether `text` names both steps: their families are the two nearest.
  func namesBoth(_ text: String, _ parts: [String]) -> Bool {
    Set(families(of: text, count: Set(parts).count)) == Set(parts)
  }

  /// ROUGE-L (Lin, 2004): F1 of the longest common subsequence of words, in small letters and without the signs at their
  /// ends.
  package static func rougeL(_ text: String, _ right: String) -> Double {
    let (a, b) = (InstructionWords.of(text), InstructionWords.of(right))
    guard !a.isEmpty, !b.isEmpty else { return 0 }
    var row = [Int](repeating: 0, count: b.count + 1)
    for x in a {
      var diagonal = 0
      for (j, y) in b.enumerated() {
        let above = row[j + 1]
        row[j + 1] = x == y ? diagonal + 1 : max(above, row[j])
        diagonal = above
      }
    }
    return 2 * Double(row[b.count]) / Double(a.count + b.count)
  }

  /// The part of pairs in which the value of an edit is above that of what is none, ties counted half, each weighed by how
  /// often both were drawn.
  package static func auroc(
    _ edits: [Double], _ others: [Double], _ times: [Int]
  ) -> Double {
    let positives = zip(edits, times).filter { $0.1 > 0 }
    let negatives = zip(others, times).filter { $0.1 > 0 }
    var (won, all) = (0.0, 0.0)
    for (value, weight) in positives {
      for (other, otherWeight) in negatives {
        let both = Double(weight * otherWeight)
        all += both
        won += value > other ? both : value == other ? both / 2 : 0
      }
    }
    return all > 0 ? won / all : .nan
  }
}
