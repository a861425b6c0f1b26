import EditorTraining

/// Which families can follow which, and which of these combinations are kept from training. A fifth is
/// kept, whatever the seed; of each family others are trained on, in every place.
struct Compositions {
  /// Families with a step, and by the number of each, those that can follow it.
  private let steps: [Family]
  private let trained: [[Int]]
  private let kept: [[Int]]
  private let firstsOfTrained: [Int]
  private let firstsOfKept: [Int]
  /// What a condition chooses from: rules for any text, and none.
  private let branches: [Family]

  /// Characters of the longest result of a composition.
  static let longest = 200

  /// Code with a text in it is no text.
  private static let last: Set<String> = [
    "text as a comment", "html comment", "variable with the text", "printed", "shell echo",
    "letter",
    "json", "html",
  ]

  init() {
    let steps = Family.trained.filter { $0.step != nil }
    let results = steps.map(Self.results)
    var trained: [[Int]] = []
    var kept: [[Int]] = []
    for (i, first) in steps.enumerated() {
      var seconds: ([Int], [Int]) = ([], [])
      if !Self.last.contains(first.name), !results[i].isEmpty {
        for (j, second) in steps.enumerated()
        where i != j && results[i].contains(where: { Self.takes(second, $0) }) {
          if (i + 3 * j) % 5 == 0 { seconds.1.append(j) } else { seconds.0.append(j) }
        }
      }
      trained.append(seconds.0)
      kept.append(seconds.1)
    }
    self.steps = steps
    self.trained = trained
    self.kept = kept
    firstsOfTrained = steps.indices.filter { !trained[$0].isEmpty }
    firstsOfKept = steps.indices.filter { !kept[$0].isEmpty }
    branches =
      steps.filter { $0.kinds == Family.texts }
      + [.text("unchanged", Family.texts, "leave it as it is", "Leave it as it is.") { $0.text }]
  }

  /// The kinds of what the rule gives for some inputs, without what nothing should follow.
  private static func results(_ family: Family) -> Set<Material.Kind> {
    var random = SeededGenerator(0)
    return Set(
      (0..<20).compactMap { _ -> Material.Kind? in
        let input = Material.random(random.element(family.kinds), &random)
        guard input.text.count <= longest, !input.text.contains("\n"),
          let parameters = family.parameters(input, &random)
        else { return nil }
        let result = family.rule(input, parameters)
        return isOpen(result) ? result.kind : nil
      })
  }

  /// Whether another rule can go on from a result: a line without quotation marks, not too long. Rules for
  /// lists are for three items or more, as lists of the set have them.
  private static func isOpen(_ material: Material) -> Bool {
    !material.text.contains { "\n\"\\".contains($0) } && material.text.count <= longest
      && (material.kind != .list || material.items.count >= 3)
  }

  /// Any text is enough for the rules about texts.
  private static func takes(_ family: Family, _ kind: Material.Kind) -> Bool {
    family.kinds.contains(kind) || kind == .text && family.kinds == Family.texts
  }

  /// Whether a family can go on from what another one gave.
  static func takes(_ family: Family, _ material: Material) -> Bool {
    isOpen(material) && takes(family, material.kind)
  }

  func pair(isKept: Bool, _ random: inout SeededGenerator) -> (Family, Family)? {
    let first = random.element(isKept ? firstsOfKept : firstsOfTrained)
    let second = random.element(isKept ? kept[first] : trained[first])
    return (steps[first], steps[second])
  }

  /// Three of which neighbours are trained on as pairs.
  func triple(isKept: Bool, _ random: inout SeededGenerator) -> [Family]? {
    let first = random.element(firstsOfTrained)
    let second = random.element(trained[first])
    guard !trained[second].isEmpty else { return nil }
    let third = random.element(trained[second])
    guard third != first, ((first + 2 * second + 3 * third) % 5 == 0) == isKept else { return nil }
    return [steps[first], steps[second], steps[third]]
  }

  func condition(isKept: Bool, _ random: inout SeededGenerator) -> (Condition, Family, Family) {
    while true {
      let condition = random.pick(Condition.all.count)
      let first = random.pick(branches.count)
      let second = random.pick(branches.count)
      if first != second, ((condition + first + 2 * second) % 5 == 0) == isKept {
        return (Condition.all[condition], branches[first], branches[second])
      }
    }
  }
}
