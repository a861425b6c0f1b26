import PlainText

extension StudyVerdict {
  /// A table of `verdicts`, as people read it.
  public static func table(_ verdicts: [StudyVerdict]) -> String {
    var table = TextTable(
      ["job", "figure", "threshold", "value", "interval", "verdict"], numbers: [3])
    for verdict in verdicts {
      let interval = verdict.low.flatMap { low in
        verdict.high.map { "[\(Numbers.fixed(low, 3)), \(Numbers.fixed($0, 3))]" }
      }
      table.append([
        verdict.job, verdict.metric, verdict.threshold,
        verdict.value.map { Numbers.fixed($0, 3) } ?? "-", interval ?? "",
        verdict.verdict + (verdict.note.map { ": \($0)" } ?? ""),
      ])
    }
    return table.text
  }
}

extension StudyClaim {
  /// The claim and what came of it.
  public var text: String { "\(editor): \(name), \(claim): \(verdict)" }
}
