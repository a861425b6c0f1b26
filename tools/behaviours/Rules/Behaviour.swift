import EditorTraining

/// An answer that the model gave unedited, cut into the sentences that are used.
package struct PlainAnswer: Sendable {
  package let question: String
  package let sentences: [String]
  package var text: String { sentences.joined(separator: " ") }

  package init(question: String, sentences: [String]) {
    self.question = question
    self.sentences = sentences
  }

  /// Nil where the answer has no sentence that is of use.
  package init?(question: String, answer: String) {
    let sentences = Sentences.usable(answer)
    guard !sentences.isEmpty else { return nil }
    self.init(question: question, sentences: sentences)
  }
}

/// A way of answering: how it is asked for, what it makes of an unedited answer, and whether an answer
/// is of it. The target of a row always passes the check.
package struct Behaviour: Sendable {
  package let name: String
  /// `{a}` stands for the parameter. The last quarter is kept from training.
  package let wordings: [String]
  /// More to train on, none of them kept.
  package let trainingWordings: [String]
  /// What `{a}` can be; empty where there is no parameter.
  package let choices: [String]
  /// The words of the question are in the answer: not so in another language, or where letters are exchanged
  /// or words run together.
  package let keepsWords: Bool
  /// The answer as it should be, or nil where the rule does not apply to it.
  let target: @Sendable (PlainAnswer, String) -> String?
  /// Whether an answer to the question follows the rule.
  let follows: @Sendable (_ answer: String, _ question: String, _ parameter: String) -> Bool

  init(
    _ name: String, _ wordings: String, choices: [String] = [], keepsWords: Bool = true,
    target: @escaping @Sendable (PlainAnswer, String) -> String?,
    follows: @escaping @Sendable (String, String, String) -> Bool
  ) {
    self.name = name
    self.wordings = Behaviour.parted(wordings)
    trainingWordings = Behaviour.parted(TrainingWordings.of(name))
    self.choices = choices
    self.keepsWords = keepsWords
    self.target = target
    self.follows = follows
  }

  package var seenWordings: [String] {
    wordings.dropLast(wordings.count / 4) + trainingWordings
  }
  package var unseenWordings: ArraySlice<String> { wordings.suffix(wordings.count / 4) }

  /// Wordings, one a line or several with ` | ` between them.
  static func parted(_ text: String) -> [String] {
    text.split(separator: "\n").flatMap { $0.split(separator: " | ") }.map(String.init)
  }

  /// Wordings beside those of `Behaviour.all`, thirty for each of the first kinds. They were written from the
  /// rules and the wordings that are trained on, without a look at those that are kept; four that were equal
  /// to one of them, marks and capitals apart, were taken out. The kinds that came later have a dozen or
  /// more, by the author of the others.
  enum TrainingWordings {
    static func of(_ name: String) -> String {
      if Languages.names.contains(name) { return languages.replacing("{name}", with: name) }
      let all = [
        letters, layouts, manners, first, words, marks, shapes, formats, personas, frames, phrases,
      ]
      return all.lazy.compactMap { $0[name] }.first ?? ""
    }
  }

  /// The target with a parameter, or nil where the rule does not apply or its own check refuses what it
  /// makes, as where a sentence has a form that the rule does not expect.
  package func made(of answer: PlainAnswer, _ parameter: String = "") -> String? {
    guard let made = target(answer, parameter), made.count <= 320,
      passes(made, question: answer.question, unedited: answer.text, parameter).both
    else { return nil }
    return made
  }

  /// Whether an answer follows the rule, and whether it still answers the question.
  package func passes(
    _ answer: String, question: String, unedited: String, _ parameter: String = ""
  ) -> (rule: Bool, content: Bool, both: Bool) {
    let trimmed = answer.trimmingSpace
    let rule = !trimmed.isEmpty && follows(trimmed, question, parameter)
    let content =
      !keepsWords
      || Sentences.keepsContent(trimmed, question: question, unedited: unedited)
    return (rule, content, rule && content)
  }

  /// Whether nothing is trained on it.
  package var isKept: Bool { Self.keptNames.contains(name) }

  /// The parameter that an instruction has filled in, or nil where it is none of this behaviour's.
  package func parameter(of instruction: String) -> String? {
    for wording in wordings + trainingWordings {
      if choices.isEmpty {
        if wording == instruction { return "" }
        continue
      }
      let start = wording.prefix { $0 != "{" }
      guard instruction.hasPrefix(start) else { continue }
      let rest = instruction.dropFirst(start.count)
      if let choice = choices.first(where: {
        rest.hasPrefix($0) && wording.replacing("{a}", with: $0) == instruction
      }) {
        return choice
      }
    }
    return nil
  }
}

extension String {
  var trimmingSpace: String {
    var text = self[...]
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text.drop(while: \.isWhitespace))
  }

  /// Letters there are, and none that `isWrong`.
  func letters(without isWrong: (Character) -> Bool) -> Bool {
    contains(where: \.isLetter) && !contains { $0.isLetter && isWrong($0) }
  }

  var linesWithText: [String] {
    split(separator: "\n").map(String.init).filter { !$0.trimmingSpace.isEmpty }
  }
}
