/// Two behaviours that are asked for at once, as people do: "Answer in all capital letters. End with a question."
package struct BehaviourPair: Sendable {
  package let first: Behaviour
  package let second: Behaviour

  package init(_ first: Behaviour, _ second: Behaviour) {
    self.first = first
    self.second = second
  }

  /// What the family of a pair's rows begins with; the name of its first behaviour follows.
  package static let familyPrefix = "behaviours together."

  /// What stands between two wordings. A wording that ends without a mark gets a full stop where the next
  /// one begins with a capital.
  package static let joints = [" ", " Also: ", " And one more thing: ", "\n"]

  /// Whether nothing is trained on the pair: one in eight, by its names in either order.
  package var isKept: Bool {
    let names = [first.name, second.name].sorted().joined(separator: "+")
    return names.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % 8 == 0
  }

  /// The instruction of two wordings, their parameters filled in.
  package static func instruction(_ first: String, _ second: String, joint: String) -> String {
    (first.last.map { ".!?".contains($0) } ?? true ? first : first + ".") + joint + second
  }

  /// The answer that follows both rules, or nil where none does: the one's target is made a target of the
  /// other, in either order. Where the other changes nothing more, it is no pair.
  package func made(of answer: PlainAnswer, _ parameters: (String, String)) -> String? {
    guard let one = first.made(of: answer, parameters.0),
      let other = second.made(of: answer, parameters.1)
    else { return nil }
    func isOfBoth(_ text: String) -> Bool {
      text != one && text != other
        && passes(text, question: answer.question, unedited: answer.text, parameters).both
    }
    if let text = second.made(of: answer.saying(one), parameters.1), isOfBoth(text) { return text }
    return first.made(of: answer.saying(other), parameters.0).flatMap { isOfBoth($0) ? $0 : nil }
  }

  /// Whether an answer follows both rules, and whether it still answers the question by both.
  package func passes(
    _ answer: String, question: String, unedited: String, _ parameters: (String, String)
  ) -> (rule: Bool, content: Bool, both: Bool) {
    let one = first.passes(answer, question: question, unedited: unedited, parameters.0)
    let other = second.passes(answer, question: question, unedited: unedited, parameters.1)
    return (one.rule && other.rule, one.content && other.content, one.both && other.both)
  }

  /// The pair that an instruction asks for and its parameters, or nil where it is none that begins with
  /// `first`.
  package static func asked(
    for instruction: String, beginning first: Behaviour
  ) -> (pair: BehaviourPair, parameters: (String, String))? {
    for (asked, parameter) in first.instructions {
      for joint in joints {
        let start = Self.instruction(asked, "", joint: joint)
        guard instruction.hasPrefix(start) else { continue }
        let rest = String(instruction.dropFirst(start.count))
        for second in Behaviour.made where second.name != first.name {
          if let other = second.parameter(of: rest) {
            return (BehaviourPair(first, second), (parameter, other))
          }
        }
      }
    }
    return nil
  }
}

extension PlainAnswer {
  /// The same question with another answer. Lines stay together; else its sentences are told apart again.
  fileprivate func saying(_ text: String) -> PlainAnswer {
    let (whole, rest) = Sentences.of(text)
    let isPlain = rest.isEmpty && !text.contains("\n")
    return PlainAnswer(question: question, sentences: isPlain ? whole : [text])
  }
}

extension Behaviour {
  /// All instructions of this behaviour alone, each with its parameter.
  fileprivate var instructions: [(text: String, parameter: String)] {
    (wordings + trainingWordings).flatMap { wording in
      (choices.isEmpty ? [""] : choices).map { (wording.replacing("{a}", with: $0), $0) }
    }
  }
}
