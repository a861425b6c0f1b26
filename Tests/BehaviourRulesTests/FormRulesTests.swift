import BehaviourRules
import Testing

/// Kinds of words, marks, shapes and formats, of which none is kept from training.
@Suite struct FormRulesTests {
  private static let first = "The sky is blue because air scatters light."
  private static let second = "It has 3 colors, and you can see them."
  private static let sky = PlainAnswer(
    question: "Why is the sky blue?", sentences: [first, second])

  /// Answers such as the model's, with all the small words, commas and apostrophes.
  private static let answers = [
    sky,
    PlainAnswer(
      question: "What is a compass?",
      sentences: [
        "A compass is a tool that helps you to find the north, and it's small.",
        "Sailors are fond of it, for it can guide them in fog with care or without.",
      ]),
    PlainAnswer(
      question: "Describe London.",
      sentences: [
        "London is a city of parks and bridges, and people are drawn to it.",
        "You can walk in the old streets, which aren't wide.",
      ]),
  ]

  private static let later =
    Behaviour.words + Behaviour.marks + Behaviour.shapes + Behaviour.formats

  @Test func targetsAreWhatOneExpects() throws {
    let (first, second, question) = (Self.first, Self.second, Self.sky.question)
    let both = "\(first) \(second)"
    let expected: [(name: String, parameter: String, target: String)] = [
      ("joined by", "underscores", "The_sky_is_blue_because_air_scatters_light."),
      ("sign before words", "#", "#The #sky #is #blue #because #air #scatters #light."),
      ("words wrapped", "[ ]", "[The] [sky] [is] [blue] [because] [air] [scatters] [light]."),
      ("words on lines", "", "The\nsky\nis\nblue\nbecause\nair\nscatters\nlight."),
      (
        "words per line", "five",
        "The sky is blue because\nair scatters light. It has\n3 colors, and you can\nsee them."
      ),
      (
        "words twice", "",
        "The The sky sky is is blue blue because because air air scatters scatters light light."
      ),
      (
        "every other word in capitals", "",
        "The SKY is BLUE because AIR scatters LIGHT. It HAS 3 COLORS, and YOU can SEE them."
      ),
      (
        "first words in capitals", "",
        "THE sky is blue because air scatters light. IT has 3 colors, and you can see them."
      ),
      (
        "last words in capitals", "",
        "The sky is blue because air scatters LIGHT. It has 3 colors, and you can see THEM."
      ),
      ("word in capitals", "is", "The sky IS blue because air scatters light. \(second)"),
      ("without a word", "the", "Sky is blue because air scatters light. \(second)"),
      (
        "word exchanged", "\"the\" with \"banana\"",
        "Banana sky is blue because air scatters light. \(second)"
      ),
      ("word exchanged", "is with zig", "The sky zig blue because air scatters light. \(second)"),
      (
        "letters exchanged", "a with 4",
        "The sky is blue bec4use 4ir sc4tters light. It h4s 3 colors, 4nd you c4n see them."
      ),
      ("no spaces", "", "TheSkyIsBlueBecauseAirScattersLight."),
      (
        "wide spaces", "two",
        both.split(separator: " ").joined(separator: "  ")
      ),
      ("ampersand", "&", "\(first) It has 3 colors, & you can see them."),
      (
        "text speak", "", "The sky is blue cuz air scatters light. It has 3 colors, & u can c them."
      ),
      (
        "small beginnings", "",
        "the sky is blue because air scatters light. it has 3 colors, and you can see them."
      ),
      (
        "other full stops", "!!",
        "The sky is blue because air scatters light!! It has 3 colors, and you can see them!!"
      ),
      (
        "other full stops", "STOP",
        "The sky is blue because air scatters light STOP It has 3 colors, and you can see them STOP"
      ),
      ("sentences separated", "arrows", "\(first) -> \(second)"),
      ("sentences wrapped", "curly brackets", "{\(first)} {\(second)}"),
      ("wrapped", "<< >>", "<<\(both)>>"),
      ("first sentence marked", "bold", "**\(first)** \(second)"),
      (
        "first sentence marked", "capitals", "THE SKY IS BLUE BECAUSE AIR SCATTERS LIGHT. \(second)"
      ),
      (
        "first word marked", "italics", "*The* sky is blue because air scatters light. \(second)"
      ),
      ("blank lines", "", "\(first)\n\n\(second)"),
      ("marked lines", "=>", "=> \(first)\n=> \(second)"),
      ("checkboxes", "", "- [ ] \(first)\n- [ ] \(second)"),
      ("lettered", "(a)", "(a) \(first)\n(b) \(second)"),
      ("lettered", "A)", "A) \(first)\nB) \(second)"),
      ("roman numerals", "", "I. \(first)\nII. \(second)"),
      ("steps", "Step", "Step 1: \(first)\nStep 2: \(second)"),
      (
        "first and then", "",
        "First, the sky is blue because air scatters light. Then, it has 3 colors, and you can see them."
      ),
      ("broken at commas", "", "\(first) It has 3 colors,\nand you can see them."),
      ("said several times", "3x", "\(first) \(first) \(first)"),
      ("rules around", "~~~", "~~~\n\(both)\n~~~"),
      ("heading", "##", "## \(question)\n\n\(both)"),
      ("dialogue", "Tom and Eve", "Tom: \(question)\nEve: \(both)"),
      ("topic line", "Re", "Re: Sky Blue\n\(both)"),
      ("time stamp", "12:30", "[12:30] \(both)"),
      ("italic", "", "*\(both)*"),
      ("strikethrough", "", "~~\(both)~~"),
      ("monospaced", "", "`\(both)`"),
      ("tag", "note", "<note>\(both)</note>"),
      ("html list", "ul", "<ul>\n<li>\(first)</li>\n<li>\(second)</li>\n</ul>"),
      ("yaml list", "facts", "facts:\n  - \(first)\n  - \(second)"),
      ("assignment", "x", "x = \"\(both)\""),
      ("csv", "q,a", "q,a\n\"\(question)\",\"\(both)\""),
      ("table", "Q and A", "| Q | A |\n|---|---|\n| \(question) | \(both) |"),
      ("json list", "", "[\"\(first)\", \"\(second)\"]"),
      ("json pair", "q and a", "{\"q\": \"\(question)\", \"a\": \"\(both)\"}"),
      ("latex", "\\emph", "\\emph{\(both)}"),
      ("comment", "SQL", "-- \(both)"),
      ("printed", "Rust", "println!(\"\(both)\");"),
    ]
    for (name, parameter, target) in expected {
      let behaviour = try #require(Self.later.first { $0.name == name }, "\(name)")
      #expect(behaviour.made(of: Self.sky, parameter) == target, "\(name)")
    }
    // Of each kind there is one; what has no apostrophe is left as it is.
    let names = Set(expected.map(\.name)).union(["no apostrophes"])
    #expect(names == Set(Self.later.map(\.name)))
    let plain = try #require(Self.later.first { $0.name == "no apostrophes" })
    #expect(plain.made(of: Self.sky) == nil)
    #expect(
      plain.made(of: Self.answers[2])
        == "London is a city of parks and bridges, and people are drawn to it. "
        + "You can walk in the old streets, which arent wide.")
  }

  /// With every parameter there is an answer that a target is made of; none is the unedited answer, which
  /// the check refuses, as it refuses what was made with a parameter that asks for something else.
  @Test func checksTellTargetsApart() {
    for behaviour in Self.later {
      let choices = behaviour.choices.isEmpty ? [""] : behaviour.choices
      var found: Set<String> = []
      for answer in Self.answers {
        func follows(_ text: String, _ parameter: String) -> Bool {
          behaviour.passes(
            text, question: answer.question, unedited: answer.text, parameter
          ).rule
        }
        let made = choices.map { behaviour.made(of: answer, $0) }
        for (choice, target) in zip(choices, made) {
          guard let target else { continue }
          found.insert(choice)
          #expect(target != answer.text && !follows(answer.text, choice), "\(behaviour.name)")
          // Where a word is to be left out or exchanged, it has to be there.
          for (other, text) in zip(choices, made) where text != nil && text != target {
            #expect(
              !follows(target, other),
              "\(behaviour.name): made with \(choice), accepted with \(other)")
          }
        }
      }
      #expect(found == Set(choices), "\(behaviour.name)")
    }
  }

  @Test func whatIsOrderedAlreadyIsNotOrderedAgain() throws {
    let ordered = PlainAnswer(
      question: "How do I cook rice?",
      sentences: ["Rice is easy to cook.", "Firstly, wash the rice."])
    let behaviour = try #require(Self.later.first { $0.name == "first and then" })
    #expect(behaviour.made(of: ordered) == nil)
  }
}
