import EditEvaluation

/// An experiment as units that are measured one by one, each alone what it is beside others, and what comes of all.
protocol StudyExperiment {
  /// Names of the units that can be measured now, of the ones that are there already (`units`, JSON by name): an
  /// experiment of two phases has those of the second when the first is whole.
  func pending(_ units: [String: String]) throws -> [String]
  /// How many there will be in all.
  var unitCount: Int { get }
  /// Measures a unit.
  func measure(_ unit: String, _ units: [String: String]) throws -> String
  /// The results.
  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine]
}

/// What a unit is: numbers, some of them missing, and words.
struct StudyUnit: Codable {
  var numbers: [Double] = []
  var words: [String]?
}
