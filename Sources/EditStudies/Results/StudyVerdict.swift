/// Whether a figure keeps to the threshold that was set for it.
public struct StudyVerdict: Sendable, Encodable {
  /// The job and the figure.
  public let job, metric: String
  /// What was asked.
  public let threshold: String
  /// What was found.
  public let value, low, high: Double?
  /// pass, fail or undecided.
  public let verdict: String
  /// Why it is undecided.
  public let note: String?

  /// What a line of results says; nil where it says no verdict.
  init?(_ line: StudyResult, of job: StudyJob) {
    guard line.kind == "verdict", let verdict = line.verdict, let threshold = line.threshold else {
      return nil
    }
    self.job = job.name
    metric = line.metric
    self.threshold = threshold
    (value, low, high) = (line.value, line.low, line.high)
    self.verdict = verdict
    note = line.note
  }
}
