import Crypto
import EditorTraining
import Foundation
import InstructionEditors
import ModelFiles

/// The rows of a study: those of unseen wordings that are measured, and the instructions of training.
struct StudyData {
  /// What is measured, and whether it is in the second half.
  let rows: [(row: TrainingRow, isInSecondHalf: Bool)]
  /// Rows of two families one after the other, each of which is trained on, and the two together are not.
  let pairs: [TrainingRow]
  /// Rows of families that are not trained on.
  let otherFamilies: [TrainingRow]
  /// Rows that are trained on.
  let training: [TrainingRow]
  /// All rows, and which of them are trained on and which are not.
  let found: TrainingData
  let split: DataSplit
  /// Rows of unseen wordings, of which those that are measured are some.
  let unseen: [TrainingRow]
  /// Of all that it is made of, and of all rows that can be trained on.
  let digest, trainingDigest: String
  /// Reviews that people changed; nil where none are measured.
  let reviews: CounterfactualData?

  /// Reads the files and draws the rows. Throws `configuration` where no row is of an unseen wording or none of training, and what makes
  /// files unreadable.
  init(_ configuration: StudyConfiguration) throws {
    let found = try TrainingData(files: configuration.data.map { TrainingDataFile(path: $0) })
    let split = try DataSplit(
      found.rows, DataSplit.Options(seed: configuration.seed), needsTraining: false)
    self.found = found
    self.split = split
    training = split.train.map { found.rows[$0] }.filter { $0.parts.isEmpty }
    guard !training.isEmpty else {
      throw StudyError.configuration(
        path: configuration.path,
        problem:
          "data has no row of one step to train on, and those are what an editor is held to know; give the rows "
          + "that it was trained with too")
    }
    guard let unseen = split.heldOut.first(where: { $0.name == "unseen" })?.rows, !unseen.isEmpty
    else {
      throw StudyError.configuration(
        path: configuration.path,
        problem: "data has no row of an unseen instruction; give rows with a split, or more of them"
      )
    }
    self.unseen = unseen.map { found.rows[$0] }
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
    var familyCount = 0
    rows = chosen.map { row in
      if half[row.instruction] == nil {
        let family = row.family ?? row.instruction
        if next[family] == nil {
          next[family] = familyCount % 2 == 1
          familyCount += 1
        }
        half[row.instruction] = next[family]!
        next[family]!.toggle()
      }
      return (row, half[row.instruction]!)
    }
    func named(_ names: Set<String>) -> [TrainingRow] {
      split.heldOut.filter { names.contains($0.name) }.flatMap(\.rows).map { found.rows[$0] }
    }
    let families = Set(training.compactMap(\.family))
    pairs = Array(
      named(["compositional"]).filter {
        $0.parts.count == 2 && $0.parts.allSatisfy(families.contains)
      }.prefix(configuration.rows))
    otherFamilies = Array(named(["family", "families"]).prefix(configuration.rows))
    var hash = SHA256()
    for row in chosen + pairs + otherFamilies + training {
      for text in [row.instruction, row.input, row.output, row.family ?? ""] {
        hash.update(data: Data("\(text.utf8.count) \(text)\n".utf8))
      }
    }
    digest = hash.finalize().hexadecimal
    var all = SHA256()
    if configuration.experiments.contains(where: \.kind.isTrained) {
      for row in split.train.map({ found.rows[$0] }) + self.unseen {
        for text in [row.instruction, row.input, row.output, row.family ?? ""] + row.parts {
          all.update(data: Data("\(text.utf8.count) \(text)\n".utf8))
        }
      }
    }
    trainingDigest = all.finalize().hexadecimal
    reviews = try configuration.counterfactuals.flatMap { folder in
      configuration.experiments.contains { $0.kind == .cebab }
        ? try CounterfactualData(folder: folder, originals: configuration.originals) : nil
    }
  }

  /// The instruction of training of `family` that has most words in common with `instruction`; the first of several.
  func instruction(of family: String, like instruction: String) -> String? {
    let wanted = Set(InstructionWords.of(instruction))
    var best: (text: String, common: Int)?
    for row in training where row.family == family {
      let common = wanted.intersection(InstructionWords.of(row.instruction)).count
      if common > best?.common ?? -1 { best = (row.instruction, common) }
    }
    return best?.text
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

/// The words of an instruction, for comparing instructions by their words.
enum InstructionWords {
  /// What stands between white space, without signs at its ends and in small letters; signs alone are a word.
  static func of(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map { stripped($0).lowercased() }
  }

  /// Without the signs at its ends, where that leaves something.
  static func stripped(_ word: Substring) -> String {
    let inner = word.drop { $0.isPunctuation }
    let end = inner.lastIndex { !$0.isPunctuation }
    return String(end.map { inner[...$0] } ?? word)
  }

  /// The numbers of the words of `instruction` that stand in `output` and not in `input`: what the answer takes from the
  /// instruction itself.
  static func copied(_ instruction: String, input: String, output: String) -> [Int] {
    func words(_ text: String) -> Set<String> {
      Set(text.split { !$0.isLetter && !$0.isNumber }.map(String.init))
    }
    let (there, given) = (words(output), words(input))
    return instruction.split(whereSeparator: \.isWhitespace).enumerated().compactMap {
      index, word in
      let word = stripped(word)
      let isSign = word.allSatisfy { !$0.isLetter && !$0.isNumber }
      let isThere = isSign ? output.contains(word) && word.count > 1 : there.contains(word)
      let isGiven = isSign ? input.contains(word) : given.contains(word)
      return isThere && !isGiven ? index : nil
    }
  }
}
