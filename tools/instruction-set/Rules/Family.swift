import EditorTraining

/// A transformation: a rule, and the ways in which it is asked for.
package struct Family: Sendable {
  package let name: String
  /// What it can be applied to.
  package let kinds: [Material.Kind]
  /// How it is asked for; `{a}` and `{b}` stand for parameters. The last quarter is kept from training.
  package let wordings: [String]
  /// How it is asked for within a sentence, as a step or after "please": "write it in capital letters".
  package let step: String?
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
  static let trained: [Family] = tasks.filter { !keptNames.contains($0.name) }

  /// Kept from training whole, and drawn by seed: `SeededGenerator(18)` shuffled the names, sorted, of
  /// what the set had grown by, and these were the first.
  package static let otherKeptFamilies: [Family] = tasks.filter { keptNames.contains($0.name) }

  package static let keptNames: Set<String> = [
    "html comment",
    "initials",
    "last sentence dropped",
    "hour only",
    "salutation",
    "plural object",
    "spaces mended",
    "how many numbers",
    "date with slashes",
    "lowest",
    "letter replaced",
    "modal verb",
    "bold as html",
    "repeated item",
    "addressed request",
    "house number",
    "currency code",
    "plain text",
    "number sign",
    "json key dropped",
    "value set",
    "names in capitals",
    "month of a date",
    "above a bound",
  ]

  /// All but `keptFamilies`.
  package static let tasks: [Family] = earlier + later

  /// What the set had before it grew.
  private static let earlier: [Family] =
    caseFamilies + formatFamilies + wordFamilies + listFamilies + sentenceFamilies + reviewFamilies
    + numberFamilies

  /// What it grew by.
  package static let later: [Family] = [
    tenseFamilies, habitFamilies, clauseFamilies, requestFamilies, speechFamilies, variantFamilies,
    remarkFamilies, recordFamilies, jsonFamilies, csvFamilies, dateFamilies, measureFamilies,
    peopleFamilies, identifierFamilies, codeFamilies, listFormatFamilies, selectionFamilies,
    numberListFamilies, numeralFamilies, paragraphFamilies, markupFamilies, formFamilies,
    factFamilies, letterFamilies,
  ].flatMap { $0 }

  /// All, those that are kept from training whole among them.
  package static let all: [Family] = tasks + keptFamilies

  /// What any rule about text can be applied to.
  static let texts: [Material.Kind] = [
    .word, .list, .sentence, .review, .name, .habit, .request, .remark,
  ]

  /// What the families of the split `family` have always been applied to.
  static let earlierTexts: [Material.Kind] = [.word, .list, .sentence, .review, .name]
}
