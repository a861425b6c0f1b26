import EditorTraining

extension Behaviour {
  /// What rules make of unedited answers.
  package static let made: [Behaviour] = earlyMade + laterMade

  private static let earlyMade: [Behaviour] = letters + lengths + layouts + manners

  private static let laterMade: [Behaviour] =
    words + marks + shapes + formats + personas + frames + phrases

  /// The kinds of the first draw of those that are kept.
  package static let early: [Behaviour] = earlyMade + prompted

  package static let all: [Behaviour] = made + prompted

  /// Kept from training, so that what is measured on them is of kinds of which nothing was trained on. Nine were
  /// drawn of `early`: `SeededGenerator(18)` shuffled their names, sorted, without `shown`, and of the first fifteen
  /// those are left that are not `triedFirst`. Eleven were drawn of the later kinds in the same way with seed 30.
  package static let keptNames: Set<String> = [
    "two sentences", "letter", "quoted", "third person", "no commas", "dots", "by name", "meow",
    "thanks first",
    "line between", "news reader", "json list", "wizard", "robot", "broken at commas",
    "and replaced", "said several times", "strikethrough", "last words in capitals", "steps",
  ]

  /// What the demo asks for; never kept.
  package static let shown: Set<String> = ["capitals", "one sentence", "French", "haiku"]

  /// What people ask for before anything else: kept until there were enough other kinds to keep.
  package static let triedFirst: Set<String> = [
    "numbered", "begins with", "signed", "ends with", "pirate", "to a child",
  ]
}

/// A line of the set: a behaviour, a question, and how it should be answered.
package struct BehaviourRow: Codable, Equatable, Sendable {
  package var instruction: String
  package var input: String
  package var output: String
  package var family: String
  package var parts: [String]
  package var split: String
  /// The answer without an instruction, as far as it is used, for the check of content; empty where a poem
  /// of ours is the answer, of which none is asked.
  package var unedited: String
}

/// An answer of the model, unedited (no `behaviour`) or prompted for one.
package struct ModelAnswer: Codable, Equatable, Sendable {
  package var question: String
  package var answer: String
  package var behaviour: String?

  package init(question: String, answer: String, behaviour: String? = nil) {
    self.question = question
    self.answer = answer
    self.behaviour = behaviour
  }
}

/// Draws rows of behaviours. Questions that are kept are in no row of training; the splits are:
///
/// - `train`: behaviours, wordings and questions that are trained on;
/// - `seen`: the same with questions that are not;
/// - `unseen`: wordings and questions that are not;
/// - `behaviour`: behaviours of which nothing is trained on, on questions that are not;
/// - `pair`: two behaviours at once that are trained on each by itself and in other pairs, on questions that are not.
///
/// A third of the rows of `train` ask for two behaviours at once.
package struct BehaviourRowMaker {
  package enum Split: String, CaseIterable {
    case train, seen, unseen, behaviour, pair
  }

  private var random: SeededGenerator
  /// Usable answers, of questions for training and of those that are kept.
  private let trained: [PlainAnswer]
  private let kept: [PlainAnswer]
  /// Accepted prompted answers by behaviour, in the same two parts.
  private let prompted: [String: ([PlainAnswer], [PlainAnswer])]
  private let unedited: [String: PlainAnswer]
  private var drawn: Set<[String]> = []
  /// Of prompted answers, by behaviour: how many there were and how many the rule accepted.
  package let accepted: [String: (asked: Int, accepted: Int)]
  /// Unedited answers, and those that have a sentence to use.
  package let plain: (asked: Int, usable: Int)

  /// From the model's answers. Questions that are none of `Questions.all` are left out.
  package init(_ answers: [ModelAnswer], seed: UInt64) {
    random = SeededGenerator(seed, 0x6265_6861_7669_6F75)
    let index = Dictionary(
      uniqueKeysWithValues: Questions.all.enumerated().map { ($1, $0) })
    var unedited: [String: PlainAnswer] = [:]
    var counts = (asked: 0, usable: 0)
    for answer in answers where answer.behaviour == nil && index[answer.question] != nil {
      counts.asked += 1
      if let plain = PlainAnswer(question: answer.question, answer: answer.answer) {
        counts.usable += 1
        unedited[answer.question] = plain
      }
    }
    func parted(_ answers: [PlainAnswer]) -> ([PlainAnswer], [PlainAnswer]) {
      let sorted = answers.sorted { index[$0.question]! < index[$1.question]! }
      return (
        sorted.filter { !Questions.isKept(index[$0.question]!) },
        sorted.filter { Questions.isKept(index[$0.question]!) }
      )
    }
    (trained, kept) = parted(Array(unedited.values))
    var prompted: [String: ([PlainAnswer], [PlainAnswer])] = [:]
    var accepted: [String: (asked: Int, accepted: Int)] = [:]
    for behaviour in Behaviour.prompted {
      let own = answers.filter { $0.behaviour == behaviour.name && index[$0.question] != nil }
      let good = own.compactMap { answer in
        Self.accepted(answer, behaviour, unedited[answer.question])
      }
      prompted[behaviour.name] = parted(good)
      prompted[behaviour.name]!.0 += Poems.answers(to: behaviour.name)
      accepted[behaviour.name] = (own.count, good.count)
    }
    plain = counts
    self.unedited = unedited
    self.prompted = prompted
    self.accepted = accepted
  }

  /// The prompted answer as a target, where its rule accepts it.
  private static func accepted(
    _ answer: ModelAnswer, _ behaviour: Behaviour, _ unedited: PlainAnswer?
  ) -> PlainAnswer? {
    guard unedited != nil else { return nil }
    let text = behaviour.excerpt(of: answer.answer)
    guard !text.isEmpty, behaviour.follows(text, answer.question, "") else { return nil }
    return PlainAnswer(question: answer.question, sentences: [text])
  }

  /// A row that has not been drawn before, or nil where there seems to be none left.
  package mutating func next(_ split: Split) -> BehaviourRow? {
    for _ in 0..<10_000 {
      if split == .pair || (split == .train && random.pick(3) == 0) {
        if let row = nextPair(split) { return row }
        continue
      }
      let behaviours = Behaviour.all.filter { $0.isKept == (split == .behaviour) }
      let behaviour = random.element(behaviours)
      let parts = prompted[behaviour.name] ?? (trained, kept)
      let answers = split == .train ? parts.0 : parts.1
      guard !answers.isEmpty else { continue }
      let answer = random.element(answers)
      let wordings =
        switch split {
        case .unseen: Array(behaviour.unseenWordings)
        case .behaviour: behaviour.wordings
        default: behaviour.seenWordings
        }
      let (instruction, parameter) = asked(behaviour, wordings)
      guard let output = behaviour.made(of: answer, parameter),
        drawn.insert([instruction, answer.question]).inserted
      else { continue }
      return BehaviourRow(
        instruction: instruction, input: answer.question, output: output,
        family: "behaviour.\(behaviour.name)", parts: [], split: split.rawValue,
        unedited: unedited[answer.question]?.text ?? "")
    }
    return nil
  }

  /// A drawn wording with a drawn parameter filled in.
  private mutating func asked(
    _ behaviour: Behaviour, _ wordings: [String]
  ) -> (instruction: String, parameter: String) {
    let parameter = behaviour.choices.isEmpty ? "" : random.element(behaviour.choices)
    return (random.element(wordings).replacing("{a}", with: parameter), parameter)
  }

  /// A row of two behaviours that are trained on, or nil where the drawn ones do not go together.
  private mutating func nextPair(_ split: Split) -> BehaviourRow? {
    let behaviours = Behaviour.made.filter { !$0.isKept }
    let pair = BehaviourPair(random.element(behaviours), random.element(behaviours))
    let answers = split == .train ? trained : kept
    guard pair.first.name != pair.second.name, pair.isKept == (split == .pair), !answers.isEmpty
    else { return nil }
    let answer = random.element(answers)
    let first = asked(pair.first, pair.first.seenWordings)
    let second = asked(pair.second, pair.second.seenWordings)
    let instruction = BehaviourPair.instruction(
      first.instruction, second.instruction, joint: random.element(BehaviourPair.joints))
    guard let output = pair.made(of: answer, (first.parameter, second.parameter)),
      drawn.insert([instruction, answer.question]).inserted
    else { return nil }
    return BehaviourRow(
      instruction: instruction, input: answer.question, output: output,
      family: BehaviourPair.familyPrefix + pair.first.name,
      parts: [pair.first.name, pair.second.name], split: split.rawValue,
      unedited: unedited[answer.question]?.text ?? "")
  }
}

extension SeededGenerator {
  fileprivate mutating func element<Element>(_ elements: [Element]) -> Element {
    elements[pick(elements.count)]
  }
}
