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
