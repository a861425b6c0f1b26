import EditEvaluation
import EditSessions
import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing

/// A training and what of its editor is measured: a cell of an experiment that trains (docs/study.md). Its units are
/// `train/N`, training up to step N, and what is measured of the editor that it has then; the trainer's own state, in the
/// job's folder, is what a cell that was ended goes on with. Losses of every row are among its results, for what compares
/// cells.
final class CellExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let cell: StudyCell
  private let meaning: ChangedMeaning?
  private let rows: [StudyRow]
  private let windows: [[Int]]
  private let run: CellTraining
  /// The editor after so many steps, to be studied.
  private var studied: (step: Int, editor: StudiedEditor, mean: MeanEdit)?

  /// `order` are blocks, the best first, where the cell is to keep some of them; `folder` is the job's.
  init(_ material: StudyMaterial, _ cell: StudyCell, order: [Int], folder: String) throws {
    self.material = material
    self.cell = cell
    let meaning = cell.labels.map {
      ChangedMeaning(material.data, $0, seed: material.configuration.seed)
    }
    self.meaning = meaning
    rows = material.rows.indices.compactMap { index in
      guard let meaning else { return material.rows[index] }
      let row = material.data.rows[index].row
      guard row.parts.isEmpty, let family = row.family, meaning.families.contains(family) else {
        return nil
      }
      return material.rows[index].asking(meaning.instruction(of: row, isTrained: false))
    }
    guard !rows.isEmpty else {
      throw StudyError.configuration(
        path: material.configuration.path,
        problem:
          "no row of an unseen wording is of a family that is trained on; give rows with families")
    }
    windows = cell.labels == nil ? try material.windows() : []
    run = CellTraining(
      material, cell, meaning, sparsity: cell.sparsity(order), folder: folder + "/run")
  }

  var unitCount: Int {
    let last = isWhole ? material.pairs.count + material.otherFamilies.count + windows.count : 0
    return cell.evaluations.count * (1 + rows.count) + last
  }

  /// Whether more than the rows' losses are measured.
  private var isWhole: Bool { cell.labels == nil }

  func pending(_ units: [String: String]) throws -> [String] {
    for step in cell.evaluations {
      guard let trained = units["train/\(step)"] else { return ["train/\(step)"] }
      if try CellTraining.Report(trained).diverged != nil { return [] }
      var names = rows.indices.map { "row-\(step)/\($0)" }
      if isWhole, step == cell.evaluations.last {
        names += material.pairs.indices.map { "pair/\($0)" }
        names += material.otherFamilies.indices.map { "family/\($0)" }
        names += windows.indices.map { "window/\($0)" }
      }
      let missing = names.filter { units[$0] == nil }
      if !missing.isEmpty { return missing }
    }
    return []
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    let name = unit.split(separator: "/")[0]
    switch name {
    case "train":
      studied = nil
      return try run.train(to: number).json()
    case "pair": return try measure(material.pairs[number]).json()
    case "family": return try measure(material.otherFamilies[number]).json()
    case "window": return try measureWindow(number).json()
    default:
      guard let step = Int(name.dropFirst("row-".count)) else {
        preconditionFailure("there is no unit \(unit)")
      }
      return try measure(rows[number], after: step, isLast: step == cell.evaluations.last).json()
    }
  }

  private func editor(after step: Int) throws -> (editor: StudiedEditor, mean: MeanEdit) {
    if let studied, studied.step == step { return (studied.editor, studied.mean) }
    let editor = StudiedEditor(try run.editor(after: step), beside: material.editor)
    let known = material.known
    let mean = try editor.mean(of: known) { [material] number, _ in
      try material.progress("reading", Double(number + 1) / Double(known.count))
    }
    studied = (step, editor, mean)
    return (editor, mean)
  }

  /// Losses unedited, under the mean edit, under the edit and, where gates are learned, under that with gates of 0 or 1;
  /// then whether the answers of mean edit and edit are right.
  private func measure(
    _ row: StudyRow, after step: Int? = nil, isLast: Bool = true
  ) throws -> StudyUnit {
    let (editor, mean) = try editor(after: step ?? cell.evaluations.last!)
    let written = try editor.write(row.instruction)
    let edits = [
      nil, try editor.compile(mean.inPlace(of: written)), try editor.compile(written),
      try editor.compile(run.roundingGates { try editor.write(row.instruction) }),
    ]
    var result = StudyUnit(numbers: try material.runs.losses(row.tokens, under: edits))
    guard isLast else { return result }
    let answers = try material.answers(edits[1...2].map { (row.tokens.prompt, $0) }).map {
      material.tokenizer.decode($0)
    }
    result.words = answers
    result.numbers += answers.map { AnswerScore($0, wanted: row.output).exactMatch }
    return result
  }

  /// KL(unedited || edited) on unrelated text under the edit of a row, and under the mean edit, nat a token.
  private func measureWindow(_ number: Int) throws -> StudyUnit {
    let (editor, mean) = try editor(after: cell.evaluations.last!)
    let row = EditedRuns.Row(text: windows[number])
    let written = try editor.write(rows[number % rows.count].instruction)
    let edits = try [written, mean.inPlace(of: written)].map {
      try editor.compile($0, firstToken: windows[number][0])
        .inFrontOfText(replacing: material.textBeginning)
    }
    let p = try material.runs.logProbabilities(row, under: nil)
    return StudyUnit(
      numbers: try material.runs.divergences(row, of: p, under: edits).map {
        $0 / Double(row.response.count)
      })
  }

  func finished() { run.discard() }

  // MARK: Results

  static let conditions = ["unedited", "mean", "edited", "rounded"]

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    var lines: [StudyLine] = []
    for step in cell.evaluations {
      let report = try CellTraining.Report(units["train/\(step)"] ?? "")
      if let diverged = report.diverged {
        lines.append(
          .estimate(
            job, "loss", nil, unit: "nat/token", rows: rows.count, clusters: 0, condition: "edited",
            note: diverged))
        return lines
      }
      let found = try rows.indices.map { try StudyUnit("row-\(step)/\($0)", of: units).numbers }
      lines += losses(found, job, step)
      guard step == cell.evaluations.last else { continue }
      lines += report.lines(job)
      lines += exact("exact", found, rows, job)
    }
    guard isWhole else { return lines }
    for (set, prefix, rows) in [
      ("two steps", "pair", material.pairs), ("other families", "family", material.otherFamilies),
    ] where !rows.isEmpty {
      let found = try rows.indices.map { try StudyUnit("\(prefix)/\($0)", of: units).numbers }
      let estimates = material.losses((0..<3).map { i in found.map { $0[i] } }, of: rows)
      for (name, estimate) in zip(Self.conditions, estimates) {
        lines.append(
          .estimate(
            job, "loss", estimate, unit: "nat/token", rows: rows.count,
            clusters: Set(rows.map(\.family)).count, condition: "\(set): \(name)"))
      }
      lines += exact("\(set): exact", found, rows, job)
    }
    let unrelated = try windows.indices.map { try StudyUnit("window/\($0)", of: units).numbers }
    let harm = material.bootstrap.estimates(count: unrelated.count) { times in
      (0..<2).map { i in
        drawnSum(unrelated.map { $0[i] }, times) / Double(times.reduce(0, +))
      }
    }
    for (name, estimate) in zip(["edited", "mean"], harm) {
      lines.append(
        .estimate(
          job, "unrelated_kl", estimate, unit: "nat/token", rows: unrelated.count,
          clusters: unrelated.count, condition: name))
    }
    return lines
  }

  /// Losses of all rows together and of each.
  private func losses(_ found: [[Double]], _ job: StudyJob, _ step: Int) -> [StudyLine] {
    let names = Self.conditions.prefix(run.hasGates ? 4 : 3)
    let columns = names.indices.map { i in found.map { $0[i] } }
    let (count, clusters) = (rows.count, Set(rows.map(\.family)).count)
    let behind = step == cell.evaluations.last ? "" : " after \(step)"
    var lines = zip(names, material.losses(columns, of: rows)).map { name, estimate in
      StudyLine.estimate(
        job, "loss", estimate, unit: "nat/token", rows: count, clusters: clusters,
        condition: name + behind)
    }
    for (name, column) in zip(names, columns) {
      lines.append(
        .series(
          job, "row_loss", x: rows.indices.map(Double.init), xName: StudyLine.rowNumbers,
          column.map { Estimate(value: $0) }, unit: "nat", rows: count, clusters: clusters,
          condition: name + behind))
    }
    return lines
  }

  private func exact(
    _ metric: String, _ found: [[Double]], _ rows: [StudyRow], _ job: StudyJob
  ) -> [StudyLine] {
    let first = Self.conditions.count
    let estimates = material.means([first, first + 1].map { i in found.map { $0[i] } }, of: rows)
    return zip(["mean", "edited"], estimates).map { name, estimate in
      .estimate(
        job, "exact", estimate, unit: "fraction of rows", rows: rows.count,
        clusters: Set(rows.map(\.family)).count,
        condition: metric == "exact" ? name : metric.replacing(": exact", with: ": \(name)"))
    }
  }
}

extension StudyRow {
  /// The same row under other words.
  func asking(_ instruction: String) -> StudyRow {
    StudyRow(
      instruction: instruction, family: family, input: input, output: output, parts: parts,
      tokens: tokens, isInSecondHalf: isInSecondHalf)
  }
}
