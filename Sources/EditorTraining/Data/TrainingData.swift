/// A file of rows, and how often its rows come up.
public struct TrainingDataFile: Sendable, Codable, Equatable {
  /// Where it is.
  public var path: String
  /// How often each row comes up in an epoch: 2 is twice, 0.5 is every second time.
  public var weight: Double

  /// A file whose rows come up once unless said otherwise.
  public init(path: String, weight: Double = 1) {
    self.path = path
    self.weight = weight
  }
}

/// The rows of some files.
public struct TrainingData: Sendable {
  /// Good rows, file after file.
  public let rows: [TrainingRow]
  /// The index of each row's file.
  public let fileOfRow: [Int]
  /// The files, as they were given.
  public let files: [TrainingDataFile]
  /// Rows that were left out.
  public let problems: RowProblems

  /// Reads all rows of `files`, JSON or JSONL, which may be compressed with zstd.
  ///
  /// Throws `EditorTrainingError.file`, `.notJSON` where an array breaks off, `.option` for weights and
  /// field names that make no sense, and `.noRows` where a file has no good row.
  public init(
    files: [TrainingDataFile], fields: RowFields = RowFields()
  ) throws(EditorTrainingError) {
    let names = fields.names
    guard Set(names).count == names.count else {
      throw .option(
        name: "the list of field names", found: names.joined(separator: ", "),
        needed: "\(names.count) different names")
    }
    var rows: [TrainingRow] = []
    var fileOfRow: [Int] = []
    var problems = RowProblems()
    for (index, file) in files.enumerated() {
      guard file.weight > 0, file.weight <= 1000 else {
        throw .option(
          name: "the weight of \(file.path)", found: "\(file.weight)",
          needed: "above 0 and at most 1000")
      }
      let before = problems.count
      let reader = try TrainingRowReader(path: file.path, fields: fields, problems: problems)
      problems = reader.problems
      guard !reader.rows.isEmpty else {
        throw .noRows(
          path: file.path, problems: problems.count - before,
          example: problems.first.first { $0.file == file.path }?.description,
          hasObjects: reader.hasObjects)
      }
      rows += reader.rows
      fileOfRow += Array(repeating: index, count: reader.rows.count)
    }
    self.rows = rows
    self.fileOfRow = fileOfRow
    self.files = files
    self.problems = problems
  }

  /// `other` with other rows in the places of its own.
  package init(_ other: TrainingData, rows: [TrainingRow]) {
    precondition(rows.count == other.rows.count)
    self.rows = rows
    fileOfRow = other.fileOfRow
    files = other.files
    problems = other.problems
  }
}
