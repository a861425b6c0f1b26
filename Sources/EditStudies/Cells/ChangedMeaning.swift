import EditorTraining

/// Rows whose instructions mean something else than they say (docs/study.md): the control that an editor which brings out
/// what the model knows of words has to be better than.
///
/// Inputs and answers stay as they are, so that two such sets differ in nothing but the instructions' words. Families that
/// have an unseen wording take part, with their rows of one step; of the others and of several steps nothing is trained on.
package struct ChangedMeaning {
  /// Of each family that takes part the one whose words it gets; itself where nothing is changed.
  private let wording: [String: String]
  /// Instructions of each family by whether they are trained on, each once, in their order.
  private let texts: [String: [Bool: [String]]]
  private let code: [String: [String]]
  /// Families that take part.
  package let families: Set<String>

  /// Of rows that are trained on, and of unseen wordings; `number` of a permutation, in which families get the words of others whose inputs theirs are
  /// like and which take words from their instructions as they do.
  package init(
    training: [TrainingRow], unseen: [TrainingRow], _ labels: MeaningLabels, seed: UInt64
  ) {
    var texts: [String: [Bool: [String]]] = [:]
    var seen: Set<[String]> = []
    var taking: [String: (copied: Int, rows: Int)] = [:]
    var inputs: [String: Set<String>] = [:]
    for (rows, isTrained) in [(training, true), (unseen, false)] {
      for row in rows where row.parts.isEmpty {
        guard let family = row.family else { continue }
        if seen.insert([family, "\(isTrained)", row.instruction]).inserted {
          texts[family, default: [:]][isTrained, default: []].append(row.instruction)
        }
        inputs[family, default: []].insert(row.input)
        let copied = InstructionWords.copied(
          row.instruction, input: row.input, output: row.output)
        taking[family, default: (0, 0)].rows += 1
        taking[family]!.copied += copied.isEmpty ? 0 : 1
      }
    }
    self.texts = texts
    let families = texts.filter { $0.value.count == 2 }.keys.sorted()
    self.families = Set(families)
    var random = SeededGenerator(seed, 0x4D45_414E)
    switch labels {
    case .natural: wording = Dictionary(families.map { ($0, $0) }) { a, _ in a }
    case .code: wording = Dictionary(families.map { ($0, $0) }) { a, _ in a }
    case .permuted(let number):
      random = SeededGenerator(seed, 0x4D45_414E, UInt64(number))
      wording = Self.derangement(
        Self.groups(families, inputs: inputs, taking: taking.mapValues { 2 * $0.copied > $0.rows }),
        &random)
    }
    code = labels == .code ? Self.codes(families, training, &random) : [:]
  }

  /// Families with like inputs, some of which are the same, that take words from their instructions or do not; those that
  /// are alone are together.
  private static func groups(
    _ families: [String], inputs: [String: Set<String>], taking: [String: Bool]
  ) -> [[String]] {
    var group = Dictionary(families.map { ($0, $0) }) { a, _ in a }
    func root(_ name: String) -> String {
      var name = name
      while group[name]! != name { name = group[name]! }
      return name
    }
    for (i, a) in families.enumerated() {
      for b in families[..<i] where taking[a] == taking[b] && root(a) != root(b) {
        let common = inputs[a]!.intersection(inputs[b]!).count
        if 10 * common >= min(inputs[a]!.count, inputs[b]!.count) { group[root(a)] = root(b) }
      }
    }
    let all = Dictionary(grouping: families, by: root).values.map { $0.sorted() }.sorted {
      $0[0] < $1[0]
    }
    let alone = all.filter { $0.count == 1 }.flatMap { $0 }
    return all.filter { $0.count > 1 } + (alone.isEmpty ? [] : [alone])
  }

  /// Each member of a group gets the next one in an order that is drawn.
  private static func derangement(
    _ groups: [[String]], _ random: inout SeededGenerator
  ) -> [String: String] {
    var result: [String: String] = [:]
    for group in groups {
      var order = group
      random.shuffle(&order)
      for (i, family) in order.enumerated() { result[family] = order[(i + 1) % order.count] }
    }
    return result
  }

  /// Three words for each family, of those that its rows' inputs have most often, none twice.
  private static func codes(
    _ families: [String], _ training: [TrainingRow], _ random: inout SeededGenerator
  ) -> [String: [String]] {
    var counts: [String: Int] = [:]
    for row in training {
      for word in row.input.split(whereSeparator: \.isWhitespace) {
        let word = InstructionWords.stripped(word).lowercased()
        if word.count >= 3, word.allSatisfy(\.isLetter) { counts[word, default: 0] += 1 }
      }
    }
    let common = counts.keys.sorted { (counts[$1]!, $0) < (counts[$0]!, $1) }.prefix(400)
    var seen: Set<[String]> = []
    return Dictionary(
      families.map { family in
        var words = Array(common)
        repeat {
          random.shuffle(&words)
        } while !seen.insert(words.prefix(3).sorted()).inserted
          && seen.count < common.count
        return (family, Array(words.prefix(3)))
      }
    ) { a, _ in a }
  }

  /// Orders of three words; instructions that are trained on have the first four.
  private static let orders = [
    [0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 1, 0],
  ]

  /// The instruction that a row gets, of one step and of a family that takes part.
  package func instruction(of row: TrainingRow, isTrained: Bool) -> String {
    guard let family = row.family, let other = wording[family],
      let own = texts[family]?[isTrained]?.firstIndex(of: row.instruction)
    else { preconditionFailure("the row takes no part") }
    if let words = code[family], words.count == 3 {
      let order = isTrained ? Self.orders[own % 4] : Self.orders[4 + own % 2]
      return order.map { words[$0] }.joined(separator: " ")
    }
    let others = texts[other]![isTrained]!
    return others[own % others.count]
  }
}

extension ChangedMeaning {
  /// Of the study's rows.
  init(_ data: StudyData, _ labels: MeaningLabels, seed: UInt64) {
    self.init(training: data.training, unseen: data.unseen, labels, seed: seed)
  }
}
