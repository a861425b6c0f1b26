/// Whether a figure keeps to the threshold that was set for it.
public struct StudyVerdict: Sendable, Encodable {
  /// The job and the figure.
  public let job, metric: String
  /// What was asked.
  public let threshold: String
  /// What was found.
  public let value, low, high: Double?
  /// pass, fail, undecided, or not run.
  public let verdict: String
  /// Why it is undecided, or was not run.
  public let note: String?

  /// A figure that was not measured, of the job or the experiment of that name.
  init(notRun job: String, _ metric: String, threshold: String, why: String) {
    self.job = job
    self.metric = metric
    self.threshold = threshold
    (value, low, high) = (nil, nil, nil)
    verdict = "not run"
    note = why
  }

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
