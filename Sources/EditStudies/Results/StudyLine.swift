import EditEvaluation
import Foundation

/// A result: an object of JSON on a line of its own, keys sorted (docs/study.md). Numbers are nats and fractions.
struct StudyLine: Encodable {
  var v = 1
  /// estimate, series, tokens, reading or verdict.
  var kind: String
  var job: String
  var experiment: String
  var metric: String
  var condition: String?
  var value: Double?
  var low: Double?
  var high: Double?
  var unit: String?
  var rows: Int?
  var clusters: Int?
  var xName: String?
  var x: [Double]?
  var y: [Double?]?
  var lows: [Double?]?
  var highs: [Double?]?
  var tokens: [String]?
  var threshold: String?
  var verdict: String?
  var note: String?
  /// Of a reading, what the edit was made of, and what the reader says.
  var text: String?
  var said: String?

  init(_ kind: String, _ job: StudyJob, _ metric: String) {
    self.kind = kind
    self.job = job.id
    experiment = job.kind.rawValue
    self.metric = metric
  }

  /// A figure that was not measured: of no job, with the experiment and, behind a slash, the editor in `condition`.
  init(notRun verdict: StudyVerdict) {
    kind = "verdict"
    job = ""
    let parts = verdict.job.split(separator: "/", maxSplits: 1).map(String.init)
    experiment = parts[0]
    condition = parts.count > 1 ? parts[1] : nil
    metric = verdict.metric
    threshold = verdict.threshold
    self.verdict = verdict.verdict
    note = verdict.note
  }

  /// What x is of a series with a value for each row.
  static let rowNumbers = "row"

  /// A figure with a threshold that this job does not have, and why; nil where it has none.
  static func notRun(
    _ job: StudyJob, _ metric: String, _ accept: [String: StudyConfiguration.Threshold], why: String
  ) -> StudyLine? {
    guard let threshold = accept["\(job.kind.rawValue).\(metric)"] else { return nil }
    var line = StudyLine("verdict", job, metric)
    line.threshold = threshold.text
    line.verdict = "not run"
    line.note = why
    return line
  }

  static func estimate(
    _ job: StudyJob, _ metric: String, _ estimate: Estimate?, unit: String, rows: Int,
    clusters: Int,
    condition: String? = nil, note: String? = nil
  ) -> StudyLine {
    var line = StudyLine("estimate", job, metric)
    line.value = estimate?.value
    line.low = estimate?.low
    line.high = estimate?.high
    line.unit = unit
    line.rows = rows
    line.clusters = clusters
    line.condition = condition
    line.note = estimate == nil ? note ?? "there is too little to divide by" : note
    return line
  }

  static func series(
    _ job: StudyJob, _ metric: String, x: [Double], xName: String, _ estimates: [Estimate?],
    unit: String, rows: Int, clusters: Int, condition: String? = nil
  ) -> StudyLine {
    var line = StudyLine("series", job, metric)
    line.x = x
    line.xName = xName
    line.y = estimates.map { $0?.value }
    line.lows = estimates.map { $0?.low }
    line.highs = estimates.map { $0?.high }
    line.unit = unit
    line.rows = rows
    line.clusters = clusters
    line.condition = condition
    return line
  }

  /// A value of each row (or task), which others that need this job make theirs of.
  static func rows(
    _ job: StudyJob, _ metric: String, _ values: [Double], unit: String, condition: String
  ) -> StudyLine {
    var line = StudyLine("series", job, metric)
    (line.xName, line.x, line.y) = (rowNumbers, values.indices.map(Double.init), values)
    (line.unit, line.rows, line.condition) = (unit, values.count, condition)
    return line
  }

  /// Tokens with what becomes of each, of the instruction `text`.
  static func tokens(
    _ job: StudyJob, _ metric: String, _ changes: [(token: String, change: Double)], of text: String
  ) -> StudyLine {
    var line = StudyLine("tokens", job, metric)
    line.tokens = changes.map(\.token)
    line.y = changes.map(\.change)
    line.condition = text
    return line
  }

  /// Where no instruction explains an edit.
  static let unexplained = "no instruction explains it"

  /// What a reader says of an edit of `source`, with the round trip of that; `text` is what the edit was made of, where one was.
  static func reading(
    _ job: StudyJob, _ reader: String, _ source: String, of text: String? = nil, said: String,
    roundTrip: Double?, note: String? = nil
  ) -> StudyLine {
    var line = StudyLine("reading", job, reader)
    line.condition = source
    (line.text, line.said) = (text, said)
    line.value = roundTrip
    line.note = note
    return line
  }

  /// Whether a figure keeps to its threshold: both ends of its interval have to be on one side. One that should have an
  /// interval and has none, since some draw of families has no such figure, is undecided; `isPoint` are those that are of
  /// all rows together.
  static func verdict(
    _ job: StudyJob, _ metric: String, _ estimate: Estimate?,
    _ accept: [String: StudyConfiguration.Threshold], undecided: String? = nil,
    isPoint: Bool = false
  ) -> StudyLine? {
    guard let threshold = accept["\(job.kind.rawValue).\(metric)"] else { return nil }
    var line = StudyLine("verdict", job, metric)
    line.threshold = threshold.text
    line.value = estimate?.value
    line.low = estimate?.low
    line.high = estimate?.high
    guard let estimate, undecided == nil else {
      line.verdict = "undecided"
      line.note = undecided ?? "there is too little to divide by"
      return line
    }
    guard isPoint || estimate.low != nil else {
      line.verdict = "undecided"
      line.note = "in some draws of families there is too little to divide by"
      return line
    }
    let ends = [estimate.low ?? estimate.value, estimate.high ?? estimate.value]
    let held = ends.filter(threshold.holds).count
    line.verdict = held == ends.count ? "pass" : held == 0 ? "fail" : "undecided"
    if line.verdict == "undecided" { line.note = "the interval has the threshold in it" }
    return line
  }

  /// A figure, and its verdict where a threshold was set for it.
  static func judged(
    _ job: StudyJob, _ metric: String, _ estimate: Estimate?,
    _ accept: [String: StudyConfiguration.Threshold], unit: String, rows: Int, clusters: Int,
    condition: String? = nil, undecided: String? = nil, isPoint: Bool = false
  ) -> [StudyLine] {
    [
      .estimate(
        job, metric, estimate, unit: unit, rows: rows, clusters: clusters, condition: condition,
        note: estimate == nil ? undecided : nil)
    ]
      + [verdict(job, metric, estimate, accept, undecided: undecided, isPoint: isPoint)].compactMap
    { $0 }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
