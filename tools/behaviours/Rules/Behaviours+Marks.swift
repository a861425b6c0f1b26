extension Behaviour {
  /// Letters, spaces and marks, and what stands around sentences.
  package static let marks: [Behaviour] = [
    Behaviour(
      "letters exchanged",
      """
      Replace every {a}. | {a}, always | Swap each {a} in your answer. | Write your answer as usual, but replace each {a}.
      Could you replace each letter {a}? | Use other signs for letters: {a}. | Exchange each {a}, please.
      Go through all the words of your answer and replace the letter {a}.
      Every letter {a}. | Substitute each {a} in what you write. | Hacker style: each {a}. | Change the letter {a} everywhere.
      """,
      choices: [
        "e with 3", "o with 0", "a with @", "s with $", "i with 1", "a with 4", "e with *",
        "o with *", "t with 7", "s with 5", "a with *", "i with !", "t with +", "b with 8",
      ], keepsWords: false,
      target: { plain, choice in
        let (letter, sign) = exchange(choice)
        return plain.text.replacing(letter, with: sign)
          .replacing(letter.uppercased(), with: sign)
      },
      follows: { answer, _, choice in
        let (letter, sign) = exchange(choice)
        return !answer.lowercased().contains(letter)
          && answer.split(separator: sign, omittingEmptySubsequences: false).count >= 3
          && answer.count(where: \.isLetter) * 2 >= answer.count
      }),
    Behaviour(
      "no spaces",
      """
      Leave out the spaces and begin every word with a capital. | LikeThisNoSpaces | Answer in camel case. | Write everything as one word in CamelCase.
      Could you write without spaces, each word with a capital? | One long word, please, with capitals inside.
      Write one sentence without any space in it; a capital letter shows where each word begins.
      No spaces, only capitals at the start of words. | Run your words together, each with a capital. | UseCamelCase.
      Put all words together without spaces, CapitalisingEachOne. | Your answer is a single camel-case word.
      """, keepsWords: false,
      target: { plain, _ in
        Sentences.tokens(plain.sentences[0]).map(Sentences.capitalized).joined()
      },
      follows: { answer, _, _ in
        !answer.contains(where: \.isWhitespace) && answer.count { $0.isUppercase } >= 3
          && answer.contains(where: \.isLowercase) && !answer.contains { "-_/".contains($0) }
      }),
    Behaviour(
      "wide spaces",
      """
      Put {a} spaces between all words. | {a} spaces between words | Use {a} spaces instead of one. | Separate your words by {a} spaces.
      Could you leave {a} spaces between the words? | Write with {a} spaces after each word.
      Wherever you would write a single space in your answer, write {a} spaces.
      Wide gaps, please: {a} spaces between words. | Hit the space bar {a} times between words. | {a} spaces, not one, between any two words.
      Leave room: {a} spaces after every word. | Each gap between words is {a} spaces wide.
      """, choices: ["two", "2", "three", "3", "four", "4"],
      target: { plain, count in
        Sentences.tokens(plain.text).joined(
          separator: String(repeating: " ", count: NumberWords.small(count)))
      },
      follows: { answer, _, count in
        let gaps = answer.split { !$0.isWhitespace }
        let n = NumberWords.small(count)
        return gaps.count >= 2 && gaps.allSatisfy { $0.count == n }
      }),
    Behaviour(
      "no apostrophes",
      """
      Do not use apostrophes. | no apostrophes please | Leave out all apostrophes. | Write dont and its, without the apostrophe.
      Could you answer without apostrophes? | Apostrophes are forbidden. | Never type an apostrophe.
      Write your answer as usual, but leave out every apostrophe that should be in it.
      Skip the apostrophes. | My font has no apostrophe, so do without. | No ' anywhere. | Drop every apostrophe, please.
      """, target: { plain, _ in plain.text.filter { !"'’".contains($0) }.unless(plain.text) },
      follows: { answer, _, _ in !answer.contains { "'’".contains($0) } }),
    Behaviour(
      "ampersand",
      """
      Write {a} instead of and. | {a} for and | Use {a} in place of the word and. | Every and becomes {a}.
      Could you write {a} where you would say and? | Never write and, write {a}. | The word and is replaced by {a}, please.
      Wherever the word and would come in your answer, put {a} in its place.
      Put {a} for each and. | Say {a}, not and. | I prefer {a} to the word and. | Turn all your ands into {a}.
      """, choices: ["&", "+", "plus", "n", "/", "'n'", "und", "et"],
      target: { plain, sign in
        Sentences.mapWords(plain.text) {
          $0 == "and" ? sign : $0 == "And" ? Sentences.capitalized(sign) : $0
        }.unless(plain.text)
      },
      follows: { answer, _, sign in
        let words = Sentences.tokens(answer)
        return !words.contains { Sentences.core($0) == "and" }
          && words.contains { $0.lowercased() == sign }
      }),
    Behaviour(
      "text speak",
      """
      Write like a text message: u, r, 2, 4. | txt speak pls | Use u for you, r for are and 2 for to. | Answer in SMS language.
      Could you answer like in a text message, with u and r and &? | Use the short spellings of text messages.
      Shorten words as in a text message: u, r, 2, w/.
      Write your answer as a teenager types on the phone: u for you, r for are, 4 for for, 2 for to, & for and.
      Text style, please: u, ur, r, 2, 4, &. | Chat abbreviations like u and 2. | SMS spelling. | Spell it as in a text: r u there?
      """,
      target: { plain, _ in
        Sentences.mapWords(plain.text) { token in
          let (word, marks) = Sentences.parted(token)
          guard let short = textSpeak[word.lowercased()] else { return token }
          return (word.first?.isUppercase ?? false ? Sentences.capitalized(short) : short) + marks
        }.unless(plain.text)
      },
      follows: { answer, _, _ in
        let words = Sentences.tokens(answer).map { Sentences.parted($0).word.lowercased() }
        return !words.contains { textSpeak[$0] != nil }
          && !Set(words).isDisjoint(with: textSpeak.values)
      }),
    Behaviour(
      "small beginnings",
      """
      Begin every sentence with a small letter. | sentences start small | No capital at the start of a sentence. | start each sentence in lower case
      Could you begin your sentences with a small letter? | The first letter of a sentence is small.
      Do not capitalise the first word of a sentence; names keep their capitals.
      Sentences without a capital at the beginning, please. | Never begin a sentence with a capital. | Keep the first letter of each sentence lower case.
      Every sentence opens with a lower-case letter. | Small letter first in each sentence.
      """,
      target: { plain, _ in
        plain.sentences.map(Sentences.uncapitalized).joined(separator: " ")
      },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return (whole + (rest.isEmpty ? [] : [rest])).allSatisfy {
          !($0.first { $0.isLetter }?.isUppercase ?? true)
        }
      }),
    Behaviour(
      "other full stops",
      """
      End every sentence with {a} instead of a full stop. | {a} for full stops | Write {a} where a full stop would be. | Replace each full stop by {a}.
      Could you put {a} in the place of full stops? | No full stops, {a} instead. | Every sentence ends with {a}, please.
      Finish each of your sentences with {a} and never with a full stop.
      Use {a} as your full stop. | Sentences end in {a}. | Turn all full stops into {a}. | Your full stop looks like this: {a}
      """,
      choices: [
        "?", "!!", "?!", "!!!", ";", "~", "/", "#", "*", "STOP", "(stop)", ":-)", ":)", "<3", "xx",
        "^^", "=", "||", "$",
      ],
      target: { plain, mark in
        plain.sentences.map { stop($0, mark) }.joined(separator: " ")
      },
      follows: { answer, _, mark in
        let (whole, _) = Sentences.of(answer)
        let text = answer.dropLast(mark.count)
        return answer.hasSuffix(mark) && text.count > 5 && text.last != mark.first
          && !whole.contains { $0.hasSuffix(".") }
      }),
    Behaviour(
      "sentences separated",
      """
      Put {a} between your sentences. | {a} between sentences | Separate the sentences of your answer by {a}. | Write {a} after every sentence but the last.
      Could you separate your sentences with {a}? | Between any two sentences there should be {a}.
      Write your answer as usual and put {a} between each sentence and the next.
      Use {a} to divide your sentences. | Divide what you say with {a}. | Keep the sentences apart with {a}, please.
      Insert {a} wherever a new sentence begins. | Sentence {a} sentence.
      """,
      choices: [
        "|", "/", "//", "---", "~~~", "###", "+++", "=>", "->", "<>", "@@", "&&", "STOP", "NEXT",
        "BREAK", "::", "##", "===", "||", "%", "$$", "\\", "(pause)", "[...]", "^", "arrows",
        "tildes", "pipes", "slashes",
      ],
      target: { plain, choice in
        plain.sentences.count < 2
          ? nil : plain.sentences.joined(separator: " \(Signs.sign(choice)) ")
      },
      follows: { answer, _, choice in
        let parts = answer.replacing("\n", with: " ")
          .parts(between: " \(Signs.sign(choice)) ")
        return parts.count >= 2 && parts.allSatisfy(Sentences.isOne)
      }),
    Behaviour(
      "sentences wrapped",
      """
      Put every sentence in {a}. | each sentence in {a} | Wrap each of your sentences in {a}. | Every sentence stands in {a} of its own.
      Could you put {a} around each sentence? | {a} around every sentence, please. | Enclose each single sentence in {a}.
      Write your answer so that each of its sentences is surrounded by its own {a}.
      One pair of {a} for each sentence. | Surround all your sentences with {a}, one by one. | Sentence by sentence in {a}.
      Give every sentence its own {a}.
      """,
      choices: [
        "round brackets", "parentheses", "square brackets", "curly brackets", "braces",
        "angle brackets", "( )", "[ ]", "{ }", "< >", "asterisks", "tildes", "slashes",
        "underscores", "pipes", "[[ ]]", "backticks",
      ],
      target: { plain, choice in
        plain.sentences.count < 2
          ? nil
          : plain.sentences.map { Signs.wrapped($0, in: choice) }.joined(separator: " ")
      },
      follows: { answer, _, choice in
        let (open, close) = Signs.ends(choice)
        guard let inside = Signs.unwrapped(answer.replacing("\n", with: " "), from: choice)
        else { return false }
        let parts = inside.parts(between: close + " " + open)
        return parts.count >= 2 && parts.allSatisfy(Sentences.isOne)
      }),
    Behaviour(
      "wrapped",
      """
      Put your answer between {a}. | {a} around the answer | Wrap your whole answer in {a}. | Your answer stands between {a}.
      Could you put {a} around your answer? | Begin and end with {a}. | Surround what you say with {a}, please.
      Write {a} at both ends of your answer, directly before the first word and directly after the last.
      Enclose your answer in {a}. | {a} at the start and at the end. | The whole reply goes between {a}. | Frame your answer with {a}.
      """,
      choices: [
        "square brackets", "curly brackets", "braces", "angle brackets", "[ ]", "{ }", "< >",
        "[[ ]]", "{{ }}", "<< >>", "(( ))", "/* */", "tildes", "~", "slashes", "/", "vertical bars",
        "|", "pipes", "hash signs", "#", "equals signs", "=", "##", "===", "///", "~~~", "^^", "%",
        "$", "__", "@", "+", "double square brackets", "dollar signs", "percent signs",
      ], target: { plain, choice in Signs.wrapped(plain.text, in: choice) },
      follows: { answer, _, choice in
        let first = Signs.unwrapped(answer, from: choice)?.first
        return first.map { $0.isLetter || $0.isNumber || $0.isWhitespace || "\"'(".contains($0) }
          ?? false
      }),
    Behaviour(
      "first sentence marked",
      """
      Put the first sentence in {a}. | first sentence in {a} | Use {a} for your first sentence. | Your opening sentence is in {a}.
      Could you put your first sentence in {a}? | {a} for the first sentence only. | Only the first sentence is in {a}.
      Write the first sentence of your answer in {a} and the others as usual.
      The first sentence, and no other, in {a}. | Begin with a sentence in {a}. | Set your first sentence in {a}, please.
      Sentence one in {a}, the rest plain.
      """,
      choices: [
        "bold", "Markdown bold", "italics", "Markdown italics", "capitals", "square brackets",
        "round brackets", "parentheses", "curly brackets", "strikethrough", "backticks",
        "upper case", "tildes", "slashes",
      ],
      target: { plain, choice in
        guard plain.sentences.count >= 2 else { return nil }
        let first = plain.sentences[0]
        let made = isCapitals(choice) ? first.uppercased() : Signs.wrapped(first, in: choice)
        return ([made] + plain.sentences.dropFirst()).joined(separator: " ")
      },
      follows: { answer, _, choice in
        if isCapitals(choice) {
          let (whole, rest) = Sentences.of(answer)
          guard let first = whole.first else { return false }
          let others = (whole.dropFirst() + [rest]).joined()
          return first.letters(without: \.isLowercase) && others.contains(where: \.isLowercase)
        }
        let (open, close) = Signs.ends(choice)
        guard answer.hasPrefix(open) else { return false }
        let parts = answer.dropFirst(open.count).split(separator: close, maxSplits: 1)
        return parts.count == 2 && Sentences.isOne(String(parts[0]))
          && parts[1].count >= 3 && !parts[1].contains(close)
      }),
    Behaviour(
      "first word marked",
      """
      Put the first word of your answer in {a}. | first word in {a} | Use {a} for the very first word. | Your first word is in {a}.
      Could you put your first word in {a}? | {a} for the first word only. | Only the first word is in {a}.
      Write the first word of your answer in {a} and all the others as usual.
      The first word, and no other, in {a}. | Begin with a word in {a}. | Set the first word in {a}, please. | Word one in {a}, the rest plain.
      """,
      choices: [
        "bold", "Markdown bold", "italics", "Markdown italics", "square brackets",
        "round brackets", "parentheses", "curly brackets", "strikethrough", "backticks",
        "angle brackets", "double underscores", "tildes",
      ],
      target: { plain, choice in
        let words = Sentences.tokens(plain.text)
        let (word, marks) = Sentences.parted(words[0])
        return ([Signs.wrapped(word, in: choice) + marks] + words.dropFirst())
          .joined(separator: " ")
      },
      follows: { answer, _, choice in
        let words = Sentences.tokens(answer)
        guard words.count >= 3 else { return false }
        let (open, close) = Signs.ends(choice)
        return Signs.unwrapped(Sentences.parted(words[0]).word, from: choice) != nil
          && !words[1].hasPrefix(open) && !answer.hasSuffix(close)
      }),
  ]

  private static func isCapitals(_ choice: String) -> Bool {
    choice == "capitals" || choice == "upper case"
  }

  /// A sentence with another end: a word or a face after a space, a mark without one.
  private static func stop(_ sentence: String, _ mark: String) -> String {
    let isApart = mark.contains(where: \.isLetter) || ":<^(".contains(mark.prefix(1))
    return sentence.dropLast() + (isApart ? " " : "") + mark
  }

  private static let textSpeak = [
    "you": "u", "your": "ur", "are": "r", "to": "2", "for": "4", "and": "&", "because": "cuz",
    "with": "w/", "people": "ppl", "be": "b", "see": "c", "great": "gr8", "too": "2",
    "before": "b4",
  ]
}
