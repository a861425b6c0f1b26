import EditorTraining

/// What an evaluation found: an object of JSON as `emend evaluate --json` writes it.
public struct EvaluationResult: Sendable, Encodable {
  /// The model's file.
  public let model: String
  /// The editor's file.
  public let editor: String
  /// How activations were kept.
  public let activations: String
  /// The seed of the split.
  public let splitSeed: UInt64
  /// The seed of the bootstrap and of random directions.
  public let seed: UInt64
  /// Draws of the bootstrap.
  public let resamples: Int
  /// What the bootstrap draws: "rows" or "families".
  public let intervals: IntervalsOver
  /// Rows that could not be used.
  public let rowsLeftOut: Int
  /// What was found, split by split.
  public let splits: [SplitResult]
  /// What edits change on unrelated text; nil where none was given.
  public let locality: LocalityFigures?
  /// How long it took.
  public let seconds: Double
  /// The most memory that the process has had.
  public let peakRssBytes: Int
}

/// What the bootstrap draws, and its intervals are over.
public enum IntervalsOver: String, Sendable, Encodable, CaseIterable {
  /// Rows.
  case rows
  /// Families of rows, and rows within them.
  case families
}

/// What was found for one split.
public struct SplitResult: Sendable, Encodable {
  /// Its name.
  public let split: String
  /// Rows whose response was longer than what is scored.
  public let cutRows: Int
  /// Rows whose other instruction has the same answer.
  public let shuffledWithSameAnswer: Int
  /// Losses and what they say.
  public let figures: ConditionFigures
  /// The same by the rows' family, where they have one.
  public let families: [String: ConditionFigures]?
  /// What was answered, where it was asked for.
  public private(set) var answers: AnswerFigures?
  /// The same by family.
  public private(set) var answersOfFamilies: [String: AnswerFigures]?
  /// The answers themselves.
  public private(set) var generations: [ComparedAnswers]?

  /// The figures of `split`, some of whose `rows` were cut.
  init(
    _ split: HeldOutSplit, cutRows: Int, _ losses: ConditionLosses, _ rows: [TrainingRow],
    _ bootstrap: Bootstrap
  ) {
    self.split = split.name
    self.cutRows = cutRows
    shuffledWithSameAnswer = split.sameAnswerCount
    figures = ConditionFigures(
      losses, bootstrap, families: split.examples.map { rows[$0.example.row].family })
    let families = Dictionary(grouping: split.examples.indices) {
      rows[split.examples[$0].example.row].family ?? ""
    }.filter { !$0.key.isEmpty }
    self.families =
      families.isEmpty
      ? nil : families.mapValues { ConditionFigures(losses.rows($0), bootstrap) }
  }

  /// Adds what was answered.
  mutating func add(_ answers: [ComparedAnswers], _ bootstrap: Bootstrap) {
    guard !answers.isEmpty else { return }
    generations = answers
    self.answers = AnswerFigures(answers, bootstrap)
    let families = Dictionary(grouping: answers) { $0.family ?? "" }.filter { !$0.key.isEmpty }
    if !families.isEmpty {
      answersOfFamilies = families.mapValues { AnswerFigures($0, bootstrap) }
    }
  }
}
