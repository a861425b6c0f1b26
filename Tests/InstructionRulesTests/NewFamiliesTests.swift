import EditorTraining
import InstructionRules
import Testing

/// Rules against answers that were written by hand.
@Suite struct NewFamiliesTests {
  private static let bus = Material.sentence(
    "Anna",
    Lexicon.Verb(base: "hide", third: "hides", past: "hid", participle: "hidden", ing: "hiding"),
    "old", "bus", "at school")

  private func expect(
    _ family: String, _ input: Material, _ parameters: [String] = [], gives answer: String,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let family = try #require(Family.all.first { $0.name == family }, sourceLocation: location)
    #expect(family.rule(input, parameters).text == answer, sourceLocation: location)
  }

  @Test func sentences() throws {
    let bus = Self.bus
    #expect(bus.text == "Anna hid the old bus at school.")
    try expect("present tense", bus, gives: "Anna hides the old bus at school.")
    try expect("past progressive", bus, gives: "Anna was hiding the old bus at school.")
    try expect("present perfect", bus, gives: "Anna has hidden the old bus at school.")
    try expect("passive", bus, gives: "The old bus was hidden by Anna at school.")
    try expect("modal verb", bus, ["might"], gives: "Anna might hide the old bus at school.")
    try expect("tag question", bus, gives: "Anna hid the old bus at school, didn't she?")
    try expect("cleft", bus, gives: "It was Anna who hid the old bus at school.")
    try expect("question for what", bus, gives: "What did Anna hide at school?")
    try expect("question for where", bus, gives: "Where did Anna hide the old bus?")
    try expect("place first", bus, gives: "At school, Anna hid the old bus.")
    try expect("plural object", bus, gives: "Anna hid the old buses at school.")
    try expect("indefinite object", bus, gives: "Anna hid an old bus at school.")
    try expect("two people", bus, ["Tom"], gives: "Anna and Tom hid the old bus at school.")
    try expect("short yes answer", bus, gives: "Yes, she did.")
  }

  @Test func habits() throws {
    let habit = Material(
      .habit, "My neighbour drinks tea every day.",
      [
        "subject": "My neighbour", "lowerSubject": "my neighbour", "isThird": "yes",
        "plural": "My neighbours", "base": "drink", "third": "drinks", "past": "drank",
        "verb": "drinks", "object": "tea", "often": "every day",
      ])
    try expect("habit in the past", habit, gives: "My neighbour drank tea every day.")
    try expect("habit denied", habit, gives: "My neighbour does not drink tea every day.")
    try expect("habit as a question", habit, gives: "Does my neighbour drink tea every day?")
    try expect("subject in the plural", habit, gives: "My neighbours drink tea every day.")
    try expect("other subject", habit, ["I"], gives: "I drink tea every day.")
    try expect("other subject", habit, ["she"], gives: "She drinks tea every day.")
    try expect("time first", habit, gives: "Every day, my neighbour drinks tea.")
    try expect(
      "said by others", habit, ["Perhaps"], gives: "Perhaps my neighbour drinks tea every day.")
  }

  @Test func sidesDifferWhereTheyAreMarked() {
    let template = "[I am|I'm] sorry, but [I do not|I don't] know."
    #expect(Material.side(template, 0) == "I am sorry, but I do not know.")
    #expect(Material.side(template, 1) == "I'm sorry, but I don't know.")
    var random = SeededGenerator(2)
    for kind in [
      Material.Kind.fullForms, .british, .informal, .abbreviated, .misspelt, .unpunctuated,
      .doubled, .spaced, .wrongArticle, .wrongAgreement,
    ] {
      for _ in 0..<200 {
        let input = Material.random(kind, &random)
        #expect(input.text != input["other"], "\(kind)")
        for text in [input.text, input["other"]] {
          #expect(!text.contains { "[]{}|".contains($0) }, "\(text)")
          #expect(!text.contains(".."), "\(text)")
        }
      }
    }
  }

  @Test func dataInOtherFormats() throws {
    let record = Material(
      .record, "Name: Leo; Age: 40", items: ["Name", "Age"], ["Name": "Leo", "Age": "40"])
    try expect("record as json", record, gives: #"{"name": "Leo", "age": 40}"#)
    try expect("record as yaml", record, gives: "name: Leo\nage: 40")
    try expect("record as csv", record, gives: "Name,Age\nLeo,40")
    try expect("record as a table", record, gives: "| Name | Age |\n| --- | --- |\n| Leo | 40 |")
    try expect("record as query", record, gives: "name=Leo&age=40")
    try expect("field left out", record, ["Age"], gives: "Name: Leo")
    let lines = ["name,age,city", "Leo,40,Rome", "Ivy,23,Oslo"]
    let table = Material(.csv, lines.joined(separator: "\n"), items: lines)
    try expect("csv column", table, ["city"], gives: "Rome, Oslo")
    try expect("csv cell", table, ["age", "Ivy"], gives: "23")
    try expect("oldest in csv", table, gives: "Leo")
    try expect("csv sorted by age", table, gives: "name,age,city\nIvy,23,Oslo\nLeo,40,Rome")
    let json = Material(
      .json, record.jsonObject, items: record.items, ["Name": "Leo", "Age": "40"])
    try expect("json key dropped", json, ["name"], gives: #"{"age": 40}"#)
    try expect(
      "json key added", json, ["paid"], gives: #"{"name": "Leo", "age": 40, "paid": true}"#)
    try expect("json key renamed", json, ["age", "data"], gives: #"{"name": "Leo", "data": 40}"#)
  }

  @Test func numbersAndNames() throws {
    #expect(
      [1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111].map(Lexicon.ordinal) == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th",
      ])
    let numbers = Material(.numberList, "12, 5, 30", items: ["12", "5", "30"])
    try expect("ascending", numbers, gives: "5, 12, 30")
    try expect("even ones", numbers, gives: "12, 30")
    try expect("above a bound", numbers, ["10"], gives: "12, 30")
    let words = Material(.phrase, "first user name", items: ["first", "user", "name"])
    try expect("camel case", words, gives: "firstUserName")
    try expect("pascal case", words, gives: "FirstUserName")
    try expect("constant case", words, gives: "FIRST_USER_NAME")
    try expect("acronym", words, gives: "FUN")
    let clock = Material(.clock, "15:05", ["hour": "15", "minute": "05"])
    try expect("12 hours", clock, gives: "3:05 pm")
    try expect("an hour later", clock, gives: "16:05")
  }
}
