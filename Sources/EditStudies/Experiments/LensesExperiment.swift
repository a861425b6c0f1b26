import EditEvaluation
import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing

/// Whether lenses read an edit: what its values write into their readers, as words, beside what it does to the answer's first
/// token (docs/study.md). A unit is an instruction.
final class LensesExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let texts: [(text: String, family: String, row: Int)]
  private static let inputs = 8
  /// Tokens that the effect is largest on, which lenses are held to.
  private static let tokens = 1000
  /// Tokens that are listed of an instruction, on each side, and instructions of which they are.
  private static let listed = 12
  private static let shown = 12

  /// What an edit does to the first token of answers.
  private struct Effect {
    let written: WrittenEdit
    let edit, mean: CompiledEdit
    let rows: [EditedRuns.Row]
    let firstToken: FirstTokenEffect
    /// Tokens of its answers.
    let answered: Set<Int>
  }

  /// Two are needed at a time.
  private var effects: [Int: Effect] = [:]

  /// A token and what becomes of it.
  private struct Change: Codable {
    let token: String
    let change: Double
  }

  /// What is kept of an instruction; nil where a lens says the same of all tokens.
  private struct Unit: KeptUnit {
    let text, family: String
    /// Of the OV lens with its own effect, with that of an instruction of another family, and of the lens with each edit's
    /// own attention.
    let fidelity, permuted, ownAttention: Double?
    /// Of the tokens of the own answers, and of the other's.
    let area, areaPermuted: Double?
    /// Of the latent lens, at every point or block.
    let latents: [Double?]
    let effect, lens: [Change]
  }

  init(_ material: StudyMaterial) {
    self.material = material
    var seen: Set<String> = []
    texts = material.rows.indices.filter { seen.insert(material.rows[$0].instruction).inserted }
      .map { (material.rows[$0].instruction, material.rows[$0].family, $0) }
  }

  var unitCount: Int { texts.count }

  func pending(_ units: [String: String]) -> [String] {
    texts.indices.map { "text/\($0)" }.filter { units[$0] == nil }
  }

  /// The next instruction of another family.
  private func stranger(to index: Int) -> Int? {
    (1..<max(1, texts.count)).map { (index + $0) % texts.count }
      .first { texts[$0].family != texts[index].family }
  }

  private func effect(_ index: Int) throws -> Effect {
    if let found = effects[index] { return found }
    let (text, _, row) = texts[index]
    let (written, edit, mean) = try material.edits(text)
    let prompts = material.inputs(like: material.rows[row], count: Self.inputs)
      .map(material.editor.prompt)
    let rows = try zip(prompts, material.answers(prompts.map { ($0, edit) })).map {
      EditedRuns.Row(prompt: $0, response: $1)
    }
    let ends = material.tokenizer.endOfGenerationTokens
    let found = Effect(
      written: written, edit: edit, mean: mean, rows: rows,
      firstToken: try material.runs.firstTokenEffect(rows, of: edit, beside: mean),
      answered: Set(rows.flatMap(\.response)).subtracting(ends))
    if effects.count > 2 { effects = [:] }
    effects[index] = found
    return found
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let index = StudyUnit.number(unit)
    let mine = try effect(index)
    let others = try stranger(to: index).map(effect)
    let (edited, mean) = (
      try attention(mine.rows, mine.edit), try attention(mine.rows, mine.mean)
    )
    func scores(_ attention: [Double]) -> [Double] {
      material.runs.writtenScores(
        mine.edit, edited.weights, less: mine.mean, attention, finalLength: edited.finalLength)
    }
    let lens = scores(edited.weights)
    func fidelity(_ scores: [Double], _ effect: Effect) -> Double? {
      LensFidelity.spearman(scores, effect.firstToken.changes, count: Self.tokens)
    }
    let result = Unit(
      text: texts[index].text, family: texts[index].family, fidelity: fidelity(lens, mine),
      permuted: others.flatMap { fidelity(lens, $0) },
      ownAttention: fidelity(scores(mean.weights), mine),
      area: LensFidelity.area(lens, of: mine.answered),
      areaPermuted: others.flatMap { LensFidelity.area(lens, of: $0.answered) },
      latents: try latents(mine).map { direction in
        fidelity(material.runs.lens(direction), mine)
      },
      effect: changes(mine.firstToken.changes) { mine.firstToken.isLikely[$0] },
      lens: changes(lens) { _ in true })
    return try result.json()
  }

  /// Means over all answers' positions, and of the final states' lengths over answers.
  private func attention(
    _ rows: [EditedRuns.Row], _ edit: CompiledEdit
  ) throws -> (weights: [Double], finalLength: Double) {
    var sum: [Double] = []
    var (count, length) = (0, 0.0)
    for row in rows {
      let found = try material.runs.frontAttention(row, under: edit)
      sum = sum.isEmpty ? found.weights : zip(sum, found.weights).map(+)
      count += found.count
      length += found.finalLength / Double(rows.count)
    }
    return (sum.map { $0 / Double(count) }, length)
  }

  /// What the edit adds at every site, less what the mean edit does, gates in it; of a prefix the mean over its tokens of what its
  /// states differ by, block by block.
  private func latents(_ effect: Effect) throws -> [[Float]] {
    let mean = try material.mean.get().inPlace(of: effect.written)
    let c = material.editor.loaded.configuration
    switch (effect.written, mean) {
    case (.latents(let mine), .latents(let common)):
      var sums = [[Float]](
        repeating: [Float](repeating: 0, count: c.hiddenSize), count: c.layerCount + 1)
      for (edit, sign) in [(mine, Float(1)), (common, -1)] {
        for site in edit.sites {
          for (i, value) in site.latent.enumerated() {
            sums[site.point][i] += sign * site.gate * value
          }
        }
      }
      return sums
    case (.states(let mine, let tokens, _), .states(let common, _, _)):
      return (0..<c.layerCount).map { layer in
        (0..<c.hiddenSize).map { i in
          (0..<tokens.count).reduce(0) { sum, token in
            let place = (layer * tokens.count + token) * c.hiddenSize + i
            return sum + (mine[place] - common[place])
          } / Float(tokens.count)
        }
      }
    default: preconditionFailure("the mean edit is of the same kind")
    }
  }

  /// The tokens that are raised most, then those that are lowered most.
  private func changes(_ values: [Double], _ isListed: (Int) -> Bool) -> [Change] {
    let order = values.indices.filter(isListed).sorted { (values[$1], $0) < (values[$0], $1) }
    let most = order.prefix(Self.listed).filter { values[$0] > 0 }
    let least = order.reversed().prefix(Self.listed).filter { values[$0] < 0 }
    return (most + least).map {
      Change(token: material.tokenizer.decode([$0], special: true), change: values[$0])
    }
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let found = try texts.indices.map { try Unit("text/\($0)", of: units) }
    let accept = material.configuration.accept
    let whole = found.filter { $0.fidelity != nil && $0.permuted != nil }
    let clusters = Set(whole.map(\.family)).count
    func means(_ values: [[Double]], _ some: [Unit]) -> [Estimate?] {
      some.isEmpty
        ? values.map { _ in nil } : material.means(values, families: some.map(\.family))
    }
    let (own, other) = (whole.map { $0.fidelity ?? 0 }, whole.map { $0.permuted ?? 0 })
    let judged = means([own, zip(own, other).map(-)], whole)
    let why =
      whole.isEmpty ? "there are no instructions of two families whose lenses say something" : nil
    var lines = ["fidelity", "fidelity_over_permuted"].enumerated().flatMap { number, metric in
      StudyLine.judged(
        job, metric, judged[number], accept, unit: "Spearman", rows: whole.count,
        clusters: clusters, undecided: why)
    }
    let reads = !lines.contains { $0.kind == "verdict" && $0.verdict != "pass" } && !whole.isEmpty
    if !reads { lines[0].note = "lenses do not read this editor: what they say of it is not shown" }
    let rest: [(String, KeyPath<Unit, Double?>, unit: String)] = [
      ("fidelity_of_permuted", \.permuted, "Spearman"),
      ("fidelity_of_own_attention", \.ownAttention, "Spearman"),
      ("answer_auroc", \.area, "AUROC"), ("answer_auroc_of_permuted", \.areaPermuted, "AUROC"),
    ]
    for (metric, path, unit) in rest {
      let some = found.filter { $0[keyPath: path] != nil }
      lines.append(
        .estimate(
          job, metric, means([some.map { $0[keyPath: path] ?? 0 }], some)[0], unit: unit,
          rows: some.count, clusters: Set(some.map(\.family)).count))
    }
    lines.append(latentLine(found, job))
    return lines + shown(found, reads: reads, job)
  }

  /// Of every point the mean over instructions whose latents say something there.
  private func latentLine(_ found: [Unit], _ job: StudyJob) -> StudyLine {
    let points = found.first?.latents.indices ?? 0..<0
    var line = StudyLine.series(
      job, "latent_fidelity", x: points.map(Double.init), xName: "block",
      points.map { point in
        let some = found.filter { $0.latents[point] != nil }
        guard !some.isEmpty else { return nil }
        return material.means(
          [some.map { $0.latents[point] ?? 0 }], families: some.map(\.family))[0]
      }, unit: "Spearman", rows: found.count, clusters: Set(found.map(\.family)).count,
      condition: "latents under the final norm and the output matrix")
    line.note = "the states that these are added to predict nothing"
    return line
  }

  /// Tokens of the effect, and of the lens where it reads the editor.
  private func shown(_ found: [Unit], reads: Bool, _ job: StudyJob) -> [StudyLine] {
    found.prefix(Self.shown).flatMap { unit -> [StudyLine] in
      var lines: [StudyLine] = [
        .tokens(job, "effect_lens", unit.effect.map { ($0.token, $0.change) }, of: unit.text)
      ]
      if reads {
        lines.append(
          .tokens(job, "ov_lens", unit.lens.map { ($0.token, $0.change) }, of: unit.text))
        lines[1].note = unit.fidelity.map { String(format: "fidelity %.2f", $0) }
      }
      return lines
    }
  }
}
