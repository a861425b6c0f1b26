import Foundation

/// The page of a study: verdicts first, then a section for each job.
struct StudyReport {
  private let study: StudyRun
  private let found: [(job: StudyJob, lines: [StudyResult]?)]

  init(_ study: StudyRun, _ found: [(StudyJob, [String]?)]) throws {
    self.study = study
    self.found = try found.map { ($0, try $1?.map(StudyResult.init)) }
  }

  func html() -> String {
    let title = study.configuration.reportTitle ?? "What edits of \(modelName) show"
    return Page.document(
      title: title,
      ["<h1>\(Page.escaped(title))</h1>", overview, claims, verdicts] + found.map(section) + [
        unmeasured, method,
      ])
  }

  private var modelName: String {
    study.configuration.model.split(separator: "/").last.map(String.init)
      ?? study.configuration.model
  }

  private var overview: String {
    let missing = found.filter { $0.lines == nil }.map(\.job.name)
    var notes = [
      "\(study.configuration.name): \(study.rowCount) rows of unseen wordings, \(study.configuration.activations.rawValue) "
        + "activations, seed \(study.configuration.seed), one seed of each editor."
    ]
    if !missing.isEmpty { notes.append("Missing: \(missing.joined(separator: ", ")).") }
    if study.thresholdsChanged { notes.append("Thresholds changed after the first result.") }
    return notes.map(Page.note).joined(separator: "\n")
  }

  private var claims: String {
    let all = study.configuration.editors.flatMap { StudyClaim.all($0.name, judged) }
    return Page.section(
      "Five claims, and what came of them",
      Page.table(
        ["", "claim", "editor", "verdict", "why"],
        all.map { [$0.name, $0.claim, $0.editor, $0.verdict, $0.why] }),
      Page.note(
        "A claim passes where all of its figures keep to their thresholds and what could refute it was tried; it fails "
          + "where one of its figures fails."))
  }

  private var judged: [StudyVerdict] {
    found.flatMap { job, lines in
      (lines ?? []).compactMap { StudyVerdict($0, of: job) }
    }
  }

  private var verdicts: String {
    let rows = found.flatMap { job, lines in
      (lines ?? []).filter { $0.kind == "verdict" }.map { line in
        [
          job.name, line.metric, line.threshold ?? "", line.value.map { Page.fixed($0, 3) } ?? "-",
          interval(line.low, line.high), line.verdict ?? "", line.note ?? "",
        ]
      }
    }
    return Page.section(
      "What was claimed, and what came of it",
      Page.table(
        ["job", "figure", "threshold", "value", "interval", "verdict", "why"], rows, numbers: [3]),
      Page.note(
        "A claim passes where both ends of its interval keep to the threshold, fails where neither does, and is "
          + "undecided else."))
  }

  /// The same as lines of results.
  var unmeasuredLines: [String] {
    get throws { try study.unmeasured(found).map { try StudyLine(notRun: $0).json() } }
  }

  /// What has a threshold and was not measured.
  private var unmeasured: String {
    Page.section(
      "What was not run, and why",
      Page.table(
        ["job", "figure", "threshold", "why"],
        study.unmeasured(found).map { [$0.job, $0.metric, $0.threshold, $0.note ?? ""] }))
  }

  private func section(_ job: StudyJob, _ lines: [StudyResult]?) -> String {
    guard let lines else {
      return Page.section("\(question(job.kind)) \(title(job))", Page.note("Not done yet."))
    }
    let estimates = lines.filter { $0.kind == "estimate" }
    // Beside each other stand those that have the same x.
    let series = Dictionary(
      grouping: lines.filter { $0.kind == "series" && $0.xName != StudyLine.rowNumbers }
    ) { SeriesKey(metric: $0.metric, x: $0.x ?? []) }
    var parts = [
      Page.table(
        ["figure", "of", "value", "interval", "unit", "rows", "families", ""],
        estimates.map {
          [
            $0.metric, $0.condition ?? "", $0.value.map { Page.fixed($0, 3) } ?? "-",
            interval($0.low, $0.high), $0.unit ?? "", $0.rows.map(String.init) ?? "",
            $0.clusters.map(String.init) ?? "", $0.note ?? "",
          ]
        }, numbers: [2, 5, 6])
    ]
    for (key, lines) in series.sorted(by: { $0.key < $1.key }) {
      let (metric, x) = (key.metric, key.x)
      parts.append("<h3>\(Page.escaped(metric)) by \(Page.escaped(lines[0].xName ?? ""))</h3>")
      if let note = lines[0].note { parts.append("<div class=\"grey\">\(Page.note(note))") }
      // Changes of probabilities are small, so that a map of them goes to its largest.
      let scale: Double? =
        switch lines[0].unit {
        case "share", "fraction": 1
        case "probability": lines.flatMap { $0.y ?? [] }.compactMap { $0 }.max()
        default: nil
        }
      if let scale, scale > 0 {
        parts.append(
          Page.heatMap(
            lines.map { ($0.condition ?? metric, ($0.y ?? []).map { $0.map { $0 / scale } }) },
            columns: x.map(Self.short)))
        if scale != 1 { parts.append(Page.note("The darkest is \(Page.fixed(scale, 3)).")) }
      }
      parts.append(
        Page.table(
          [lines[0].xName ?? ""] + lines.flatMap { [$0.condition ?? (lines[0].unit ?? ""), ""] },
          x.indices.map { i in
            [Self.short(x[i])]
              + lines.flatMap { line -> [String] in
                [
                  (line.y?[i]).map { Page.fixed($0, 3) } ?? "-",
                  interval(line.lows?[i], line.highs?[i]),
                ]
              }
          }, numbers: Set([0] + lines.indices.map { 1 + 2 * $0 })))
      if lines[0].note != nil { parts.append("</div>") }
    }
    parts += tokens(lines) + readings(lines)
    parts.append(Page.note("Job \(job.id)."))
    return "<section>\n<h2>\(Page.escaped("\(question(job.kind)) \(title(job))"))</h2>\n"
      + parts.joined(separator: "\n") + "\n</section>"
  }

  /// Of each lens a table: an instruction, the tokens that are raised most and those that are lowered most.
  private func tokens(_ lines: [StudyResult]) -> [String] {
    let tokens = lines.filter { $0.kind == "tokens" }
    return Set(tokens.map(\.metric)).sorted().map { metric in
      func some(_ line: StudyResult, _ holds: (Double) -> Bool) -> String {
        zip(line.tokens ?? [], line.y ?? []).filter { holds($1 ?? 0) }
          .map { "\"\($0)\" \(Page.fixed($1 ?? 0, 1))" }.joined(separator: ", ")
      }
      return "<h3>\(Page.escaped(metric))</h3>\n"
        + Page.table(
          ["instruction", "raised", "lowered", ""],
          tokens.filter { $0.metric == metric }.map {
            [$0.condition ?? "", some($0) { $0 > 0 }, some($0) { $0 < 0 }, $0.note ?? ""]
          })
    }
  }

  /// What readers say of edits, the first of each source.
  private func readings(_ lines: [StudyResult]) -> [String] {
    var counts: [String: Int] = [:]
    let shown = lines.filter { line in
      guard line.kind == "reading" else { return false }
      counts[line.condition ?? "", default: 0] += 1
      return counts[line.condition ?? "", default: 0] <= 16
    }
    guard !shown.isEmpty else { return [] }
    return [
      "<h3>What is read</h3>\n"
        + Page.table(
          ["edit", "of", "reader", "said", "round trip", ""],
          shown.map {
            [
              $0.condition ?? "", $0.text ?? "", $0.metric, $0.said ?? "",
              $0.value.map { Page.fixed($0, 2) } ?? "", $0.note ?? "",
            ]
          }, numbers: [4])
    ]
  }

  /// What tables of series are told apart by.
  private struct SeriesKey: Hashable, Comparable {
    let metric: String
    let x: [Double]

    static func < (a: Self, b: Self) -> Bool {
      a.metric == b.metric ? a.x.lexicographicallyPrecedes(b.x) : a.metric < b.metric
    }
  }

  private func title(_ job: StudyJob) -> String {
    job.editorName + (job.cell.map { ", \($0.name)" } ?? "")
  }

  private func question(_ kind: StudyConfiguration.Experiment.Kind) -> String {
    switch kind {
    case .anatomy: "What is in an edit?"
    case .contribution: "Where does it act?"
    case .dose: "What do other strengths do?"
    case .reading: "Can it be read back?"
    case .lenses: "Do lenses read it?"
    case .inverse: "Which instruction explains an edit that no text made?"
    case .wayward: "Is an edit found out that lies near another text?"
    case .words: "Which words do it?"
    case .arithmetic: "Do edits add up?"
    case .stress: "Does it read, and what breaks it?"
    case .tracing: "Who reads it, and when?"
    case .probes: "What can a probe read?"
    case .vectors: "How much of it can one vector do?"
    case .cebab: "Does it do what people's changes do?"
    case .functionVectors: "Is it read where the model's heads carry tasks?"
    case .taskHeads: "Which heads carry tasks? (of the model, whatever the editor)"
    case .frontier: "How few sites and numbers does it need, trained for that?"
    case .randomSites: "Are the best sites better than random ones, after training?"
    case .permuted: "Is it learnt faster where words mean what they say?"
    case .reader: "Can a processor learn to say what an edit asks for?"
    case .sites: "What do the latents of each site do?"
    case .cell: "A training:"
    }
  }

  private var method: String {
    Page.section(
      "What this does not say",
      Page.note(
        "Shares are of the gain over the mean edit. That an edit acts in some blocks is no evidence that the model keeps "
          + "the concept there; what trainings at random sites of the same number say of it stands above, where they were "
          + "made. Answers and losses are of one "
          + "model, which is small. Intervals draw families of rows, and rows within them. Figures without a threshold "
          + "are exploratory."))
  }

  private func interval(_ low: Double?, _ high: Double?) -> String {
    guard let low, let high else { return "" }
    return "[\(Page.fixed(low, 3)), \(Page.fixed(high, 3))]"
  }

  private static func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6 ? "\(Int(value))" : "\(value)"
  }
}
