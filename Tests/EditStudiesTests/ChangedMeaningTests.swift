import EditStudies
import EditorTraining
import Testing

/// Rows whose instructions ask for something else.
@Suite struct ChangedMeaningTests {
  /// Six families of two kinds of inputs, three trained wordings and two unseen ones each; a word of the instruction is in
  /// the answers of two; and a family without an unseen wording.
  private static let rows: (training: [TrainingRow], unseen: [TrainingRow]) = {
    var (training, unseen): ([TrainingRow], [TrainingRow]) = ([], [])
    for family in 0..<7 {
      let isList = family >= 3
      for wording in 0..<(family == 6 ? 3 : 5) {
        for input in ["alpha", "beta", "gamma"] {
          let copied = family == 1 || family == 2
          let row = TrainingRow(
            instruction: "do \(family) so \(wording)" + (copied ? " with zap" : ""),
            input: isList ? "\(input), delta" : input,
            output: copied ? "zap \(input)" : "x\(family)\(input)", family: "f\(family)")
          if wording < 3 { training.append(row) } else { unseen.append(row) }
        }
      }
    }
    return (training, unseen)
  }()

  private func meaning(_ labels: MeaningLabels, seed: UInt64 = 0) -> ChangedMeaning {
    ChangedMeaning(training: Self.rows.training, unseen: Self.rows.unseen, labels, seed: seed)
  }

  private func texts(_ meaning: ChangedMeaning, isTrained: Bool) -> [(
    row: TrainingRow, text: String
  )] {
    (isTrained ? Self.rows.training : Self.rows.unseen).filter {
      meaning.families.contains($0.family ?? "")
    }.map { ($0, meaning.instruction(of: $0, isTrained: isTrained)) }
  }

  @Test func naturalRowsAreWhatTheyWere() {
    let meaning = meaning(.natural)
    #expect(meaning.families == ["f0", "f1", "f2", "f3", "f4", "f5"])
    for isTrained in [true, false] {
      #expect(texts(meaning, isTrained: isTrained).allSatisfy { $0.row.instruction == $0.text })
    }
  }

  /// Each family has the words of one other, whose inputs are of its kind and which takes words from instructions where it
  /// does; wordings of training stay on the side of training.
  @Test(arguments: 0..<8) func permutedRowsHaveOthersWords(number: Int) {
    let meaning = meaning(.permuted(number), seed: 5)
    var other: [String: Set<String>] = [:]
    for isTrained in [true, false] {
      let known = Set((isTrained ? Self.rows.training : Self.rows.unseen).map(\.instruction))
      for (row, text) in texts(meaning, isTrained: isTrained) {
        #expect(known.contains(text))
        other[row.family ?? "", default: []].insert("f" + text.split(separator: " ")[1])
      }
    }
    #expect(other.values.allSatisfy { $0.count == 1 })
    #expect(other.allSatisfy { !$0.value.contains($0.key) || $0.key == "f0" })
    #expect(Set(other.values.flatMap { $0 }) == meaning.families)
    #expect(other["f1"] == ["f2"] && other["f2"] == ["f1"])
    #expect(Set(["f3", "f4", "f5"].flatMap { other[$0]! }) == ["f3", "f4", "f5"])
    // It is alone of its kind.
    #expect(other["f0"] == ["f0"])
  }

  /// Three words for each family, in orders that training has not where the wording is unseen.
  @Test func codesAreThreeWords() {
    let meaning = meaning(.code)
    var words: [String: Set<[String]>] = [:]
    var orders: [Bool: Set<String>] = [:]
    for isTrained in [true, false] {
      for (row, text) in texts(meaning, isTrained: isTrained) {
        let parts = text.split(separator: " ").map(String.init)
        #expect(parts.count == 3)
        words[row.family ?? "", default: []].insert(parts.sorted())
        orders[isTrained, default: []].insert("\(row.family ?? "") \(text)")
      }
    }
    #expect(words.values.allSatisfy { $0.count == 1 })
    #expect(orders[true]!.isDisjoint(with: orders[false]!))
  }
}
