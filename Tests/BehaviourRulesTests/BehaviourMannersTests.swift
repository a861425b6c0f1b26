import BehaviourRules
import Testing

/// Personas, frames and phrases.
@Suite struct BehaviourMannersTests {
  private static let manners = Behaviour.personas + Behaviour.frames + Behaviour.phrases
  private static let sky = PlainAnswer(
    question: "Why is the sky blue?",
    sentences: [
      "The sky is blue because air scatters light.", "It has 3 colors, and you can see them.",
    ])
  private static let answers = [
    sky,
    PlainAnswer(
      question: "How do I make tea?",
      sentences: [
        "Making tea is easy.", "Boil the water and add the leaves.", "What is a good tea?",
        "However, a pot and a cup will do.",
      ]),
    PlainAnswer(
      question: "Tell me about Rome.",
      sentences: ["Rome is the capital of Italy!", "It lies on the river Tiber and is very old."]),
  ]

  private func made(_ name: String, _ parameter: String = "") throws -> String? {
    try #require(Self.manners.first { $0.name == name }).made(of: Self.sky, parameter)
  }

  @Test func targetsAreWhatOneExpects() throws {
    let first = "The sky is blue because air scatters light."
    let second = "It has 3 colors, and you can see them."
    let both = "\(first) \(second)"
    #expect(try made("robot") == "BEEP. \(both) BOOP.")
    #expect(try made("cowboy") == "Howdy, partner! \(both) Yeehaw!")
    #expect(
      try made("story") == "Once upon a time somebody asked: Why is the sky blue? \(both) The end.")
    #expect(try made("compliment") == "What a smart question! \(both)")
    #expect(try made("disclaimer") == "\(both) This is no professional advice.")
    #expect(
      try made("rumour")
        == "Rumour has it: the sky is blue because air scatters light. Rumour has it: it has 3 colors, and you can see them."
    )
    #expect(try made("postscript") == "\(both)\nPS: \(first)")
    #expect(try made("moral") == "\(both) The moral: it has 3 colors, and you can see them.")
    #expect(try made("mood", "in love") == "I am so in love today. \(both)")
    #expect(try made("place", "the Moon") == "Greetings from the Moon! \(both)")
    #expect(try made("text face", "winking") == "\(both) ;-)")
    #expect(try made("after the first sentence", "Wow!") == "\(first) Wow! \(second)")
    #expect(try made("line between", "Act two") == "\(first)\nAct two\n\(second)")
    #expect(
      try made("second sentence begins", "Besides")
        == "\(first) Besides, it has 3 colors, and you can see them.")
    #expect(
      try made("before the last sentence", "To close:")
        == "\(first) To close: it has 3 colors, and you can see them.")
    #expect(
      try made("the replaced", "ze") == "Ze sky is blue because air scatters light. \(second)")
    #expect(try made("and replaced", "&") == "\(first) It has 3 colors, & you can see them.")
    #expect(
      try made("is replaced", "seems to be")
        == "The sky seems to be blue because air scatters light. \(second)")
    #expect(
      try made("addressed last", "my lord")
        == "\(first) It has 3 colors, and you can see them, my lord.")
    #expect(
      try made("filler", "um")
        == "The, um, sky is blue because air scatters light. It, um, has 3 colors, and you can see them."
    )
    #expect(
      try made("tag question", "eh")
        == "The sky is blue because air scatters light, eh? It has 3 colors, and you can see them, eh?"
    )
    #expect(try made("countdown", "4") == "4, 3, 2, 1: \(both)")
    #expect(try made("greeting in a language", "Chinese") == "Ni hao! \(both)")
  }

  /// With every parameter each kind makes a target of most answers, which another parameter's check refuses
  /// as it does the unedited answer.
  @Test func targetsPassTheirOwnChecksAlone() {
    #expect(Self.manners.count >= 50)
    for behaviour in Self.manners {
      let choices = behaviour.choices.isEmpty ? [""] : behaviour.choices
      for (index, choice) in choices.enumerated() {
        let targets = Self.answers.compactMap { plain in
          behaviour.made(of: plain, choice).map { (plain, $0) }
        }
        #expect(targets.count >= 2, "\(behaviour.name) \(choice)")
        for (plain, target) in targets {
          func follows(_ answer: String, _ parameter: String) -> Bool {
            behaviour.passes(
              answer, question: plain.question, unedited: plain.text, parameter
            ).rule
          }
          #expect(follows(target, choice) && !follows(plain.text, choice), "\(target)")
          let other = choices[(index + 1) % choices.count]
          #expect(choices.count == 1 || !follows(target, other), "\(target), \(other)")
        }
      }
    }
  }

  /// What is said around a target is none of what is measured with under another name.
  @Test func noneIsOfAKindThatIsKept() {
    // No commas and two sentences can be told of answers that nothing was done to.
    let kept = Behaviour.early.filter {
      Behaviour.keptNames.contains($0.name) && !["no commas", "two sentences"].contains($0.name)
    }
    #expect(kept.count == 7)
    for behaviour in Self.manners {
      for choice in behaviour.choices.isEmpty ? [""] : behaviour.choices {
        guard let target = behaviour.made(of: Self.sky, choice) else { continue }
        for other in kept {
          for parameter in other.choices.isEmpty ? [""] : other.choices {
            #expect(
              !other.passes(
                target, question: Self.sky.question, unedited: Self.sky.text, parameter
              ).rule, "\(other.name): \(target)")
          }
        }
      }
    }
  }

  /// No instruction asks for two kinds.
  @Test func wordingsAreOfOneKind() {
    var owners: [String: String] = [:]
    for behaviour in Behaviour.all
    where !Self.manners.contains(where: { $0.name == behaviour.name }) {
      for wording in behaviour.wordings + behaviour.trainingWordings {
        owners[wording.lowercased()] = behaviour.name
      }
    }
    for behaviour in Self.manners {
      for wording in behaviour.wordings + behaviour.trainingWordings {
        let owner = owners.updateValue(behaviour.name, forKey: wording.lowercased())
        #expect(owner == nil || owner == behaviour.name, "\(wording): \(owner ?? "")")
      }
    }
  }
}
