/// An answer to be scored: what a trained editor, the prompted or the unedited model said.
package struct ScoredAnswer: Codable, Sendable {
  package var instruction: String
  package var family: String
  package var input: String
  package var answer: String
  package var unedited: String

  package init(
    instruction: String, family: String, input: String, answer: String, unedited: String
  ) {
    self.instruction = instruction
    self.family = family
    self.input = input
    self.answer = answer
    self.unedited = unedited
  }
}

/// How many answers pass their rule, still answer the question, and both.
package struct BehaviourScore: Codable, Equatable, Sendable {
  package var answers = 0
  package var rule = 0
  package var content = 0
  package var both = 0

  package init() {}

  mutating func count(_ verdict: (rule: Bool, content: Bool, both: Bool)) {
    answers += 1
    if verdict.rule { rule += 1 }
    if verdict.content { content += 1 }
    if verdict.both { both += 1 }
  }

  /// What is wrong with answers that cannot be scored.
  package enum Problem: Error, CustomStringConvertible {
    case family(String)
    case instruction(String, family: String)

    package var description: String {
      switch self {
      case .family(let name):
        "family \"\(name)\" is no behaviour; there are: "
          + Behaviour.all.map { "behaviour.\($0.name)" }.joined(separator: ", ")
      case .instruction(let text, let family):
        "instruction \"\(text)\" is no wording of \(family); use one of the rows' instructions"
      }
    }
  }

  /// Scores by family, and of all.
  package static func of(
    _ answers: [ScoredAnswer]
  ) throws(Problem) -> (all: BehaviourScore, families: [String: BehaviourScore]) {
    var all = BehaviourScore()
    var families: [String: BehaviourScore] = [:]
    for answer in answers {
      let verdict = try verdict(of: answer)
      all.count(verdict)
      families[answer.family, default: BehaviourScore()].count(verdict)
    }
    return (all, families)
  }

  private static func verdict(
    of answer: ScoredAnswer
  ) throws(Problem) -> (rule: Bool, content: Bool, both: Bool) {
    if let first = Behaviour.made.first(where: {
      BehaviourPair.familyPrefix + $0.name == answer.family
    }) {
      guard let asked = BehaviourPair.asked(for: answer.instruction, beginning: first) else {
        throw .instruction(answer.instruction, family: answer.family)
      }
      return asked.pair.passes(
        answer.answer, question: answer.input, unedited: answer.unedited, asked.parameters)
    }
    guard
      let behaviour = Behaviour.all.first(where: { "behaviour.\($0.name)" == answer.family })
    else { throw .family(answer.family) }
    guard let parameter = behaviour.parameter(of: answer.instruction) else {
      throw .instruction(answer.instruction, family: answer.family)
    }
    return behaviour.passes(
      answer.answer, question: answer.input, unedited: answer.unedited, parameter)
  }
}
