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
