import BehaviourRules
import EditorTraining
import Testing

@Suite struct BehaviourRulesTests {
  private static let sky = PlainAnswer(
    question: "Why is the sky blue?",
    sentences: [
      "The sky is blue because air scatters light.", "It has 3 colors, and you can see them.",
    ])

  private func behaviour(_ name: String) throws -> Behaviour {
    try #require(Behaviour.all.first { $0.name == name })
  }

  private func made(_ name: String, _ parameter: String = "") throws -> String? {
    try behaviour(name).made(of: Self.sky, parameter)
  }

  @Test func targetsAreWhatOneExpects() throws {
    let first = "The sky is blue because air scatters light."
    let second = "It has 3 colors, and you can see them."
    #expect(
      try made("capitals")
        == "THE SKY IS BLUE BECAUSE AIR SCATTERS LIGHT. IT HAS 3 COLORS, AND YOU CAN SEE THEM.")
    #expect(try made("one sentence") == first)
    #expect(try made("at most some words", "15") == first)
    #expect(try made("first words", "five") == "The sky is blue because...")
    #expect(try made("last sentence first") == "\(second) \(first)")
    #expect(try made("word count") == first + " (8 words)")
    #expect(try made("bullets") == "- \(first)\n- \(second)")
    #expect(try made("numbered") == "1. \(first)\n2. \(second)")
    #expect(try made("json", "text") == "{\"text\": \"\(first) \(second)\"}")
    #expect(try made("question first") == "Why is the sky blue?\n\(first) \(second)")
    #expect(try made("title") == "Sky Blue\n\(first) \(second)")
    #expect(
      try made("each sentence begins", "Look")
        == "Look, the sky is blue because air scatters light. Look, it has 3 colors, and you can see them."
    )
    #expect(
      try made("no articles")
        == "Sky is blue because air scatters light. It has 3 colors, and you can see them.")
    #expect(
      try made("no digits")
        == "The sky is blue because air scatters light. It has three colors, and you can see them.")
    #expect(
      try made("third person")
        == "The sky is blue because air scatters light. It has 3 colors, and one can see them.")
    #expect(
      try made("subject in capitals")
        == "The SKY is BLUE because air scatters light. It has 3 colors, and you can see them.")
    #expect(try made("hashtag") == first + " #blue")
    #expect(try made("hyphenated") == "The-sky-is-blue-because-air-scatters-light.")
    #expect(try made("contractions") == nil)
  }

  /// Every rule refuses what was not changed: no check passes everything.
  @Test func checksRefuseTheUneditedAnswer() throws {
    let unedited = "You can see that the sky, which is a dome, is blue. It is 3 km high. That's why"
    for behaviour in Behaviour.all {
      let parameter = behaviour.choices.first ?? ""
      #expect(
        !behaviour.passes(
          unedited, question: Self.sky.question, unedited: Self.sky.text, parameter
        ).rule, "\(behaviour.name)")
      #expect(
        !behaviour.passes("", question: Self.sky.question, unedited: Self.sky.text, parameter).rule)
    }
  }

  @Test func contentIsAskedFor() throws {
    let capitals = try behaviour("capitals")
    let verdict = capitals.passes(
      "BANANAS!", question: Self.sky.question, unedited: Self.sky.text)
    #expect(verdict.rule && !verdict.content && !verdict.both)
    #expect(
      capitals.passes("IT IS THE SKY!", question: Self.sky.question, unedited: Self.sky.text).both)
  }

  @Test func wordingsAreManyAndTheirParametersAreFound() throws {
    #expect(Behaviour.made.count >= 40)
    #expect(Set(Behaviour.all.map(\.name)).count == Behaviour.all.count)
    for behaviour in Behaviour.all {
      #expect(behaviour.wordings.count >= 12, "\(behaviour.name): \(behaviour.wordings.count)")
      #expect(Set(behaviour.wordings).count == behaviour.wordings.count, "\(behaviour.name)")
      let isEarly = Behaviour.early.contains { $0.name == behaviour.name }
      let training = behaviour.trainingWordings
      #expect(Set(training + behaviour.wordings).count == training.count + behaviour.wordings.count)
      let isKept = Behaviour.keptNames.contains(behaviour.name)
      let isLateToTrain = Behaviour.triedFirst.contains(behaviour.name)
      let least = isEarly ? (isKept ? 0 : isLateToTrain ? 25 : 29) : 12
      #expect(training.count >= least, "\(behaviour.name)")
      for wording in behaviour.wordings + training {
        #expect(wording.contains("{a}") == !behaviour.choices.isEmpty, "\(wording)")
        for choice in behaviour.choices.isEmpty ? [""] : behaviour.choices {
          let instruction = wording.replacing("{a}", with: choice)
          #expect(behaviour.parameter(of: instruction) == choice, "\(instruction)")
        }
      }
    }
    #expect(try behaviour("capitals").parameter(of: "Say nothing.") == nil)
  }

  @Test func thoseAreKeptThatWereDrawn() {
    func drawn(_ behaviours: [Behaviour], seed: UInt64, count: Int) -> Set<String> {
      var names = behaviours.map(\.name).filter { !Behaviour.shown.contains($0) }.sorted()
      var random = SeededGenerator(seed)
      random.shuffle(&names)
      return Set(names.prefix(count))
    }
    let early = Set(Behaviour.early.map(\.name))
    let later = Behaviour.all.filter { !early.contains($0.name) }
    #expect(
      Behaviour.keptNames
        == drawn(Behaviour.early, seed: 18, count: 15).subtracting(Behaviour.triedFirst)
        .union(drawn(later, seed: 30, count: 11)))
    #expect(Behaviour.keptNames.count == 20)
  }

  @Test func languagesRhymesAndHaikus() throws {
    func follows(_ name: String, _ answer: String) throws -> Bool {
      try behaviour(name).passes(answer, question: "", unedited: "").rule
    }
    let french = "Le ciel est bleu parce que la lumière du soleil est dispersée par les molécules."
    #expect(
      try follows("French", french) && !follows("Spanish", french) && !follows("Italian", french))
    let spanish = "El cielo es azul porque la luz del sol se dispersa en el aire."
    #expect(try follows("Spanish", spanish) && !follows("French", spanish))
    let german = "Der Himmel ist blau, weil das Licht in der Luft gestreut wird."
    #expect(try follows("German", german))
    #expect(try !follows("German", "The sky is blue because of the air in it."))
    #expect(try follows("rhyme", "The sky is blue,\nso is it true?"))
    #expect(try follows("rhyme", "I see the light\nof stars at night."))
    #expect(try !follows("rhyme", "The sky is blue,\nthe grass is green."))
    #expect(
      try follows("haiku", "Blue sky over us\nlight that the air has scattered\nnobody looks up"))
    #expect(try !follows("haiku", "Blue sky over us"))
  }

  @Test func poemsPassTheirRules() throws {
    for (name, least) in [("haiku", 740), ("rhyme", 440)] {
      let answers = Poems.answers(to: name)
      let behaviour = try behaviour(name)
      let made = answers.filter { behaviour.made(of: $0) != nil }
      #expect(made.count >= least, "\(name): \(made.count) of \(answers.count)")
      #expect(Set(answers.map(\.question)).isDisjoint(with: Questions.all))
    }
    #expect(Poems.answers(to: "capitals").isEmpty)
  }

  @Test func sentencesAreCutWhereTheyEnd() {
    let (whole, rest) = Sentences.of(
      "Dr. Miller met J. Smith in 1990. He paid 3.5 dollars! \"Why?\" Nobody knows")
    #expect(
      whole == ["Dr. Miller met J. Smith in 1990.", "He paid 3.5 dollars!", "\"Why?\""])
    #expect(rest == "Nobody knows")
    #expect(Sentences.usable("A cat is an animal. It has four") == ["A cat is an animal."])
    #expect(Sentences.usable("1. First, take **eggs**. Then cook.").isEmpty)
    #expect(Sentences.usable("Here are the steps:").isEmpty)
  }

  @Test func rowsPassTheirOwnCheckAndSplitsAreApart() throws {
    // Answers made up from the questions, so that no model is needed.
    let answers = Questions.all.map {
      ModelAnswer(
        question: $0,
        answer:
          "That is about \($0.dropLast().lowercased()). You can read the 12 books, and it is not hard. It's a start."
      )
    }
    var maker = BehaviourRowMaker(answers, seed: 1)
    let train = (0..<3000).compactMap { _ in maker.next(.train) }
    #expect(train.count == 3000)
    let instructions = Set(train.map(\.instruction))
    let inputs = Set(train.map(\.input))
    let families = Set(train.map(\.family))
    for split in [BehaviourRowMaker.Split.seen, .unseen, .behaviour] {
      let rows = (0..<200).compactMap { _ in maker.next(split) }
      #expect(rows.count == 200)
      #expect(rows.allSatisfy { !inputs.contains($0.input) }, "\(split)")
      switch split {
      case .unseen: #expect(rows.allSatisfy { !instructions.contains($0.instruction) })
      case .behaviour:
        #expect(
          rows.allSatisfy {
            !families.contains($0.family) && !instructions.contains($0.instruction)
          })
      default: break
      }
      let scored = rows.map {
        ScoredAnswer(
          instruction: $0.instruction, family: $0.family, input: $0.input, answer: $0.output,
          unedited: $0.unedited)
      }
      let (all, _) = try BehaviourScore.of(scored)
      #expect(all.both == 200 && all.answers == 200)
    }
  }

  /// What asks for nothing is none of what is measured with, of many sorts, and the same for a seed.
  @Test func idleInstructions() {
    var (first, second) = (IdleInstructions(seed: 3), IdleInstructions(seed: 3))
    let lines = (0..<600).map { _ in first.next() }
    #expect(lines == (0..<600).map { _ in second.next() })
    #expect(Set(lines).count > 400)
    #expect(Set(lines).isDisjoint(with: MeaninglessInstruction.allCases.flatMap(\.texts)))
    #expect(lines.allSatisfy { !$0.isEmpty && !$0.contains("\n") && $0.last != " " })
    #expect(lines.contains { $0.hasSuffix(".") && $0.contains(" the ") })
    #expect(lines.contains { !$0.contains { $0.isLetter } })
  }
}
