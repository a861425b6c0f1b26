import EditorTraining

/// A line of the set.
package struct Row: Encodable {
  package let instruction: String
  package let input: String
  package let output: String
  package let family: String
  /// The families of a composition.
  package let parts: [String]
  package let split: String
}

/// Draws rows. What a split holds is exact:
///
/// - `train`: wordings, families and pairs of families that are trained on;
/// - `seen`: the same instructions with inputs that they are not trained with;
/// - `unseen`: families that are trained on, in wordings that are not;
/// - `compositional`: two families one after the other, each trained on and so are others of its
///   pairs, this pair not;
/// - `family`: families that are in no row of training.
package struct RowMaker {
  package enum Split: String, CaseIterable {
    case train, seen, unseen, compositional, family
  }

  private var random: SeededGenerator
  private let trainedPairs: [(Family, Family)]
  private let keptPairs: [(Family, Family)]
  /// Instructions with their inputs, of all rows so far: no row comes twice.
  private var drawn: Set<[String]> = []

  /// Equal seeds give equal rows.
  package init(seed: UInt64) {
    random = SeededGenerator(seed, 0x696E_7374_7275_6374)
    (trainedPairs, keptPairs) = Self.pairs()
  }

  /// Pairs of families whose second takes what the first gives. A fifth is kept from training, whatever
  /// the seed; of each family other pairs are trained on, in either place.
  static func pairs() -> (trained: [(Family, Family)], kept: [(Family, Family)]) {
    let steps = Family.trained.filter { $0.step != nil }
    let firsts = steps.filter { makesMaterial($0) }
    var trained: [(Family, Family)] = []
    var kept: [(Family, Family)] = []
    for (i, first) in firsts.enumerated() {
      for (j, second) in steps.enumerated()
      where first.name != second.name && follows(first, second) {
        if (i + 3 * j) % 5 == 0 {
          kept.append((first, second))
        } else {
          trained.append((first, second))
        }
      }
    }
    return (trained, kept)
  }

  /// Whether the result of the rule is an item, a list or a name, which other rules take.
  private static func makesMaterial(_ family: Family) -> Bool {
    guard family.kinds == [.list] else { return false }
    var random = SeededGenerator(0)
    let input = Material.random(.list, &random)
    guard let parameters = family.parameters(input, &random) else { return false }
    return family.rule(input, parameters).kind != .text
  }

  private static func follows(_ first: Family, _ second: Family) -> Bool {
    var random = SeededGenerator(0)
    return second.kinds.contains(first.rule(Material.random(.list, &random), []).kind)
  }

  /// A row of a split that has not been drawn before.
  package mutating func next(_ split: Split) -> Row {
    while true {
      let row =
        switch split {
        case .train, .seen:
          random.pick(4) == 0 ? composed(trainedPairs, split) : single(Family.trained, split)
        case .unseen: single(Family.trained, split)
        case .compositional: composed(keptPairs, split)
        case .family: single(Family.keptFamilies, split)
        }
      if let row, drawn.insert([row.instruction, row.input]).inserted { return row }
    }
  }

  private mutating func single(_ families: [Family], _ split: Split) -> Row? {
    let family = random.element(families)
    let wordings =
      switch split {
      case .unseen: family.unseenWordings
      case .family: family.wordings[...]
      default: family.seenWordings
      }
    let input = Material.random(random.element(family.kinds), &random)
    guard let parameters = family.parameters(input, &random) else { return nil }
    let output = family.rule(input, parameters).text
    return Row(
      instruction: Family.filled(random.element(Array(wordings)), parameters), input: input.text,
      output: output, family: family.name, parts: [], split: split.rawValue)
  }

  private mutating func composed(_ pairs: [(Family, Family)], _ split: Split) -> Row? {
    let (first, second) = random.element(pairs)
    let input = Material.random(.list, &random)
    guard let a = first.parameters(input, &random) else { return nil }
    let between = first.rule(input, a)
    guard let b = second.parameters(between, &random) else { return nil }
    let steps = (Family.filled(first.step!, a), Family.filled(second.step!, b))
    let instruction = random.element([
      "\(steps.0.capitalizedStart), then \(steps.1).",
      "First \(steps.0); then \(steps.1).",
      "\(steps.0.capitalizedStart) and \(steps.1).",
    ])
    return Row(
      instruction: instruction, input: input.text, output: second.rule(between, b).text,
      family: "\(first.name) + \(second.name)", parts: [first.name, second.name],
      split: split.rawValue)
  }
}

extension String {
  fileprivate var capitalizedStart: String { prefix(1).uppercased() + dropFirst() }
}
