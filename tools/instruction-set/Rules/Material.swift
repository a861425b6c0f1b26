import EditorTraining

/// What an instruction is applied to, with what a rule needs to know of it.
package struct Material: Equatable {
  package enum Kind: CaseIterable {
    // Words, numbers and names.
    case word, name, verb, adjective, country, day, month, animal, phrase, identifier
    case number, pair, date, time, clock, measure, money, fullName, email, address
    // Lists.
    case list, countedList, mixedList, repeatingList, numberList, bullets
    // Sentences.
    case sentence, review, habit, request, speech, remark, paragraph, message, boldText, link
    // Sentences with a side that a rule gives.
    case fullForms, contracted, british, american, informal, formal, unabbreviated, abbreviated
    case misspelt, unpunctuated, doubled, spaced, wrongArticle, wrongAgreement
    // Data and code.
    case record, json, csv, code, plainCode
    /// What is left after a rule that does not keep its input's form.
    case text
  }

  package let kind: Kind
  package let text: String
  /// A list's items, a pair's numbers, a record's fields, a text's sentences, a phrase's words.
  package var items: [String] = []
  /// What it was made of, by name.
  package var fields: [String: String] = [:]

  package init(_ kind: Kind, _ text: String, _ fields: [String: String] = [:]) {
    self.kind = kind
    self.text = text
    self.fields = fields
  }

  package init(_ kind: Kind, _ text: String, items: [String], _ fields: [String: String] = [:]) {
    self.init(kind, text, fields)
    self.items = items
  }

  /// Items as a list, or the word that they are.
  package init(items: [String]) {
    self.init(items.count == 1 ? .word : .list, items.joined(separator: ", "), items: items)
  }

  /// A part that this kind has.
  package subscript(_ field: String) -> String {
    guard let value = fields[field] else { preconditionFailure("\(kind) has no \(field)") }
    return value
  }

  /// The words, without the marks at their ends.
  var words: [String] {
    text.split(separator: " ").map { $0.filter { !",.!?".contains($0) } }
  }

  var number: Int { Int(text)! }
  var numbers: (Int, Int) { (Int(items[0])!, Int(items[1])!) }

  /// Of a sentence: "the old bus".
  var object: String { "the \(self["adjective"]) \(self["thing"])" }

  /// As it stands within another sentence.
  var sentenceInside: String {
    kind == .habit
      ? "\(self["lowerSubject"]) \(self["verb"]) \(self["object"]) \(self["often"])." : text
  }

  /// Of a review: whether it is praised.
  var isPraise: Bool { self["praise"] == "yes" }

  /// One as it comes.
  package static func random(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .word, .name, .verb, .adjective, .country, .day, .month, .animal, .phrase, .identifier:
      ofWords(kind, &random)
    case .number, .pair, .date, .time, .clock, .measure, .money: ofNumbers(kind, &random)
    case .fullName, .email, .address, .message: ofPeople(kind, &random)
    case .list, .countedList, .mixedList, .repeatingList, .numberList, .bullets:
      ofItems(kind, &random)
    case .sentence, .review, .habit, .request, .speech, .remark, .paragraph, .boldText, .link:
      ofSentences(kind, &random)
    case .fullForms, .contracted, .british, .american, .informal, .formal, .unabbreviated,
      .abbreviated, .misspelt, .unpunctuated, .doubled, .spaced, .wrongArticle, .wrongAgreement:
      ofSides(kind, &random)
    case .record, .json, .csv, .code, .plainCode: ofData(kind, &random)
    case .text: preconditionFailure("no input is just a text")
    }
  }

  /// What an instruction calls it: "a list of items".
  var noun: String {
    switch kind {
    case .word: "a word"
    case .name: "the name of a person"
    case .verb: "a verb"
    case .adjective: "an adjective"
    case .country: "the name of a country"
    case .day: "a day of the week"
    case .month: "the name of a month"
    case .animal: "the name of an animal"
    case .phrase: "a few words"
    case .identifier: "a name from a program"
    case .number: "a number"
    case .pair: "two numbers"
    case .date: "a date"
    case .time, .clock: "a time of day"
    case .measure: "an amount with its unit"
    case .money: "a price"
    case .fullName: "a full name"
    case .email: "an e-mail address"
    case .address: "a postal address"
    case .list, .countedList, .mixedList, .repeatingList: "a list of items"
    case .numberList: "a list of numbers"
    case .bullets: "a bulleted list"
    case .review: "an opinion"
    case .request: "a command"
    case .speech: "a sentence with direct speech"
    case .paragraph: "a short text"
    case .message: "a message"
    case .boldText: "a sentence in Markdown"
    case .link: "a link in Markdown"
    case .record: "some fields with their values"
    case .json: "a JSON object"
    case .csv: "a table as CSV"
    case .code, .plainCode: "a line of code"
    case .text: "a text"
    default: "a sentence"
    }
  }
}

extension SeededGenerator {
  mutating func element<Element>(_ elements: [Element]) -> Element {
    elements[pick(elements.count)]
  }

  /// Some elements, none of them twice.
  mutating func elements<Element>(_ elements: [Element], _ count: Int) -> [Element] {
    var shuffled = elements
    shuffle(&shuffled)
    return Array(shuffled.prefix(count))
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + pick(range.count)
  }
}

extension String {
  /// The first letter in capitals, the others small.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
