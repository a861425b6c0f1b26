import EditEvaluation
import InstructionEditors
import LatentEditing

/// How an editor reads instructions in other forms, with another sense, and what asks for nothing; other wordings; and
/// rows of two steps and of families that it was not trained on (docs/study.md).
struct StressExperiment: StudyExperiment {
  let material: StudyMaterial
  /// Rows whose family takes no word from its instructions, so that its other wordings ask for the same.
  private let wordings: [Int]
  private let known: [String: [String]]
  private static let mostWordings = 3

  /// What a row is measured under, in this order: losses, then whether answers are right, then whether they are the input.
  static let conditions =
    ["unedited", "prompted", "mean", "shuffled"] + InstructionChange.allCases.map(\.rawValue)

  init(_ material: StudyMaterial) {
    self.material = material
    let taking = Set(
      material.data.training.filter {
        !InstructionWords.copied($0.instruction, input: $0.input, output: $0.output).isEmpty
      }.map { $0.family ?? $0.instruction })
    var known: [String: [String]] = [:]
    for entry in material.known { known[entry.family, default: []].append(entry.text) }
    self.known = known
    wordings = material.rows.indices.filter {
      let family = material.rows[$0].family
      return !taking.contains(family) && known[family, default: []].count >= 2
    }
  }

  var unitCount: Int {
    material.rows.count + wordings.count + material.pairs.count + material.otherFamilies.count
  }

  func pending(_ units: [String: String]) -> [String] {
    (material.rows.indices.map { "row/\($0)" } + wordings.map { "wording/\($0)" }
      + material.pairs.indices.map { "pair/\($0)" }
      + material.otherFamilies.indices.map { "family/\($0)" }).filter { units[$0] == nil }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    switch unit.split(separator: "/")[0] {
    case "row":
      let row = material.rows[number]
      return try measure(
        row,
        [shuffled(number)]
          + InstructionChange.allCases.map { $0.applied(to: row.instruction, number: number) }
      ).json()
    case "pair": return try measure(material.pairs[number], nil).json()
    case "family": return try measure(material.otherFamilies[number], nil).json()
    default: return try measureWordings(material.rows[number]).json()
    }
  }

  /// The instruction of the next row of another family.
  private func shuffled(_ number: Int) -> String {
    let rows = material.rows
    let others = (1...rows.count).map { rows[(number + $0) % rows.count] }
    return (others.first { $0.family != rows[number].family } ?? rows[number]).instruction
  }

  /// Losses, whether answers are right and whether they are the input: unedited, prompted, under the mean edit and the
  /// edits of `texts`, or of the row's own instruction alone.
  private func measure(_ row: StudyRow, _ texts: [String]?) throws -> StudyUnit {
    let (_, own, mean) = try material.edits(row.instruction)
    let edits = try texts.map {
      try $0.map { try material.editor.compile(material.editor.write($0)) }
    }
    let all: [CompiledEdit?] = [nil, mean] + (edits ?? [own])
    let losses = try material.runs.losses(row.tokens, under: all)
    let prompted = material.editor.prompted(row.input, row.instruction)
    let promptedLoss = try material.runs.losses(
      .init(prompt: prompted, response: row.tokens.response), under: [nil])[0]
    let answers = try material.answers(
      [(row.tokens.prompt, nil), (prompted, nil)] + all.dropFirst().map { (row.tokens.prompt, $0) }
    ).map { material.tokenizer.decode($0) }
    return StudyUnit(
      numbers: [losses[0], promptedLoss] + losses.dropFirst()
        + answers.map { AnswerScore($0, wanted: row.output).exactMatch }
        + answers.map { AnswerScore($0, wanted: row.input).exactMatch }, words: answers)
  }

  /// How often two wordings have the same answer, and how often answers are right.
  private func measureWordings(_ row: StudyRow) throws -> StudyUnit {
    let texts = [row.instruction] + known[row.family, default: []].prefix(Self.mostWordings)
    let answers = try material.answers(
      texts.map { (row.tokens.prompt, try material.editor.compile(material.editor.write($0))) }
    ).map { material.tokenizer.decode($0) }
    var (same, pairs) = (0.0, 0.0)
    for i in answers.indices {
      for j in 0..<i {
        same += AnswerScore(answers[i], wanted: answers[j]).exactMatch
        pairs += 1
      }
    }
    let exact = answers.reduce(0) { $0 + AnswerScore($1, wanted: row.output).exactMatch }
    return StudyUnit(numbers: [same / pairs, exact / Double(answers.count)], words: answers)
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let names = Self.conditions
    let found = try material.rows.indices.map { try StudyUnit("row/\($0)", of: units).numbers }
    var lines = try sets(units, job)
    let (count, clusters) = (material.rows.count, material.clusters)
    let accept = material.configuration.accept
    func column(_ condition: String, _ part: Int = 0) -> [Double] {
      let index = names.firstIndex(of: condition)! + part * names.count
      return found.map { $0[index] }
    }
    let losses = material.losses(names.map { column($0) })
    let exact = material.means(names.map { column($0, 1) })
    let copies = material.means(names.map { column($0, 2) })
    let shares = material.shares(
      names.map { column($0) }, mean: column("mean"), edited: column("own"))
    let worse = material.means(
      names.map { name in
        zip(column(name), column("unedited")).map { $0 > $1 ? 1 : 0 }
      })
    for (metric, estimates, unit) in [
      ("loss", losses, "nat/token"), ("exact", exact, "fraction of rows"),
      ("input_unchanged", copies, "fraction of rows"), ("share", shares, "share"),
      ("worse_than_unedited", worse, "fraction of rows"),
    ] {
      for (name, estimate) in zip(names, estimates) {
        lines.append(
          .estimate(
            job, metric, estimate, unit: unit, rows: count, clusters: clusters, condition: name))
      }
    }
    lines.append(
      .estimate(
        job, "loss", nil, unit: "nat/token", rows: count, clusters: clusters, condition: "tuned",
        note: "missing: no processor that was tuned on the rows is given to a study"))
    // What asks for nothing is three texts a row.
    let meaningless = zip(zip(column("empty"), column("sentence")), column("nonsense")).map {
      ($0.0.0 + $0.0.1 + $0.1) / 3
    }
    let tokens = material.rows.map(\.tokens.response.count)
    let (own, mean, unedited) = (column("own"), column("mean"), column("unedited"))
    let effects = material.bootstrap.estimates(count: count, families: material.families) { times in
      func sum(_ values: [Double]) -> Double { drawnSum(values, times) }
      let whole = drawnSum(tokens, times)
      func difference(_ a: [Double], _ b: [Double]) -> Double { (sum(a) - sum(b)) / whole }
      return [
        difference(mean, own), difference(column("shuffled"), own),
        difference(column("sentence"), own), difference(column("nonsense"), own),
        difference(column("empty"), own), difference(meaningless, unedited),
        abs((sum(mean) - sum(meaningless)) / (sum(mean) - sum(own))),
        difference(column("negated"), own),
      ]
    }
    for (metric, estimate, unit) in zip3(
      [
        "gain_over_mean", "effect_over_shuffled", "effect_over_sentence", "effect_over_nonsense",
        "effect_over_empty", "harm_of_meaningless", "share_of_meaningless", "effect_of_negation",
      ], effects,
      [String](repeating: "nat/token", count: 6) + ["size of share", "nat/token"])
    {
      lines += StudyLine.judged(
        job, metric, estimate, accept, unit: unit, rows: count, clusters: clusters)
    }
    return lines
  }

  /// Wordings, pairs and families that were not trained on.
  private func sets(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    var lines: [StudyLine] = []
    let rows = wordings.map { material.rows[$0] }
    let agreements = try wordings.map { try StudyUnit("wording/\($0)", of: units).numbers }
    let estimates =
      rows.isEmpty
      ? [nil, nil] : material.means([agreements.map { $0[0] }, agreements.map { $0[1] }], of: rows)
    for (metric, estimate) in zip(["agreement_of_wordings", "exact_of_wordings"], estimates) {
      lines += StudyLine.judged(
        job, metric, estimate, accept, unit: "fraction", rows: rows.count,
        clusters: Set(rows.map(\.family)).count,
        undecided: rows.isEmpty ? "no family has two known wordings that ask for the same" : nil)
    }
    for (set, prefix, rows) in [
      ("two steps", "pair", material.pairs), ("other families", "family", material.otherFamilies),
    ] {
      guard !rows.isEmpty else {
        lines.append(
          .estimate(
            job, "exact", nil, unit: "fraction of rows", rows: 0, clusters: 0,
            condition: "\(set): edited", note: "the data has no such rows"))
        continue
      }
      let found = try rows.indices.map { try StudyUnit("\(prefix)/\($0)", of: units).numbers }
      let clusters = Set(rows.map(\.family)).count
      let names = ["unedited", "prompted", "mean", "edited"]
      let losses = material.losses(names.indices.map { i in found.map { $0[i] } }, of: rows)
      let exact = material.means(names.indices.map { i in found.map { $0[4 + i] } }, of: rows)
      for (index, name) in names.enumerated() {
        lines.append(
          .estimate(
            job, "loss", losses[index], unit: "nat/token", rows: rows.count, clusters: clusters,
            condition: "\(set): \(name)"))
        lines.append(
          .estimate(
            job, "exact", exact[index], unit: "fraction of rows", rows: rows.count,
            clusters: clusters, condition: "\(set): \(name)"))
      }
    }
    return lines
  }
}

private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] {
  zip(zip(a, b), c).map { ($0.0.0, $0.0.1, $0.1) }
}
