import EditEvaluation
import Foundation
import InstructionEditors
import LatentEditing

/// Which family of training an edit of an unseen wording is nearest to, by its values and, beside it, by the words of the
/// texts alone (docs/study.md).
struct ReadingExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let texts: [(text: String, family: String)]
  private let words: WordNeighbours
  private final class Lazy { var neighbourhood: Neighbourhood? }
  private let lazy = Lazy()

  init(_ material: StudyMaterial) {
    self.material = material
    var seen: Set<String> = []
    let families = Set(material.known.map(\.family))
    texts = material.rows.filter {
      seen.insert($0.instruction).inserted && families.contains($0.family)
    }
    .map { ($0.instruction, $0.family) }
    words = WordNeighbours(material.known.map(\.text))
  }

  var unitCount: Int { texts.count }

  func pending(_ units: [String: String]) -> [String] {
    texts.indices.map { "text/\($0)" }.filter { units[$0] == nil }
  }

  private func neighbourhood() throws -> Neighbourhood {
    if let found = lazy.neighbourhood { return found }
    var found = Neighbourhood()
    for (number, entry) in material.known.enumerated() {
      found.append(
        try material.editor.compile(material.editor.write(entry.text)),
        layers: material.editor.layerCount)
      try material.progress("reading", Double(number + 1) / Double(material.known.count))
    }
    found.finish()
    lazy.neighbourhood = found
    return found
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    guard let index = unit.split(separator: "/").last.flatMap({ Int($0) }) else {
      preconditionFailure("there is no unit \(unit)")
    }
    let (text, family) = texts[index]
    let edit = try material.editor.compile(material.editor.write(text))
    let mine = rank(try neighbourhood().cosines(of: edit), family)
    let theirs = rank(words.cosines(of: text), family)
    let result = StudyUnit(
      numbers: [Double(mine.rank), Double(theirs.rank)],
      words: [text, family, mine.nearest, theirs.nearest])
    return try String(decoding: JSONEncoder().encode(result), as: UTF8.self)
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
      return [
        .estimate(
          job, "family_at_1", nil, unit: "fraction of texts", rows: 0, clusters: 0,
          note: "no unseen instruction is of a family that was trained on")
      ]
        + [StudyLine.verdict(job, "family_at_1", nil, material.configuration.accept)].compactMap {
          $0
        }
    }
    let ranks = try texts.indices.map {
      try JSONDecoder().decode(StudyUnit.self, from: Data((units["text/\($0)"] ?? "").utf8)).numbers
    }
    let clusters = Set(texts.map(\.family)).count
    let estimates = material.bootstrap.estimates(count: texts.count, families: texts.map(\.family))
    {
      times in
      let all = Double(times.reduce(0, +))
      func mean(_ value: ([Double]) -> Double) -> Double {
        ranks.indices.reduce(0) { $0 + value(ranks[$1]) * Double(times[$1]) } / all
      }
      let (edits, words) = (mean { $0[0] == 1 ? 1 : 0 }, mean { $0[1] == 1 ? 1 : 0 })
      return [edits, words, edits - words, mean { 1 / $0[0] }, mean { 1 / $0[1] }]
    }
    let chance = 1 / Double(Set(material.known.map(\.family)).count)
    var lines: [StudyLine] = []
    for (metric, estimate) in zip(
      ["family_at_1", "family_at_1_of_words", "over_words", "mrr", "mrr_of_words"], estimates)
    {
      lines.append(
        .estimate(
          job, metric, estimate, unit: "fraction of texts", rows: texts.count, clusters: clusters))
      if let verdict = StudyLine.verdict(job, metric, estimate, material.configuration.accept) {
        lines.append(verdict)
      }
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
