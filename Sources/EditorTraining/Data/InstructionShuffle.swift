/// For each of some instructions the index of another one that is not the same
/// (`normalizedInstruction`): the baseline that shows whether instructions are read.
///
/// No index comes twice, unless more than half of the rows have the same instruction: then the others'
/// are given more than once. The same for the same seed.
///
/// Throws `EditorTrainingError.oneInstruction` where all are the same.
public func shuffledInstructions(
  _ instructions: [String], seed: UInt64
) throws(EditorTrainingError) -> [Int] {
  guard !instructions.isEmpty else { return [] }
  var generator = SeededGenerator(seed, 0x5348_5546)
  var order = Array(instructions.indices)
  generator.shuffle(&order)
  // Equal ones beside each other, groups in the random order of their first members.
  var groupOfText: [String: Int] = [:]
  var groups: [[Int]] = []
  for index in order {
    let text = normalizedInstruction(instructions[index])
    if let group = groupOfText[text] {
      groups[group].append(index)
    } else {
      groupOfText[text] = groups.count
      groups.append([index])
    }
  }
  guard groups.count > 1 else { throw .oneInstruction(rows: instructions.count) }

  // Turned by the size of the largest group, no group meets itself, if it is at most a half.
  let line = groups.flatMap(\.self)
  let largest = groups.map(\.count).max()!
  var others = [Int](repeating: 0, count: instructions.count)
  if 2 * largest <= line.count {
    for (place, index) in line.enumerated() {
      others[index] = line[(place + largest) % line.count]
    }
    return others
  }
  let common = groups.firstIndex { $0.count == largest }!
  let rest = groups.indices.filter { $0 != common }.flatMap { groups[$0] }
  for (place, index) in groups[common].enumerated() { others[index] = rest[place % rest.count] }
  for (place, index) in rest.enumerated() { others[index] = groups[common][place] }
  return others
}

/// For each of some rows another one's instruction, whose right answer for the row's input differs as far
/// as the data tell: a seeded derangement (`shuffledInstructions`) in which rows then trade with others
/// that would have got
///
/// - an instruction of the same parts: another wording of the same task, or
/// - one that some row has with the same input and the same output.
///
/// Where no trade helps, another row's instruction is given twice.
public struct InstructionShuffle: Sendable, Equatable {
  /// For each row the index of the one whose instruction it gets.
  public private(set) var others: [Int]
  /// Rows for which there is no instruction with another answer; they have one with the same.
  public private(set) var sameAnswerCount = 0

  /// Instructions for `rows`. `known` are all rows that tell which answers are the same.
  ///
  /// Throws `EditorTrainingError.oneInstruction` where all have the same instruction.
  public init(
    _ rows: [TrainingRow], known: [TrainingRow], seed: UInt64
  ) throws(EditorTrainingError) {
    others = try shuffledInstructions(rows.map(\.instruction), seed: seed)
    let answers = KnownAnswers(rows, known)
    for row in rows.indices where answers.isSame(row, others[row]) {
      // Places after the row's own first, so that no place is the first for all.
      let places = rows.indices.map { (row + $0) % rows.count }
      if let place = places.first(where: {
        !answers.isSame(row, others[$0]) && !answers.isSame($0, others[row])
      }) {
        others.swapAt(row, place)
      } else if let other = places.first(where: { !answers.isSame(row, $0) }) {
        others[row] = other
      } else {
        sameAnswerCount += 1
      }
    }
  }
}

/// Which instructions are known to have the same answer.
private struct KnownAnswers {
  private let rows: [TrainingRow]
  private let instructions: [String]
  private let parts: [Set<String>]
  /// Instruction, input and output.
  private let answers: Set<[String]>

  init(_ rows: [TrainingRow], _ known: [TrainingRow]) {
    self.rows = rows
    instructions = rows.map { normalizedInstruction($0.instruction) }
    parts = rows.map { Set($0.parts.map(normalizedInstruction)) }
    let inputs = Set(rows.map(\.input))
    answers = Set(
      known.lazy.filter { inputs.contains($0.input) }.map {
        [normalizedInstruction($0.instruction), $0.input, $0.output]
      })
  }

  /// Whether `row` has the same answer with the instruction of `other`.
  func isSame(_ row: Int, _ other: Int) -> Bool {
    instructions[row] == instructions[other]
      || (!parts[row].isEmpty && parts[row] == parts[other])
      || answers.contains([instructions[other], rows[row].input, rows[row].output])
  }
}
