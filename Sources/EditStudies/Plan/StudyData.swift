import Crypto
import EditorTraining
import Foundation
import InstructionEditors
import ModelFiles

/// The rows of a study: those of unseen wordings that are measured, and the instructions of training.
struct StudyData {
  /// What is measured, and whether it is in the second half.
  let rows: [(row: TrainingRow, isInSecondHalf: Bool)]
  /// Of all that it is made of.
  let digest: String
  private let training: [TrainingRow]

  /// Reads the files and draws the rows. Throws `configuration` where no row is of an unseen wording, and what makes
  /// files unreadable.
  init(_ configuration: StudyConfiguration) throws {
    let found = try TrainingData(files: configuration.data.map { TrainingDataFile(path: $0) })
    let split = try DataSplit(
      found.rows, DataSplit.Options(seed: configuration.seed), needsTraining: true)
    training = split.train.map { found.rows[$0] }.filter { $0.parts.isEmpty }
    guard let unseen = split.heldOut.first(where: { $0.name == "unseen" })?.rows, !unseen.isEmpty
    else {
      throw StudyError.configuration(
        path: configuration.path,
        problem: "data has no row of an unseen instruction; give rows with a split, or more of them"
      )
    }
    var order = unseen
    var random = SeededGenerator(configuration.seed, 0x5354_5544)
    random.shuffle(&order)
    var counts: [String: Int] = [:]
    var chosen: [TrainingRow] = []
    for index in order where chosen.count < configuration.rows {
      let row = found.rows[index]
      let family = row.family ?? row.instruction
      guard counts[family, default: 0] < configuration.rowsPerFamily else { continue }
      counts[family, default: 0] += 1
      chosen.append(row)
    }
    // Within a family its instructions in turns; which half begins alternates between families.
    var half: [String: Bool] = [:]
    var next: [String: Bool] = [:]
    var families = 0
    rows = chosen.map { row in
      if half[row.instruction] == nil {
        let family = row.family ?? row.instruction
        if next[family] == nil {
          next[family] = families % 2 == 1
          families += 1
        }
        half[row.instruction] = next[family]!
        next[family]!.toggle()
      }
      return (row, half[row.instruction]!)
    }
    var hash = SHA256()
    for row in chosen + training {
      for text in [row.instruction, row.input, row.output, row.family ?? ""] {
        hash.update(data: Data("\(text.utf8.count) \(text)\n".utf8))
      }
    }
    digest = hash.finalize().hexadecimal
  }

  /// Different instructions of training, at most so many of a family.
  func known(perFamily most: Int) -> [KnownInstructions.Entry] {
    var seen: Set<String> = []
    var counts: [String: Int] = [:]
    return training.compactMap { row in
      let family = row.family ?? row.instruction
      guard counts[family, default: 0] < most, seen.insert(row.instruction).inserted else {
        return nil
      }
      counts[family, default: 0] += 1
      return KnownInstructions.Entry(row.instruction, family: row.family)
    }
  }
}
