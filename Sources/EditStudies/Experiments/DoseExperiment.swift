import EditEvaluation
import InstructionEditors
import LatentEditing

/// What other strengths around the mean edit do to the rows' answers, to what is answered, and to unrelated text; beside
/// them, of latents, plain strengths, which are no dose (docs/study.md).
struct DoseExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let windows: [[Int]]
  private static let strengths: [Float] = [-1, -0.5, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3]
  private static let answerTokens = 32

  init(_ material: StudyMaterial) throws {
    self.material = material
    windows = try material.windows()
  }

  var unitCount: Int { material.rows.count + windows.count }

  func pending(_ units: [String: String]) -> [String] {
    (material.rows.indices.map { "row/\($0)" } + windows.indices.map { "window/\($0)" })
      .filter { units[$0] == nil }
  }

  private func around(_ written: WrittenEdit) throws -> [WrittenEdit] {
    let mean = try material.mean.get()
    return try Self.strengths.map { try mean.around(written, strength: $0) }
  }

  /// s v, where latents are written.
  private func plain(_ written: WrittenEdit) throws -> [WrittenEdit] {
    guard case .latents(let edit) = written else { return [] }
    return try Self.strengths.map { .latents(try edit.scaled(by: $0)) }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let parts = unit.split(separator: "/")
    guard parts.count == 2, let index = Int(parts[1]) else {
      preconditionFailure("there is no unit \(unit)")
    }
    var result = StudyUnit()
    if parts[0] == "row" {
      let row = material.rows[index]
      let written = try material.editor.write(row.instruction)
      let edits = try (around(written) + plain(written)).map { try material.editor.compile($0) }
      result.numbers = try material.runs.losses(row.tokens, under: edits)
      let answers = try material.runs.answers(
        edits.prefix(Self.strengths.count).map { (row.tokens.prompt, $0) },
        maximumTokens: Self.answerTokens, ends: material.tokenizer.endOfGenerationTokens)
      for answer in answers {
        let text = material.tokenizer.decode(answer)
        result.numbers.append(AnswerScore(text, wanted: row.output).exactMatch)
        // Nothing repeats itself in fewer than two tokens.
        result.numbers.append(distinctPairs([answer]) ?? 1)
      }
      result.words = answers.map { material.tokenizer.decode($0) }
    } else {
      let window = windows[index]
      let row = EditedRuns.Row(text: window)
      let written = try material.editor.write(
        material.rows[index % material.rows.count].instruction)
      let edits = try around(written).map {
        try material.editor.compile($0, firstToken: window[0])
          .inFrontOfText(replacing: material.textBeginning)
      }
      let p = try material.runs.logProbabilities(row, under: nil)
      result.numbers = try material.runs.divergences(row, of: p, under: edits).map {
        $0 / Double(row.response.count)
      }
    }
    return try result.json()
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    func numbers(_ name: String) throws -> [Double] { try StudyUnit(name, of: units).numbers }
    let rows = try material.rows.indices.map { try numbers("row/\($0)") }
    let unrelated = try windows.indices.map { try numbers("window/\($0)") }
    let strengths = Self.strengths.map(Double.init)
    let count = strengths.count
    let (zero, one) = (Self.strengths.firstIndex(of: 0)!, Self.strengths.firstIndex(of: 1)!)
    func columns(_ range: Range<Int>) -> [[Double]] { range.map { i in rows.map { $0[i] } } }
    let losses = columns(0..<count)
    let hasPlain = rows[0].count > 3 * count
    let size = (material.rows.count, material.clusters)
    func series(
      _ metric: String, _ estimates: [Estimate?], _ unit: String, _ condition: String = "mean"
    ) -> StudyLine {
      .series(
        job, metric, x: strengths, xName: "strength", estimates, unit: unit, rows: size.0,
        clusters: size.1, condition: "around \(condition)")
    }
    let shares = material.shares(losses, mean: losses[zero], edited: losses[one])
    let first = hasPlain ? 2 * count : count
    let exact = material.means(
      stride(from: first, to: first + 2 * count, by: 2).map { i in rows.map { $0[i] } })
    let distinct = material.means(
      stride(from: first + 1, to: first + 2 * count, by: 2).map { i in rows.map { $0[i] } })
    let divergences = (0..<count).map { s in unrelated.map { $0[s] } }
    let harm = material.bootstrap.estimates(count: unrelated.count) { times in
      let all = Double(times.reduce(0, +))
      return divergences.map { drawnSum($0, times) / all }
    }
    var lines = [
      series("loss", material.losses(losses), "nat/token"), series("share", shares, "share"),
      series("exact", exact, "fraction of rows"),
      series("distinct2", distinct, "fraction of pairs"),
      series("unrelated_kl", harm, "nat/token"),
    ]
    if hasPlain {
      lines.append(
        series(
          "share",
          material.shares(columns(count..<2 * count), mean: losses[zero], edited: losses[one]),
          "share", "zero"))
    }
    let rising = strengths.indices.filter { (0...1).contains(strengths[$0]) }
    let monotone = RankCorrelation.spearman(
      rising.map { strengths[$0] }, rising.map { shares[$0]?.value ?? 0 }
    ).map { Estimate(value: $0) }
    lines.append(
      .estimate(
        job, "monotone", shares[one] == nil ? nil : monotone, unit: "Spearman", rows: size.0,
        clusters: size.1))
    if let verdict = StudyLine.verdict(
      job, "monotone", shares[one] == nil ? nil : monotone, material.configuration.accept,
      isPoint: true)
    {
      lines.append(verdict)
    }
    let half = zip(rising, rising.dropFirst()).compactMap { low, high -> Double? in
      guard let a = shares[low]?.value, let b = shares[high]?.value, a < 0.5, b >= 0.5 else {
        return nil
      }
      return strengths[low] + (0.5 - a) / (b - a) * (strengths[high] - strengths[low])
    }.first
    lines.append(
      .estimate(
        job, "half_dose", half.map { Estimate(value: $0) }, unit: "strength", rows: size.0,
        clusters: size.1, note: half == nil ? "no strength from 0 to 1 has half of the gain" : nil))
    return lines
  }
}
