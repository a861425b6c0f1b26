/// Poems that were written for this: a model of 135 M parameters that is asked for a haiku writes few.
package enum Poems {
  private static let questions = [
    "Tell me about the {}.", "Describe the {}.", "What is the {} like?", "Write about the {}.",
    "Why do we love the {}?",
  ]

  /// Questions about the subjects with their poems; none where the behaviour is no poem. No question is one of
  /// `Questions.all`, so that none is kept.
  package static func answers(to behaviour: String) -> [PlainAnswer] {
    let poems =
      switch behaviour {
      case "haiku": haikus
      case "rhyme": couplets
      default: [(subject: String, poem: String)]()
      }
    let known = Set(Questions.all)
    return poems.flatMap { subject, poem in
      questions.map { $0.replacing("{}", with: subject) }.filter { !known.contains($0) }
        .map { PlainAnswer(question: $0, sentences: [poem]) }
    }
  }

  /// `subject: line / line`, one poem a line.
  static func lines(_ text: String) -> [(subject: String, poem: String)] {
    text.split(separator: "\n").map { line in
      let (subject, poem) = line.splitOnce(": ")
      return (subject, poem.replacing(" / ", with: "\n"))
    }
  }
}

extension Substring {
  /// What stands before the first separator, and after it; there must be one.
  fileprivate func splitOnce(_ separator: String) -> (String, String) {
    let range = firstRange(of: separator)!
    return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
  }
}
