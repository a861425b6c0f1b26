import EditorTraining

/// Sentences around what is to be done: more ways of asking for the same, in several registers.
/// `{s}` stands for the step ("write it in capital letters"), `{S}` for the step with a capital, and
/// `{noun}` for what the input is ("a list of items").
enum Phrasing {
  /// Around one step, in training.
  static let trained = [
    "Please {s}.", "{S}, please.", "Could you {s}?", "Can you {s}?", "I want you to {s}.",
    "I'd like you to {s}.", "Your task is to {s}.", "Your job: {s}.", "{S}. Write nothing else.",
    "You are given {noun}. {S}.", "In this task, you will see {noun}. You have to {s}.",
    "The input is {noun}. Your task is to {s}.", "Task: {s}.", "{s}",
    "You will be given {noun}, and you are asked to {s}. Answer with the result alone.",
    "We need somebody to {s}. Can you do that?",
  ]

  /// Around one step, kept from training.
  static let kept = [
    "Kindly {s}.", "Would you {s}?", "What I need is for you to {s}.", "Given {noun}, {s}.",
    "I would be grateful if you could {s}.", "Be so kind as to {s}.",
  ]

  /// Around two steps.
  static let pairs = [
    "{A}, then {b}.", "First {a}; then {b}.", "{A} and {b}.", "{A}. Then {b}.",
    "Two steps: first, {a}; second, {b}.", "Please {a} and then {b}.", "{A}; after that, {b}.",
    "Could you {a} and then {b}?", "Your task has two parts: {a}, and {b}.",
    "I need you to {a}. With the result, do this: {b}.",
  ]

  /// Around three steps.
  static let triples = [
    "{A}, then {b}, then {c}.", "First {a}; then {b}; finally {c}.", "{A}. Then {b}. Then {c}.",
    "Three steps: {a}; {b}; {c}.", "Please {a}, then {b}, and in the end {c}.",
    "1. {A}. 2. {B}. 3. {C}.", "Your task has three parts: {a}, {b}, and {c}.",
  ]

  /// Around a condition `{p}` and the steps for either case.
  static let conditions = [
    "If {p}, {a}; otherwise, {b}.", "If {p}, {a}. If not, {b}.", "{A} if {p}; otherwise, {b}.",
    "When {p}, {a}; else {b}.", "Please {a} if {p}, and {b} if not.",
    "Look at the input: if {p}, {a}, and in every other case {b}.",
    "Your answer depends on the input. If {p}, {a}. Otherwise, {b}.", "If {p}: {a}. Else: {b}.",
  ]

  /// A phrasing with its slots filled; capitals of a slot's name ask for a capital at its start.
  static func filled(_ phrasing: String, _ slots: [Character: String], noun: String = "") -> String
  {
    var text = phrasing.replacing("{noun}", with: noun)
    for (name, step) in slots.sorted(by: { $0.key < $1.key }) {
      text = text.replacing("{\(name)}", with: step)
        .replacing("{\(name.uppercased())}", with: step.capitalizedStart)
    }
    return text
  }
}

/// What decides which of two steps is taken.
struct Condition: Sendable {
  let name: String
  let kinds: [Material.Kind]
  let phrase: String
  let holds: @Sendable (Material) -> Bool

  static let all: [Condition] = [
    Condition(name: "question", kinds: [.remark], phrase: "it is a question") {
      $0["type"] == "question"
    },
    Condition(name: "command", kinds: [.remark], phrase: "it is a command") {
      $0["type"] == "command"
    },
    Condition(name: "full stop", kinds: [.remark], phrase: "it ends with a full stop") {
      $0.text.hasSuffix(".")
    },
    Condition(name: "long list", kinds: [.list], phrase: "there are more than three items") {
      $0.items.count > 3
    },
    Condition(name: "praise", kinds: [.review], phrase: "the opinion is good") { $0.isPraise },
    Condition(name: "animal", kinds: [.word], phrase: "it is an animal") {
      Lexicon.categoryOf[$0.text.lowercased()] == "animal"
    },
    Condition(name: "food", kinds: [.word], phrase: "it is something to eat") {
      Lexicon.categoryOf[$0.text.lowercased()] == "food"
    },
    Condition(name: "vowel", kinds: [.word, .name], phrase: "it begins with a vowel") {
      "aeiou".contains($0.text.lowercased().first!)
    },
    Condition(name: "list or sentence", kinds: [.list, .sentence], phrase: "it is a list") {
      $0.kind == .list
    },
    Condition(name: "name or thing", kinds: [.word, .name], phrase: "it is the name of a person") {
      $0.kind == .name
    },
  ]
}
