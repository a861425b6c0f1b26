import EditorTraining

/// A transformation: a rule, and the ways in which it is asked for.
package struct Family: Sendable {
  package let name: String
  /// What it can be applied to.
  package let kinds: [Material.Kind]
  /// How it is asked for; `{a}` and `{b}` stand for parameters. The last quarter is kept from training.
  package let wordings: [String]
  /// How it is asked for as one of two steps: "write it in capital letters".
  let step: String?
  /// Parameters for an input, or nil where the rule does not apply to it.
  package let parameters: @Sendable (Material, inout SeededGenerator) -> [String]?
  /// What the rule makes of an input.
  package let rule: @Sendable (Material, [String]) -> Material

  init(
    _ name: String, _ kinds: [Material.Kind], step: String? = nil, _ wordings: [String],
    parameters: @escaping @Sendable (Material, inout SeededGenerator) -> [String]? = { _, _ in [] },
    rule: @escaping @Sendable (Material, [String]) -> Material
  ) {
    self.name = name
    self.kinds = kinds
    self.step = step
    self.wordings = wordings
    self.parameters = parameters
    self.rule = rule
  }

  /// A rule from text to text.
  init(
    _ name: String, _ kinds: [Material.Kind], step: String? = nil, _ wordings: [String],
    text: @escaping @Sendable (Material) -> String
  ) {
    self.init(name, kinds, step: step, wordings) { input, _ in Material(.text, text(input)) }
  }

  /// A rule from text to text with a parameter from a list.
  init(
    _ name: String, _ kinds: [Material.Kind], step: String? = nil, _ wordings: [String],
    oneOf choices: [String], text: @escaping @Sendable (Material, String) -> String
  ) {
    self.init(
      name, kinds, step: step, wordings, parameters: { _, random in [random.element(choices)] },
      rule: { input, parameters in Material(.text, text(input, parameters[0])) })
  }

  /// A rule from items to items.
  init(
    _ name: String, _ kinds: [Material.Kind], step: String? = nil, _ wordings: [String],
    items: @escaping @Sendable ([String]) -> [String]
  ) {
    self.init(name, kinds, step: step, wordings) { input, _ in Material(items: items(input.items)) }
  }

  /// Wordings that are trained on.
  var seenWordings: ArraySlice<String> { wordings.dropLast(wordings.count / 4) }

  /// Wordings that are not.
  package var unseenWordings: ArraySlice<String> { wordings.suffix(wordings.count / 4) }

  /// A wording with its parameters in place.
  package static func filled(_ wording: String, _ parameters: [String]) -> String {
    zip(["{a}", "{b}"], parameters).reduce(wording) { $0.replacing($1.0, with: $1.1) }
  }
}

extension Family {
  /// All that are trained on.
  static let trained: [Family] =
    caseFamilies + formatFamilies + wordFamilies + listFamilies + sentenceFamilies + reviewFamilies
    + numberFamilies

  /// All, those that are kept from training whole among them.
  package static let all: [Family] = trained + keptFamilies

  /// What any rule about text can be applied to.
  static let texts: [Material.Kind] = [.word, .list, .sentence, .review, .name]
}
