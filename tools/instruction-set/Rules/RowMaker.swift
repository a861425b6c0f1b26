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

/// Draws rows, first a family and then the rest, so that families are equally frequent whatever their
/// size. What a split holds is exact:
///
/// - `train`: wordings, families, and families one after the other, that are trained on;
/// - `seen`: the same instructions with inputs that they are not trained with;
/// - `unseen`: families that are trained on, in wordings that are not;
/// - `compositional`: two or three families one after the other, or two of which a condition chooses one,
///   each trained on and so are others of its combinations, this combination not;
/// - `family`: the families of which no row was ever trained on, `Family.keptFamilies`;
/// - `other-family`: the others that are in no row of training, `Family.otherKeptFamilies`.
package struct RowMaker {
  package enum Split: String, CaseIterable {
    case train, seen, unseen, compositional, family
    case otherFamily = "other-family"
  }

  private var random: SeededGenerator
  private let compositions = Compositions()
  /// Wordings of training, as they are before parameters are filled in.
  private let trainedWordings: Set<String>
  /// Instructions with their inputs, of all rows so far: no row comes twice.
  private var drawn: Set<[String]> = []

  /// Equal seeds give equal rows.
  package init(seed: UInt64) {
    random = SeededGenerator(seed, 0x696E_7374_7275_6374)
    trainedWordings = Set(
      Family.trained.flatMap { family in
        family.seenWordings.map(normalizedInstruction)
          + (family.step.map { [normalizedInstruction($0)] } ?? [])
      })
  }

  /// A row of a split that has not been drawn before.
  package mutating func next(_ split: Split) -> Row {
    while true {
      let row: Row? =
        switch split {
        case .train, .seen:
          switch random.pick(20) {
          case 0..<12: single(Family.trained, split)
          case 12..<16: pair(isKept: false, split)
          case 16..<18: triple(isKept: false, split)
          default: conditional(isKept: false, split)
          }
        case .compositional:
          switch random.pick(4) {
          case 0: triple(isKept: true, split)
          case 1: conditional(isKept: true, split)
          default: pair(isKept: true, split)
          }
        case .unseen: single(Family.trained, split)
        case .family: single(Family.keptFamilies, split)
        case .otherFamily: single(Family.otherKeptFamilies, split)
        }
      if let row, drawn.insert([row.instruction, row.input]).inserted { return row }
    }
  }

  private mutating func single(_ families: [Family], _ split: Split) -> Row? {
    let family = random.element(families)
    let input = Material.random(random.element(family.kinds), &random)
    guard let parameters = family.parameters(input, &random),
      let wording = wording(of: family, for: input, split)
    else { return nil }
    return Row(
      instruction: Family.filled(wording, parameters), input: input.text,
      output: family.rule(input, parameters).text, family: family.name, parts: [],
      split: split.rawValue)
  }

  /// One of the family's wordings, or a phrasing around its step in three rows of ten. What another
  /// family is trained with is no new wording.
  private mutating func wording(of family: Family, for input: Material, _ split: Split) -> String? {
    let isTrained = split == .train || split == .seen
    if split != .family, let step = family.step, random.pick(10) < 3 {
      if split == .otherFamily && trainedWordings.contains(normalizedInstruction(step)) {
        return nil
      }
      let phrasings = split == .unseen ? Phrasing.kept : Phrasing.trained
      return Phrasing.filled(random.element(phrasings), ["s": step], noun: input.noun)
    }
    let wordings =
      switch split {
      case .unseen: family.unseenWordings
      case .family, .otherFamily: family.wordings[...]
      default: family.seenWordings
      }
    let wording = random.element(Array(wordings))
    return isTrained || !trainedWordings.contains(normalizedInstruction(wording)) ? wording : nil
  }

  private mutating func pair(isKept: Bool, _ split: Split) -> Row? {
    guard let (first, second) = compositions.pair(isKept: isKept, &random) else { return nil }
    return composed([first, second], random.element(Phrasing.pairs), split)
  }

  private mutating func triple(isKept: Bool, _ split: Split) -> Row? {
    guard let families = compositions.triple(isKept: isKept, &random) else { return nil }
    return composed(families, random.element(Phrasing.triples), split)
  }

  /// One family after the other, each on what the one before gives.
  private mutating func composed(_ families: [Family], _ phrasing: String, _ split: Split) -> Row? {
    let input = Material.random(random.element(families[0].kinds), &random)
    var material = input
    var steps: [Character: String] = [:]
    for (name, family) in zip("abc" as String, families) {
      guard family.name == families[0].name || Compositions.takes(family, material),
        let parameters = family.parameters(material, &random)
      else { return nil }
      steps[name] = Family.filled(family.step!, parameters)
      material = family.rule(material, parameters)
    }
    guard material.text.count <= Compositions.longest else { return nil }
    return Row(
      instruction: Phrasing.filled(phrasing, steps), input: input.text, output: material.text,
      family: families.map(\.name).joined(separator: " + "), parts: families.map(\.name),
      split: split.rawValue)
  }

  private mutating func conditional(isKept: Bool, _ split: Split) -> Row? {
    let (condition, first, second) = compositions.condition(isKept: isKept, &random)
    let input = Material.random(random.element(condition.kinds), &random)
    guard let a = first.parameters(input, &random), let b = second.parameters(input, &random) else {
      return nil
    }
    let output = condition.holds(input) ? first.rule(input, a) : second.rule(input, b)
    return Row(
      instruction: Phrasing.filled(
        random.element(Phrasing.conditions),
        [
          "a": Family.filled(first.step!, a), "b": Family.filled(second.step!, b),
          "p": condition.phrase,
        ]), input: input.text, output: output.text,
      family: "if \(condition.name): \(first.name), else \(second.name)",
      parts: ["if \(condition.name)", first.name, second.name], split: split.rawValue)
  }
}
