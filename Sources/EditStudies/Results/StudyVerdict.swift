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
}
