import EditorTraining
import LatentEditing

/// Round trips: whether the edit of a text does what an edit does that the text is said to explain.
///
///     RT(y) = 1 - KL(p || p_y) / mean over texts y' of other families of KL(p || p_y')
///
/// p being the edited model's distributions on its own answers to inputs of the row's kind: 1 is the same, 0 as different as
/// others.
struct RoundTrips {
  private let material: StudyMaterial
  private static let inputs = 4
  private static let strangers = 9

  init(_ material: StudyMaterial) { self.material = material }

  /// Of every text, with `edit` what is explained and `row` one of its rows; last of a text of another family by itself.
  /// Throws what running edits throws.
  func measure(
    _ row: StudyRow, _ edit: CompiledEdit, _ texts: [String]
  ) throws -> [Double] {
    let strangers = strangers(to: row)
    let edits = try (texts + strangers).map {
      try material.editor.compile(material.editor.write($0))
    }
    let prompts = material.inputs(like: row, count: Self.inputs).map(material.editor.prompt)
    let answers = try material.answers(prompts.map { ($0, edit) })
    var sums = [Double](repeating: 0, count: edits.count)
    for (prompt, answer) in zip(prompts, answers) where !answer.isEmpty {
      let here = EditedRuns.Row(prompt: prompt, response: answer)
      let p = try material.runs.logProbabilities(here, under: edit)
      for (i, sum) in try material.runs.divergences(here, of: p, under: edits).enumerated() {
        sums[i] += sum
      }
    }
    let others = sums.dropFirst(texts.count)
    // The last is looked at by itself.
    let unit = others.count > 1 ? others.dropLast().reduce(0, +) / Double(others.count - 1) : 0
    return (sums.prefix(texts.count) + [others.last ?? 0]).map { unit > 0 ? 1 - $0 / unit : 0 }
  }

  /// Known texts of other families, drawn by the row's own.
  private func strangers(to row: StudyRow) -> [String] {
    var others = material.known.filter {
      $0.family != row.family && !row.parts.contains($0.family)
    }.map(\.text)
    var random = SeededGenerator(
      material.configuration.seed, 0x5245_4144,
      UInt64(row.instruction.utf8.reduce(0) { $0 + Int($1) }))
    random.shuffle(&others)
    return Array(others.prefix(Self.strangers))
  }
}
