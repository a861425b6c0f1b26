import EditorTraining

/// Families with their wordings as text: one wording after the other, separated by ` | ` or line breaks.
extension Family {
  typealias Rule = @Sendable (Material) -> String
  typealias Choice = @Sendable (Material, inout SeededGenerator) -> [String]?

  /// A rule from text to text.
  static func text(
    _ name: String, _ kinds: [Material.Kind], _ step: String, _ wordings: String,
    _ rule: @escaping Rule
  ) -> Family {
    Family(
      name, kinds, step: step, separated(wordings), parameters: { _, _ in [] },
      rule: { input, _ in Material(.text, rule(input)) })
  }

  /// Copies a part of the input, or gives what the tables say of it.
  static func part(
    _ name: String, _ kinds: [Material.Kind], _ field: String, _ step: String, _ wordings: String
  ) -> Family {
    text(name, kinds, step, wordings) { $0[field] }
  }

  /// A rule with a parameter from a list.
  static func choice(
    _ name: String, _ kinds: [Material.Kind], _ step: String, oneOf choices: [String],
    _ wordings: String, _ rule: @escaping @Sendable (Material, String) -> String
  ) -> Family {
    Family(
      name, kinds, step: step, separated(wordings),
      parameters: { _, random in [random.element(choices)] },
      rule: { input, parameters in Material(.text, rule(input, parameters[0])) })
  }

  /// A rule whose parameters depend on the input; none where it does not apply.
  static func found(
    _ name: String, _ kinds: [Material.Kind], _ step: String, _ wordings: String,
    _ parameters: @escaping Choice, rule: @escaping @Sendable (Material, [String]) -> String
  ) -> Family {
    Family(
      name, kinds, step: step, separated(wordings), parameters: parameters,
      rule: { input, parameters in Material(.text, rule(input, parameters)) })
  }

  /// A rule from items to items.
  static func kept(
    _ name: String, _ step: String, _ wordings: String,
    _ rule: @escaping @Sendable ([String]) -> [String]
  ) -> Family {
    Family(
      name, [.list], step: step, separated(wordings), parameters: { _, _ in [] },
      rule: { input, _ in Material(items: rule(input.items)) })
  }

  /// A rule from numbers to numbers; where none would be left it does not apply.
  static func numbers(
    _ name: String, _ step: String, _ wordings: String,
    _ rule: @escaping @Sendable ([Int]) -> [Int]
  ) -> Family {
    Family(
      name, [.numberList], step: step, separated(wordings),
      parameters: { input, _ in rule(input.items.map { Int($0)! }).isEmpty ? nil : [] },
      rule: { input, _ in
        Material(
          .text, rule(input.items.map { Int($0)! }).map(String.init).joined(separator: ", "))
      })
  }

  /// The wordings of a text.
  static func separated(_ wordings: String) -> [String] {
    wordings.split(separator: "\n").flatMap { $0.split(separator: " | ") }.map(String.init)
  }
}
