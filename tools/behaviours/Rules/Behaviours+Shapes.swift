extension Behaviour {
  /// Lines, lists and what is set around the answer.
  package static let shapes: [Behaviour] = [
    Behaviour(
      "blank lines",
      """
      Leave a blank line between your sentences. | blank line after each sentence | Put an empty line between any two sentences.
      Every sentence is a paragraph of its own. | Could you make each sentence its own paragraph? | One paragraph per sentence.
      Write your answer with an empty line after every sentence but the last.
      Paragraphs of one sentence each, please. | Double line breaks between sentences. | Space your sentences out with blank lines.
      An empty line separates your sentences. | New paragraph for every sentence.
      """,
      target: { plain, _ in
        plain.sentences.count < 2 ? nil : plain.sentences.joined(separator: "\n\n")
      },
      follows: { answer, _, _ in
        let parts = answer.parts(between: "\n\n")
        return parts.count >= 2 && parts.allSatisfy { Sentences.isOne($0) && !$0.contains("\n") }
      }),
    Behaviour(
      "marked lines",
      """
      Put each sentence on a line that begins with {a}. | {a} before each sentence, one a line | Begin every line with {a}, one sentence a line.
      Make a list with {a} in front of each sentence. | Could you list your sentences with {a} as the bullet?
      Write every sentence on a new line, and let each line start with {a} and a space.
      List your sentences, each marked with {a}. | Use {a} as your list mark. | One line per sentence, please, starting with {a}.
      A list whose bullets are {a}. | Every sentence gets a line and a {a} in front. | Lines that open with {a}.
      """,
      choices: [
        "+", "->", "=>", "~", "@", "%", "»", "::", "o", "x", "&", "==", "?", "!", "$", "--", "#",
        "~>", ">>", "§", "=", "^", "(+)", "[ ]", "[x]",
      ], target: { plain, sign in plain.sentences.map { "\(sign) \($0)" }.joined(separator: "\n") },
      follows: { answer, _, sign in
        answer.linesWithText.allSatisfy { $0.hasPrefix("\(sign) ") }
      }),
    Behaviour(
      "checkboxes",
      """
      Answer as a Markdown checklist. | checklist please | Put - [ ] before each sentence, one a line. | Make a to-do list with checkboxes out of it.
      Could you answer with a list of checkboxes? | Each sentence is a task with an empty box, - [ ].
      Write every sentence on a line of its own behind a dash and an empty checkbox.
      As a task list, please. | Give me boxes to tick, one for each sentence. | A Markdown task list. | Checkboxes in front of your sentences.
      Format the answer as a checklist.
      """, target: { plain, _ in plain.sentences.map { "- [ ] \($0)" }.joined(separator: "\n") },
      follows: { answer, _, _ in answer.linesWithText.allSatisfy { $0.hasPrefix("- [ ] ") } }),
    Behaviour(
      "lettered",
      """
      Letter your sentences in the style {a}, one a line. | list like {a}, then the next letter | Answer with a lettered list that starts with {a}
      Put letters before your sentences, beginning with {a}, one line each. | Could you answer with a lettered list that begins {a}?
      Write each sentence on a line of its own behind a letter, in the style {a}
      Mark the sentences with letters: {a} and so on. | Letters in front of the lines, please, from {a} onwards. | A list from {a} onwards.
      Go through the alphabet: {a} before the first sentence. | Sentences by letters: {a} first. | A list with letters, {a} being the first.
      """, choices: ["(a)", "a)", "A)", "(A)", "[a]", "[A]", "A:", "a:", "A -", "a -"],
      target: { plain, style in
        plain.sentences.count < 2
          ? nil
          : plain.sentences.enumerated().map { "\(letter($0, style)) \($1)" }
            .joined(separator: "\n")
      },
      follows: { answer, _, style in
        answer.linesWithText.enumerated().allSatisfy { $1.hasPrefix("\(letter($0, style)) ") }
      }),
    Behaviour(
      "roman numerals",
      """
      Mark your sentences with Roman numerals, one a line. | I. II. III. | Put I., II. and so on before your sentences, one line each.
      Roman numerals in front of the sentences. | Could you answer with a list in Roman numerals?
      Write each sentence on a line of its own behind a Roman numeral and a full stop.
      Like the Romans, please: I., II., III. | A list with I., II., III. | Use Roman numerals for your sentences, each on a line. | Roman style list.
      Sentences behind Roman numerals. | Begin the lines with I., II. and so forth.
      """,
      target: { plain, _ in
        plain.sentences.count < 2
          ? nil : zip(romans, plain.sentences).map { "\($0) \($1)" }.joined(separator: "\n")
      },
      follows: { answer, _, _ in
        zip(romans, answer.linesWithText).allSatisfy { $1.hasPrefix("\($0) ") }
      }),
    Behaviour(
      "steps",
      """
      Write {a} 1:, {a} 2: and so on before your sentences, one a line. | {a} 1: ... {a} 2: ... | Each sentence on a line behind {a} and its number.
      Begin your lines with {a} 1:, {a} 2: and so forth. | Could you put {a} 1:, {a} 2: in front of your sentences?
      Give every sentence a line that starts with the word {a}, its number and a colon.
      Label the sentences {a} 1, {a} 2, each on its own line. | {a} by {a}, please: {a} 1: first. | Divide the answer into {a} 1, {a} 2 and so on.
      Lines that begin with {a} 1:, then {a} 2:. | Break it down: {a} 1:, {a} 2:. | Structure the answer as {a} 1:, {a} 2:, one line each.
      """,
      choices: [
        "Step", "Point", "Fact", "Part", "Reason", "Item", "Line", "Stage", "Chapter", "Rule",
      ],
      target: { plain, word in
        plain.sentences.count < 2
          ? nil
          : plain.sentences.enumerated().map { "\(word) \($0 + 1): \($1)" }
            .joined(separator: "\n")
      },
      follows: { answer, _, word in
        answer.linesWithText.enumerated().allSatisfy { $1.hasPrefix("\(word) \($0 + 1): ") }
      }),
    Behaviour(
      "first and then",
      """
      Start your first sentence with First, and the others with Then. | First, ... Then, ... | Order it: First, then Then.
      Put First, before sentence one and Then, before each other one. | Could you connect your sentences with First and Then?
      Begin the first sentence with the word First and a comma and each later one with Then and a comma.
      First, something. Then, something else, please. | Use First and Then to order your sentences. | Tell it in order: First, Then, Then.
      Sequence words, please: First, at the start, Then, after that. | First comes First, afterwards Then.
      The sentences begin with First and Then.
      """,
      target: { plain, _ in
        plain.sentences.count < 2 || plain.sentences.contains { isOrdered($0) }
          ? nil
          : plain.sentences.enumerated().map {
            "\($0 == 0 ? "First" : "Then"), \(Sentences.inside($1, question: plain.question))"
          }.joined(separator: " ")
      },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && whole.count >= 2 && whole[0].hasPrefix("First, ")
          && whole.dropFirst().allSatisfy { $0.hasPrefix("Then, ") }
      }),
    Behaviour(
      "broken at commas",
      """
      Start a new line after every comma. | line break after each comma | Break the line at every comma. | New line wherever there is a comma.
      Could you put a line break after each comma? | After a comma go to the next line, please.
      Write your answer like a poem: each time you write a comma, begin a new line.
      Each comma ends a line. | Press Enter after every comma. | A comma, then a new line. | Lines end at commas.
      Let every comma be followed by a line break.
      """,
      target: { plain, _ in plain.text.replacing(", ", with: ",\n").unless(plain.text) },
      follows: { answer, _, _ in
        answer.contains(",\n") && !answer.contains(", ")
          && answer.linesWithText.dropLast().allSatisfy { ",.!?".contains($0.suffix(1)) }
      }),
    Behaviour(
      "said several times",
      """
      Say your first sentence {a}. | one sentence, {a} | Answer with one sentence and write it {a}. | The same sentence {a}, please.
      Could you give a one-sentence answer and write it {a}? | Say the same thing {a}. | Write the sentence {a} in a row.
      Answer in one sentence, and let exactly the same sentence appear {a}.
      Repeat your sentence so that it is there {a}. | One sentence, said {a}. | Chant your answer {a}. | Copy your sentence until it stands there {a}.
      """, choices: ["three times", "3 times", "four times", "4 times", "3x"],
      target: { plain, times in
        Array(repeating: plain.sentences[0], count: count(times)).joined(separator: " ")
      },
      follows: { answer, _, times in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && whole.count == count(times) && Set(whole).count == 1
      }),
    Behaviour(
      "rules around",
      """
      Put a line of {a} above and below your answer. | {a} above and below | Write {a} on the first and on the last line, your answer between. | Frame your answer with lines of {a}.
      Could you put {a} on a line before your answer and on a line after it? | First line {a}, last line {a}.
      Begin with a line that is only {a}, then write your answer, then end with such a line again.
      A line {a}, the answer, a line {a}. | Set your answer between two lines of {a}. | {a} as the top and the bottom line, please.
      Draw lines with {a} before and after what you say. | Answer between {a} lines.
      """,
      choices: [
        "---", "***", "===", "~~~", "+++", "###", "___", "-----", "=====", "*****", "$$$", "///",
        "%%%", "@@@", "<>", "~*~", "--8<--",
      ], target: { plain, sign in "\(sign)\n\(plain.text)\n\(sign)" },
      follows: { answer, _, sign in
        let lines = answer.linesWithText
        return lines.count >= 3 && lines[0] == sign && lines[lines.count - 1] == sign
      }),
    Behaviour(
      "heading",
      """
      Put my question above your answer as a Markdown heading with {a}. | {a} question, then the answer | Begin with {a} and my question, then an empty line and the answer.
      My question is the heading ({a}). | Could you use my question as a heading with {a} and answer below it?
      Write {a}, a space and my question on the first line, leave a line empty, and then answer.
      A Markdown heading ({a}) with the question, please, then the text. | Head your answer with {a} and what I asked. | Turn my question into a heading with {a}.
      Question as heading, marked {a}. | Like a page in Markdown: {a} and the question on top. | Use {a} to make my question a heading.
      """, choices: ["#", "##", "###", "####"],
      target: { plain, sign in "\(sign) \(plain.question)\n\n\(plain.text)" },
      follows: { answer, question, sign in
        answer.hasPrefix("\(sign) \(question)\n\n") && answer.linesWithText.count >= 2
      }),
    Behaviour(
      "dialogue",
      """
      Write it as a dialogue between {a}: the first asks my question, the second answers. | dialogue of {a} | {a} talk: one asks what I asked, one answers.
      Make a short scene of it in which {a} speak, question and answer. | Could you write it as a conversation of {a}?
      Put my question into the mouth of the first and your answer into that of the second of {a}.
      A script for {a}, please. | Write question and answer as lines of {a}. | As in a play, with {a} as speakers. | A chat between {a}.
      Let {a} say it: question, answer. | Two speakers, {a}, one line each.
      """,
      choices: [
        "Anna and Ben", "Tom and Eve", "User and Bot", "Student and Teacher", "Alice and Bob",
        "Host and Guest", "Child and Parent", "Me and You", "Sam and Kim", "Client and Expert",
      ],
      target: { plain, names in
        let (first, second) = speakers(names)
        return "\(first): \(plain.question)\n\(second): \(plain.text)"
      },
      follows: { answer, question, names in
        let (first, second) = speakers(names)
        return answer.hasPrefix("\(first): \(question)\n\(second): ")
          && answer.count > first.count + second.count + question.count + 10
      }),
    Behaviour(
      "topic line",
      """
      Begin with a line {a}: and the topic. | {a}: topic, then the answer | Put {a}: and the subject of my question on the first line. | Write {a}: with the topic above your answer.
      Could you start with a line that says {a}: and what it is about? | First line: {a}: and the topic.
      Write {a}, a colon and the topic of my question on a line of its own, and your answer below it.
      A line with {a}: on top, please. | Name the topic behind {a}: and then answer. | Put a {a}: line above your answer.
      The topic first, behind {a}:, the answer on the next line. | Open with a line for the topic, {a}: ...
      """,
      choices: ["Topic", "Subject", "Theme", "Re", "About", "TOPIC", "Concerning", "Category"],
      target: { plain, word in
        Titles.title(of: plain).map { "\(word): \($0)\n\(plain.text)" }
      },
      follows: { answer, _, word in
        let lines = answer.linesWithText
        return lines.count >= 2 && lines[0].hasPrefix("\(word): ")
          && Sentences.tokens(lines[0]).count <= 9 && !".!?".contains(lines[0].suffix(1))
      }),
    Behaviour(
      "time stamp",
      """
      Put the time {a} in square brackets before your answer. | [{a}] in front | Begin with [{a}] and then answer. | Start your answer with [{a}].
      Could you write [{a}] before your answer, as in a log? | A log entry of {a}: the time in square brackets, then the answer.
      Write {a} between square brackets and a space, and then your answer on the same line.
      Stamp your answer with [{a}]. | Your answer is a line of a log, [{a}] first. | Time stamp, please: [{a}]. | Date your answer with {a} in square brackets.
      The stamp is {a}, in square brackets, in front of what you say.
      """,
      choices: [
        "12:30", "09:15", "23:59", "08:00", "17:45", "06:20", "2024-05-01", "2026-01-31", "1999",
        "10:05:00", "3 pm", "Monday", "00:00", "21:10", "07:07", "14 July",
      ], target: { plain, time in "[\(time)] \(plain.text)" },
      follows: { answer, _, time in
        answer.hasPrefix("[\(time)] ") && answer.count > time.count + 8
      }),
  ]

  private static let romans = [
    "I.", "II.", "III.", "IV.", "V.", "VI.", "VII.", "VIII.", "IX.", "X.",
  ]

  /// The mark of a sentence where the first one's is given: "(b)" after "(a)".
  private static func letter(_ index: Int, _ style: String) -> String {
    let next = String(UnicodeScalar(UInt8(97 + min(index, 25))))
    return style.replacing("a", with: next).replacing("A", with: next.uppercased())
  }

  /// "First", "Secondly", "Then" and the like begin it already.
  private static func isOrdered(_ sentence: String) -> Bool {
    ["First", "Second", "Third", "Then", "Next", "Finally", "Last"].contains {
      sentence.hasPrefix($0)
    }
  }

  private static func count(_ times: String) -> Int {
    NumberWords.small(times.replacing("x", with: ""))
  }

  private static func speakers(_ names: String) -> (String, String) {
    let names = names.split(separator: " and ").map(String.init)
    return (names[0], names[1])
  }
}
