import EditorTraining

extension Family {
  /// Single words, names, and the words of a text.
  static let wordFamilies: [Family] = [
    Family(
      "first word", [.list, .sentence, .review], step: "keep only the first word",
      [
        "first word",
        "Could you give me just the first word?",
        "Write the word that the text begins with and nothing else.",
        "The first word, please.",
        "Give only the first word.", "What is the first word?",
        "Keep the first word and drop the rest.",
        "Return the word that comes first.", "Which word does it start with?",
        "Only the opening word, please.", "Write down the first word alone.",
        "Answer with the word at the beginning.",
      ]
    ) { $0.words[0] },
    Family(
      "last word", [.list, .sentence, .review], step: "keep only the last word",
      [
        "last word",
        "Could you give me just the last word?",
        "Write the word that the text ends with, without the mark behind it, and nothing else.",
        "The last word, please.",
        "Give only the last word.", "What is the last word?",
        "Keep the last word and drop the rest.",
        "Return the word that comes last.", "Which word does it end with?",
        "Only the final word, please.",
        "Write down the last word alone.", "Answer with the word at the very end.",
      ]
    ) { $0.words.last! },
    Family(
      "first letter", [.word, .list, .name, .sentence], step: "give only the first letter",
      [
        "first letter",
        "Could you give me just the first letter?",
        "Write the letter that the text begins with and nothing else.",
        "The first letter, please.",
        "Give only the first letter.", "What is the first letter?",
        "Which letter does it begin with?",
        "Return the initial letter alone.", "Only the letter that comes first.",
        "Answer with the first character.", "Write down just the opening letter.",
        "With what letter does this start?",
      ]
    ) { String($0.text.prefix(1)) },
    Family(
      "number of words", [.sentence, .review], step: "count the words",
      [
        "how many words",
        "Could you count the words?",
        "Count the words of the text and answer with the number alone, in digits.",
        "The number of words, please.",
        "How many words are there?", "Count the words.", "Give the number of words.",
        "Of how many words is it made?", "Answer with the word count.",
        "Tell me the number of words in the text.",
        "State how many words it has.", "What does counting its words give?",
      ]
    ) { "\($0.words.count)" },
    Family(
      "plural", [.word], step: "put it in the plural",
      [
        "plural",
        "Could you put this noun in the plural?",
        "Write the form of the noun that stands for more than one, in small letters.",
        "The plural, please.",
        "Give the plural.", "What is the plural of this word?", "Put the word in the plural.",
        "Write the plural form.", "Make it plural.", "Turn the noun into its plural.",
        "How does one write more than one of it?", "More than one of these: what is the word?",
      ], parameters: counted
    ) { input, _ in Material(.text, Lexicon.plural(input.text.lowercased())) },
    Family(
      "category", [.word], step: "say what kind of thing it is",
      [
        "category?",
        "Could you say what kind of thing this is?",
        "Answer with the kind of thing that the word names: animal, food, tool, vehicle, clothing, instrument or furniture.",
        "The category, please.",
        "What kind of thing is it?", "Name the category of the word.",
        "To which group does it belong?",
        "Classify the word.", "Say what sort of thing this is.", "Give the category.",
        "Is it an animal, food, a tool, a vehicle, clothing, an instrument or furniture?",
        "Into which class does this fall?",
      ]
    ) { Lexicon.categoryOf[$0.text.lowercased()]! },
    Family(
      "spelled", [.word, .name], step: "spell it with hyphens between the letters",
      [
        "s-p-e-l-l it",
        "Could you spell this with hyphens?",
        "Write the letters of the word one after the other with a hyphen between any two.",
        "Spelled with hyphens, please.",
        "Spell it with hyphens between the letters.", "Put a hyphen between all letters.",
        "Spell the word, letter by letter, with hyphens.", "Separate the letters by hyphens.",
        "Write the letters one by one, joined by hyphens.",
        "Hyphens should stand between its letters.",
        "Spell it out, hyphen after each letter but the last.",
        "Letter by letter, hyphens in between.",
      ]
    ) { $0.text.map(String.init).joined(separator: "-") },
    Family(
      "article", [.word], step: "put a or an in front, in small letters",
      [
        "a or an?",
        "Could you put the right one of a and an before it?",
        "Write the word in small letters with the indefinite article that fits, a or an, before it.",
        "With its article, please: a or an.",
        "Put the right article, a or an, in front.", "Is it a or an? Write it with the word.",
        "Add a or an.", "Write the word with its indefinite article.",
        "Give it an indefinite article.",
        "Precede the word by a or an.", "Which of a and an fits? Use it before the word.",
        "Say it with a or an, in small letters.",
      ], parameters: counted
    ) { input, _ in
      let word = input.text.lowercased()
      return Material(.text, ("aeiou".contains(word.first!) ? "an " : "a ") + word)
    },
    Family(
      "greeting", [.name], step: "greet this person in {a}",
      [
        "hello in {a}",
        "Could you greet this person in {a}?",
        "Write the word that people say in {a} when they meet, a comma, the name and an exclamation mark.",
        "In {a}, please: say hello by name.",
        "Greet this person in {a}.", "Say hello to this person in {a}.",
        "Write a {a} greeting for this name.",
        "How does one say hello to them in {a}?", "A greeting in {a}, please.",
        "Use {a} to greet the person.", "Say hello in {a}, with the name.",
        "Welcome this person in {a}.",
      ], oneOf: ["Spanish", "French", "German", "Italian", "English"]
    ) { input, language in
      let hellos = [
        "Spanish": "Hola", "French": "Bonjour", "German": "Hallo", "Italian": "Ciao",
        "English": "Hello",
      ]
      return "\(hellos[language]!), \(input.text)!"
    },
    Family(
      "address", [.name], step: "make an e-mail address at {a}.com of the name",
      [
        "...@{a}.com",
        "Could you make an address at {a}.com of this name?",
        "Write the name in small letters, and directly behind it the at sign and {a}.com.",
        "An e-mail address at {a}.com, please.",
        "Make an email address at {a}.com of the name.", "What is their email address at {a}.com?",
        "Write the email address of this person at {a}.com.",
        "Give the name as an address at {a}.com.",
        "Build an email address: the name in small letters at {a}.com.",
        "Turn it into an email at {a}.com.",
        "Their mail goes to {a}.com: write the address.", "An address at {a}.com for this name.",
      ], oneOf: ["example", "mail", "school", "office"]
    ) { input, host in "\(input.text.lowercased())@\(host).com" },
  ]

  /// No parameters, and none but nouns that are counted.
  @Sendable private static func counted(
    _ input: Material, _: inout SeededGenerator
  ) -> [String]? {
    Lexicon.uncounted.contains(input.text.lowercased()) ? nil : []
  }
}
