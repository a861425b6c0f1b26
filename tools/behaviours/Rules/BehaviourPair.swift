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
    let both = [
      second.made(of: answer.saying(one), parameters.1),
      first.made(of: answer.saying(other), parameters.0),
    ]
    return both.lazy.compactMap { $0 }.first { text in
      text != one && text != other && passes(text, answer, parameters)
    }
  }

  private func passes(
    _ text: String, _ answer: PlainAnswer, _ parameters: (String, String)
  ) -> Bool {
    let first = first.passes(
      text, question: answer.question, unedited: answer.text, parameters.0)
    let second = second.passes(
      text, question: answer.question, unedited: answer.text, parameters.1)
    return first.both && second.both
  }

  /// The pair that an instruction asks for and its parameters, or nil where it is none that begins with
  /// `name`.
  package static func asked(
    for instruction: String, beginning name: String
  ) -> (pair: BehaviourPair, parameters: (String, String))? {
    guard let first = Behaviour.made.first(where: { $0.name == name }) else { return nil }
    for (asked, parameter) in first.instructions {
      for joint in joints {
        let start = Self.instruction(asked, "", joint: joint)
        guard instruction.hasPrefix(start) else { continue }
        let rest = String(instruction.dropFirst(start.count))
        for second in Behaviour.made where second.name != name {
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
