/// One example as it stands in a file.
public struct TrainingRow: Sendable, Equatable {
  /// What is to be done.
  public var instruction: String
  /// What it is to be done with; may be empty.
  public var input: String
  /// The answer.
  public var output: String
  /// What the instruction is put together from, where the file says so; for the compositional split.
  public var parts: [String]
  /// The side that it is on, where the file says so: "train", or the name of a held-out split (see
  /// `DataSplit`).
  public var split: String?
  /// What kind of instruction it is, where the file says so; for results by kind.
  public var family: String?
  /// The file it is from, as the caller named it.
  public var file: String
  /// The line that it begins in, from 1.
  public var line: Int
  /// Where it stands in the file's array, from 1; nil in a file of lines.
  public var number: Int?

  /// An example.
  public init(
    instruction: String, input: String = "", output: String, parts: [String] = [],
    split: String? = nil, family: String? = nil, file: String = "", line: Int = 0,
    number: Int? = nil
  ) {
    self.instruction = instruction
    self.input = input
    self.output = output
    self.parts = parts
    self.split = split
    self.family = family
    self.file = file
    self.line = line
    self.number = number
  }
}

/// Names of the fields of a row.
public struct RowFields: Sendable, Codable, Equatable {
  /// A text that is not empty.
  public var instruction: String
  /// A text; may be missing or null, which are empty.
  public var input: String
  /// A text that is not empty.
  public var output: String
  /// A list of texts; may be missing or null, which are empty.
  public var parts: String
  /// A name of letters, digits, `_`, `-` and `.`, at most 64; may be missing or null, which are none.
  public var split: String
  /// A text; may be missing or null, which are none.
  public var family: String

  /// Alpaca's names unless given.
  public init(
    instruction: String = "instruction", input: String = "input", output: String = "output",
    parts: String = "parts", split: String = "split", family: String = "family"
  ) {
    self.instruction = instruction
    self.input = input
    self.output = output
    self.parts = parts
    self.split = split
    self.family = family
  }

  /// All of them; no two may be the same.
  var names: [String] { [instruction, input, output, parts, split, family] }
}

/// A row that is not used, and why.
public struct RowProblem: Sendable, Equatable, CustomStringConvertible {
  /// The file, as the caller named it.
  public let file: String
  /// The line that the row begins in, from 1.
  public let line: Int
  /// Where it stands in the file's array, from 1; nil in a file of lines.
  public let number: Int?
  /// What is wrong: "output is missing".
  public let reason: String

  /// A row of that file.
  public init(file: String, line: Int, number: Int? = nil, reason: String) {
    self.file = file
    self.line = line
    self.number = number
    self.reason = reason
  }

  /// That row, and what is wrong with it.
  init(_ row: TrainingRow, _ reason: String) {
    self.init(file: row.file, line: row.line, number: row.number, reason: reason)
  }

  /// `FILE:LINE: REASON`, in an array, which may be all in one line, `FILE:LINE: row NUMBER: REASON`.
  public var description: String {
    "\(file):\(line): \(number.map { "row \($0): " } ?? "")\(reason)"
  }
}

/// Problems with rows: how many there are, and the first of them, so that a file that is something else
/// altogether does not fill the memory.
public struct RowProblems: Sendable, Equatable {
  /// Problems that are kept.
  public static let mostKept = 1000
  /// The first ones.
  public private(set) var first: [RowProblem] = []
  /// All of them.
  public private(set) var count = 0

  /// None.
  public init() {}

  /// Adds one.
  public mutating func append(_ problem: RowProblem) {
    count += 1
    if first.count < Self.mostKept { first.append(problem) }
  }
}
