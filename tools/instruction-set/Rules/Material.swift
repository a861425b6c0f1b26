import EditorTraining

/// What an instruction is applied to, with what a rule needs to know of it.
package struct Material: Equatable {
  package enum Kind {
    case word, list, sentence, review, number, pair, name
    /// What is left after a rule that does not keep its input's form.
    case text
  }

  package let kind: Kind
  package let text: String
  /// A list's items; a pair's two numbers.
  package var items: [String] = []
  /// Of a sentence: who, the past and the base form of the verb, which, what, where.
  package var parts: [String] = []
  /// Of a review: what it is about, and whether it is praised.
  var subject = ""
  var isPraise = false

  package init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// Items as a list, or the word that they are.
  package init(items: [String]) {
    self.init(items.count == 1 ? .word : .list, items.joined(separator: ", "))
    self.items = items
  }

  /// The words, without the marks at their ends.
  var words: [String] {
    text.split(separator: " ").map { $0.filter { !",.!?".contains($0) } }
  }

  var number: Int { Int(text)! }
  var numbers: (Int, Int) { (Int(items[0])!, Int(items[1])!) }

  /// One as it comes.
  package static func random(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .word: return Material(items: cased([random.element(Lexicon.things)], &random))
    case .list: return list(&random)
    case .sentence: return sentence(&random)
    case .review: return review(&random)
    case .number: return Material(.number, "\(1 + random.pick(49))")
    case .pair:
      let first = 1 + random.pick(40)
      var second = 1 + random.pick(40)
      if second == first { second += 1 }
      var pair = Material(.pair, "\(first) and \(second)")
      pair.items = ["\(first)", "\(second)"]
      return pair
    case .name: return Material(.name, random.element(Lexicon.names))
    case .text: preconditionFailure("no input is just a text")
    }
  }

  /// Three to five different items: of all kinds, of one, or of one but for a single item.
  private static func list(_ random: inout SeededGenerator) -> Material {
    let count = 3 + random.pick(3)
    var items: [String] = []
    func add(_ nouns: [String], _ wanted: Int) {
      while items.count < wanted {
        let noun = random.element(nouns)
        if !items.contains(noun) { items.append(noun) }
      }
    }
    switch random.pick(3) {
    case 0: add(Lexicon.things, count)
    case 1: add(random.element(Lexicon.categories).nouns, count)
    default:
      let first = random.pick(Lexicon.categories.count)
      let second =
        (first + 1 + random.pick(Lexicon.categories.count - 1)) % Lexicon.categories.count
      add(Lexicon.categories[first].nouns, count - 1)
      add(Lexicon.categories[second].nouns, count)
      random.shuffle(&items)
    }
    return Material(items: cased(items, &random))
  }

  /// Half of the time in small letters, else capitalised or in capitals.
  private static func cased(_ items: [String], _ random: inout SeededGenerator) -> [String] {
    switch random.pick(4) {
    case 0: items.map { $0.uppercased() }
    case 1: items.map(\.capitalizedFirst)
    default: items
    }
  }

  private static func sentence(_ random: inout SeededGenerator) -> Material {
    let verb = random.element(Lexicon.verbs)
    let parts = [
      random.element(Lexicon.names), verb.0, verb.1, random.element(Lexicon.adjectives),
      random.element(Lexicon.things), random.element(Lexicon.places),
    ]
    var sentence = Material(
      .sentence, "\(parts[0]) \(parts[1]) the \(parts[3]) \(parts[4]) \(parts[5]).")
    sentence.parts = parts
    return sentence
  }

  private static func review(_ random: inout SeededGenerator) -> Material {
    let isPraise = random.pick(2) == 0
    let subject = random.element(Lexicon.subjects)
    let judgement = random.element(isPraise ? Lexicon.praise : Lexicon.blame)
    let article = judgement.first.map { "aeiou".contains($0) } == true ? "an" : "a"
    var review = Material(
      .review,
      random.element([
        "The \(subject) was \(judgement).", "What \(article) \(judgement) \(subject)!",
        "I found the \(subject) \(judgement).",
        "My friends said that the \(subject) was \(judgement).",
        "Honestly, the \(subject) is \(judgement).",
      ]))
    review.subject = subject
    review.isPraise = isPraise
    return review
  }
}

extension SeededGenerator {
  mutating func element<Element>(_ elements: [Element]) -> Element {
    elements[pick(elements.count)]
  }
}

extension String {
  /// The first letter in capitals, the others small.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
