import PlainText

extension StudyRun.Status {
  /// What would be done, and about how long it takes.
  public var estimate: String {
    "\(id)  \(name)  \(state.rawValue)  \(Numbers.fixed(seconds / 60, 1)) min"
  }

  /// A table of how far `jobs` are.
  public static func table(_ jobs: [StudyRun.Status]) -> String {
    var table = TextTable(["job", "name", "state", "units"], numbers: [3])
    for job in jobs { table.append([job.id, job.name, job.state.rawValue, "\(job.units)"]) }
    return table.text
  }
}
