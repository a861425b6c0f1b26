import BehaviourRules
import Testing

@Suite struct BehaviourPairTests {
  private static let sky = PlainAnswer(
    question: "Why is the sky blue?",
    sentences: [
      "The sky is blue because air scatters light.", "It has 3 colors, and you can see them.",
    ])

  private func pair(_ first: String, _ second: String) throws -> BehaviourPair {
    BehaviourPair(
      try #require(Behaviour.made.first { $0.name == first }),
      try #require(Behaviour.made.first { $0.name == second }))
  }

  @Test func targetsFollowBothRules() throws {
    let capitals = try pair("bullets", "capitals")
    #expect(
      capitals.made(of: Self.sky, ("", ""))
        == "- THE SKY IS BLUE BECAUSE AIR SCATTERS LIGHT.\n- IT HAS 3 COLORS, AND YOU CAN SEE THEM."
    )
    // The order in which they are asked for is not the order in which they can be done.
    #expect(
      try pair("capitals", "bullets").made(of: Self.sky, ("", ""))
        == capitals.made(of: Self.sky, ("", "")))
    #expect(
      try pair("one sentence", "in brackets").made(of: Self.sky, ("", ""))
        == "(The sky is blue because air scatters light.)")
  }

  @Test func whatContradictsOrAddsNothingIsNoPair() throws {
    #expect(try pair("capitals", "no capitals").made(of: Self.sky, ("", "")) == nil)
    #expect(try pair("no punctuation", "exclamation marks").made(of: Self.sky, ("", "")) == nil)
    #expect(try pair("one sentence", "at most some words").made(of: Self.sky, ("", "15")) == nil)
  }

  @Test func wordingsAreFoundInAnInstruction() throws {
    for joint in BehaviourPair.joints {
      let instruction = BehaviourPair.instruction(
        "ALL CAPS PLEASE", "Start every sentence with Look.", joint: joint)
      #expect(instruction.hasPrefix("ALL CAPS PLEASE."))
    }
    let first = try #require(Behaviour.made.first { $0.name == "capitals" })
    let second = try #require(Behaviour.made.first { $0.name == "at most some words" })
    let wording = second.wordings[0].replacing("{a}", with: second.choices[1])
    for joint in BehaviourPair.joints {
      let asked = try #require(
        BehaviourPair.asked(
          for: BehaviourPair.instruction(first.wordings[0], wording, joint: joint),
          beginning: first))
      #expect(asked.pair.second.name == second.name)
      #expect(asked.parameters == ("", second.choices[1]))
    }
    #expect(BehaviourPair.asked(for: first.wordings[0], beginning: first) == nil)
    #expect(BehaviourPair.asked(for: first.wordings[0] + " " + wording, beginning: second) == nil)
  }

  private static let answers: [ModelAnswer] = Questions.all.prefix(60).map {
    ModelAnswer(
      question: $0, answer: "You can see 3 of them, and the rest is far away. It is not much. ")
  }

  @Test func keptPairsAreInNoRowOfTraining() throws {
    var maker = BehaviourRowMaker(Self.answers, seed: 3)
    var trained: Set<[String]> = []
    var pairs = 0
    for _ in 0..<600 {
      guard let row = maker.next(.train) else { break }
      if !row.parts.isEmpty {
        trained.insert(row.parts.sorted())
        pairs += 1
        #expect(row.family == BehaviourPair.familyPrefix + row.parts[0])
        #expect(Behaviour.keptNames.isDisjoint(with: row.parts))
      }
    }
    #expect((60...300).contains(pairs))
    for _ in 0..<60 {
      let next = maker.next(.pair)
      let row = try #require(next)
      #expect(!trained.contains(row.parts.sorted()))
      let score = try BehaviourScore.of([
        ScoredAnswer(
          instruction: row.instruction, family: row.family, input: row.input, answer: row.output,
          unedited: row.unedited),
        ScoredAnswer(
          instruction: row.instruction, family: row.family, input: row.input,
          answer: row.unedited, unedited: row.unedited),
      ])
      #expect(score.all.rule == 1, "\(row)")
      #expect(score.all.both == 1)
    }
  }

  @Test func otherInstructionsAreRefused() {
    for (family, instruction) in [
      (BehaviourPair.familyPrefix + "capitals", "Say nothing."),
      (BehaviourPair.familyPrefix + "nothing", "ALL CAPS PLEASE. all lowercase please"),
    ] {
      #expect(throws: BehaviourScore.Problem.self) {
        try BehaviourScore.of([
          ScoredAnswer(
            instruction: instruction, family: family, input: "", answer: "", unedited: "")
        ])
      }
    }
  }
}
