import EditEvaluation
import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing

/// Which family of training an edit of an unseen wording is nearest to, by its values and, beside it, by the words of the
/// texts alone (docs/study.md).
struct ReadingExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let texts: [(text: String, family: String, row: Int)]
  private let words: WordNeighbours

  init(_ material: StudyMaterial) {
    self.material = material
    var seen: Set<String> = []
    let families = Set(material.known.map(\.family))
    texts = material.rows.indices.filter {
      let row = material.rows[$0]
      return seen.insert(row.instruction).inserted && families.contains(row.family)
    }
    .map { (material.rows[$0].instruction, material.rows[$0].family, $0) }
    words = WordNeighbours(material.known.map(\.text))
  }

  var unitCount: Int { texts.count }

  func pending(_ units: [String: String]) -> [String] {
    texts.indices.map { "text/\($0)" }.filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let index = StudyUnit.number(unit)
    let (text, family, row) = texts[index]
    let edit = try material.editor.compile(material.editor.write(text))
    let mine = rank(try material.neighbourhood.get().cosines(of: edit), family)
    let theirs = rank(words.cosines(of: text), family)
    let trips = try RoundTrips(material).measure(
      material.rows[row], edit, [mine.nearest, theirs.nearest])
    return try StudyUnit(
      numbers: [Double(mine.rank), Double(theirs.rank)] + trips,
      words: [text, family, mine.nearest, theirs.nearest]
    ).json()
  }

  /// The nearest instruction, and the place of the family among families by their nearest instructions, from 1.
  private func rank(_ cosines: [Double], _ family: String) -> (nearest: String, rank: Int) {
    var families: [String] = []
    var nearest = 0
    for index in cosines.indices.sorted(by: { (cosines[$1], $0) < (cosines[$0], $1) }) {
      if families.isEmpty { nearest = index }
      if !families.contains(material.known[index].family) {
        families.append(material.known[index].family)
      }
      if families.last == family { break }
    }
    return (material.known[nearest].text, families.count)
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    guard !texts.isEmpty else {
      return ["family_at_1", "over_words", "round_trip"].flatMap { metric in
        StudyLine.judged(
          job, metric, nil, material.configuration.accept, unit: "fraction of texts", rows: 0,
          clusters: 0, undecided: "no unseen instruction is of a family that was trained on")
      }
    }
    let ranks = try texts.indices.map { try StudyUnit("text/\($0)", of: units).numbers }
    let clusters = Set(texts.map(\.family)).count
    let estimates = material.bootstrap.estimates(count: texts.count, families: texts.map(\.family))
    {
      times in
      let all = Double(times.reduce(0, +))
      func mean(_ value: ([Double]) -> Double) -> Double {
        drawnSum(ranks.map(value), times) / all
      }
      let (edits, words) = (mean { $0[0] == 1 ? 1 : 0 }, mean { $0[1] == 1 ? 1 : 0 })
      func median(_ i: Int) -> Double {
        drawnMedian(ranks.map { $0[i] }, times)
      }
      return [
        edits, words, edits - words, mean { 1 / $0[0] }, mean { 1 / $0[1] }, median(2), median(3),
        median(4), mean { $0[2] >= 0.5 ? 1 : 0 },
      ]
    }
    let chance = 1 / Double(Set(material.known.map(\.family)).count)
    var lines: [StudyLine] = []
    let metrics = [
      "family_at_1", "family_at_1_of_words", "over_words", "mrr", "mrr_of_words", "round_trip",
      "round_trip_of_words", "round_trip_of_other_family", "round_trip_half",
    ]
    for (metric, estimate) in zip(metrics, estimates) {
      lines += StudyLine.judged(
        job, metric, estimate, material.configuration.accept,
        unit: metric.hasPrefix("round_trip") && metric != "round_trip_half"
          ? "median of texts" : "fraction of texts", rows: texts.count, clusters: clusters)
    }
    lines.append(
      .estimate(
        job, "chance", Estimate(value: chance), unit: "fraction of texts", rows: texts.count,
        clusters: clusters))
    return lines
  }
}

/// Texts by their words: cosines of tf-idf, count (1 + ln((1 + n) / (1 + texts with the word))) of words in small
/// letters, of length 1: scikit-learn's TfidfVectorizer with words of one letter too.
struct WordNeighbours {
  private let texts: [[String: Double]]
  private let idf: [String: Double]

  init(_ texts: [String]) {
    let counts = texts.map(Self.counts)
    var documents: [String: Int] = [:]
    for count in counts { for word in count.keys { documents[word, default: 0] += 1 } }
    let n = Double(texts.count)
    let idf = documents.mapValues { log((1 + n) / (1 + Double($0))) + 1 }
    self.idf = idf
    self.texts = counts.map { Self.direction($0, idf) }
  }

  func cosines(of text: String) -> [Double] {
    let mine = Self.direction(Self.counts(text), idf).sorted { $0.key < $1.key }
    return texts.map { text in mine.reduce(0) { $0 + $1.value * (text[$1.key] ?? 0) } }
  }

  private static func counts(_ text: String) -> [String: Double] {
    var counts: [String: Double] = [:]
    for word in text.lowercased().split(whereSeparator: {
      !$0.isLetter && !$0.isNumber && $0 != "_"
    }) {
      counts[String(word), default: 0] += 1
    }
    return counts
  }

  private static func direction(
    _ counts: [String: Double], _ idf: [String: Double]
  ) -> [String: Double] {
    let weighted = counts.compactMap { word, count in idf[word].map { (word, count * $0) } }
      .sorted { $0.0 < $1.0 }
    let length = weighted.reduce(0) { $0 + $1.1 * $1.1 }.squareRoot()
    return Dictionary(uniqueKeysWithValues: weighted.map { ($0.0, $0.1 / max(length, 1e-300)) })
  }
}
