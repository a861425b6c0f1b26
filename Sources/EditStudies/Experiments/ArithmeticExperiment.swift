import EditEvaluation
import InstructionEditors
import LatentEditing

/// Whether the edits of two steps, added around the mean edit, do both (docs/study.md). Of latents: prefixes of different
/// lengths have no sum.
struct ArithmeticExperiment: StudyExperiment {
  private let material: StudyMaterial
  private static let factors: [Float] = [0.5, 0.75, 1, 1.25]
  /// Before the sums with factors.
  private static let conditions = [
    "mean", "edit of both", "sum around the mean", "sum", "half of the sum", "first alone",
    "second alone", "another second",
  ]
  /// Which of them answers.
  private static let answered = [1, 2, 3]

  init(_ material: StudyMaterial) { self.material = material }

  private var isPossible: Bool {
    !material.editor.configuration.interface.isPrefix && material.pairs.count > 1
  }

  var unitCount: Int { isPossible ? material.pairs.count : 0 }

  func pending(_ units: [String: String]) -> [String] {
    guard isPossible else { return [] }
    return material.pairs.indices.map { "pair/\($0)" }.filter { units[$0] == nil }
  }

  /// What the instruction of a step of `row` writes.
  private func step(_ number: Int, of row: StudyRow) throws -> (text: String, edit: LatentEdit) {
    let text =
      material.data.instruction(of: row.parts[number], like: row.instruction) ?? row.parts[number]
    guard case .latents(let edit) = try material.editor.write(text) else {
      preconditionFailure("there are no latents")
    }
    return (text, edit)
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    let row = material.pairs[number]
    let (_, whole, mean) = try material.edits(row.instruction)
    let (a, b) = (try step(0, of: row), try step(1, of: row))
    let other = material.pairs[(number + 1) % material.pairs.count]
    let stranger = try step(1, of: other)
    guard case .latents(let written) = try material.editor.write(row.instruction),
      case .latents(let mu) = try material.mean.get().inPlace(of: .latents(written))
    else { preconditionFailure("there are no latents") }
    /// mu + x (a - mu) + y (b - mu).
    func sum(_ x: Float, _ a: LatentEdit, _ y: Float, _ b: LatentEdit) throws -> CompiledEdit {
      try material.editor.compile(
        .latents(
          try LatentEdit.sum([a.scaled(by: x), b.scaled(by: y), mu.scaled(by: 1 - x - y)])))
    }
    func plain(_ edits: [LatentEdit], _ factor: Float) throws -> CompiledEdit {
      try material.editor.compile(
        .latents(try LatentEdit.sum(try edits.map { try $0.scaled(by: factor) })))
    }
    var edits = [
      mean, whole, try sum(1, a.edit, 1, b.edit), try plain([a.edit, b.edit], 1),
      try plain([a.edit, b.edit], 0.5), try plain([a.edit], 1), try plain([b.edit], 1),
      try sum(1, a.edit, 1, stranger.edit),
    ]
    for x in Self.factors {
      for y in Self.factors { edits.append(try sum(x, a.edit, y, b.edit)) }
    }
    var numbers = try material.runs.losses(row.tokens, under: edits)
    // Rule 9: nothing of both is the mean edit.
    let nothing = try material.runs.losses(
      row.tokens, under: [try sum(0, a.edit, 0, b.edit)])[0]
    guard abs(nothing - numbers[0]) <= 1e-3 * max(1, numbers[0]) else {
      throw StudyError.control(
        name: "a sum of nothing is the mean edit", found: "\(nothing) in the place of \(numbers[0])"
      )
    }
    let answers = try material.answers(Self.answered.map { (row.tokens.prompt, edits[$0]) }).map {
      material.tokenizer.decode($0)
    }
    numbers += answers.map { AnswerScore($0, wanted: row.output).exactMatch }
    numbers.append(cosine(written, [a.edit, b.edit], mu))
    return try StudyUnit(numbers: numbers, words: [a.text, b.text] + answers).json()
  }

  /// cos(c_ab, c_a + c_b).
  private func cosine(_ whole: LatentEdit, _ parts: [LatentEdit], _ mean: LatentEdit) -> Double {
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for site in mean.sites {
      func values(_ edit: LatentEdit) -> [Double] {
        let found = edit.sites.first { $0.point == site.point }
        return site.latent.indices.map { i in
          Double(found.map { $0.gate * $0.latent[i] } ?? 0) - Double(site.gate * site.latent[i])
        }
      }
      let x = values(whole)
      let y = zip(values(parts[0]), values(parts[1])).map { $0 + $1 }
      for (x, y) in zip(x, y) {
        ab += x * y
        aa += x * x
        bb += y * y
      }
    }
    return aa > 0 && bb > 0 ? ab / (aa * bb).squareRoot() : 0
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    guard isPossible else {
      let note =
        material.editor.configuration.interface.isPrefix
        ? "prefixes of different lengths have no sum"
        : "the data has no two rows of two known families one after the other"
      return ["sum_share", "over_plain_sum"].flatMap { metric in
        StudyLine.judged(
          job, metric, nil, accept, unit: "share", rows: 0, clusters: 0, undecided: note)
      }
    }
    let rows = material.pairs
    let found = try rows.indices.map { try StudyUnit("pair/\($0)", of: units).numbers }
    let (count, clusters) = (rows.count, Set(rows.map(\.family)).count)
    func column(_ i: Int) -> [Double] { found.map { $0[i] } }
    var lines: [StudyLine] = []
    let fixed = Self.conditions.count
    let grid = Self.factors.count * Self.factors.count
    // Factors are chosen on the other half.
    let best = [false, true].map { isSecond -> Int in
      let sums = (0..<grid).map { index in
        rows.indices.filter { rows[$0].isInSecondHalf != isSecond }.reduce(0.0) {
          $0 + found[$1][fixed + index]
        }
      }
      return sums.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
    }
    let chosen = rows.indices.map { found[$0][fixed + best[rows[$0].isInSecondHalf ? 1 : 0]] }
    let names = Self.conditions + ["sum with chosen factors"]
    let columns = (0..<fixed).map(column) + [chosen]
    for (name, loss) in zip(names, material.losses(columns, of: rows)) {
      lines.append(
        .estimate(
          job, "loss", loss, unit: "nat/token", rows: count, clusters: clusters, condition: name))
    }
    for (name, share) in zip(
      names, material.shares(columns, mean: column(0), edited: column(1), of: rows))
    {
      lines.append(
        .estimate(
          job, "share", share, unit: "share", rows: count, clusters: clusters, condition: name))
    }
    let figures = material.bootstrap.estimates(count: count, families: rows.map(\.family)) {
      times in
      func sum(_ i: Int) -> Double { drawnSum(column(i), times) }
      let (mean, gain) = (sum(0), sum(0) - sum(1))
      let (around, plain) = ((mean - sum(2)) / gain, (mean - sum(3)) / gain)
      let exact = fixed + grid
      return gain > 0
        ? [around, around - plain, sum(exact) > 0 ? sum(exact + 1) / sum(exact) : .nan]
        : [.nan, .nan, .nan]
    }
    for (metric, estimate, unit) in [
      ("sum_share", figures[0], "share"), ("over_plain_sum", figures[1], "share"),
      ("exact_of_sum", figures[2], "of the exact answers of the edit of both"),
    ] {
      lines += StudyLine.judged(
        job, metric, estimate, accept, unit: unit, rows: count, clusters: clusters)
    }
    let exact = material.means(
      Self.answered.indices.map { column(fixed + grid + $0) }, of: rows)
    for (index, estimate) in zip(Self.answered, exact) {
      lines.append(
        .estimate(
          job, "exact", estimate, unit: "fraction of rows", rows: count, clusters: clusters,
          condition: Self.conditions[index]))
    }
    lines.append(
      .estimate(
        job, "cosine", material.means([column(fixed + grid + Self.answered.count)], of: rows)[0],
        unit: "cosine", rows: count, clusters: clusters))
    return lines
  }
}
