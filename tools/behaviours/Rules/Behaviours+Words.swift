extension Behaviour {
  private static let smallWords = [
    "the", "a", "is", "and", "of", "to", "in", "are", "that", "it", "for", "you",
  ]

  /// What is done to each word, or to some words.
  package static let words: [Behaviour] = [
    Behaviour(
      "joined by",
      """
      Join all the words of your answer with {a}. | {a} between words, no spaces | Put {a} where the spaces would be.
      Replace every space by {a}. | Could you write {a} instead of spaces? | Do not use spaces, use {a}.
      Write one sentence in which all the words are connected by {a} and not by spaces.
      Glue your words together with {a}. | Link the words with {a}, please. | No spaces in the answer: {a} instead.
      Separate your words with {a} only. | Words stuck together by {a}.
      """,
      choices: [
        "_", "underscores", "/", "slashes", "+", "plus signs", "=", "equals signs", "~", "tildes",
        "|", "vertical bars", "pipes", "*", "asterisks", "stars", ":", "colons", "#", "hash signs",
        "&", "ampersands", "@", "^", "carets", "->", "arrows", "//", "double slashes",
      ],
      target: { plain, choice in
        let (sentence, sign) = (plain.sentences[0], Signs.sign(choice))
        return sentence.contains(sign)
          ? nil : Sentences.tokens(sentence).joined(separator: sign)
      },
      follows: { answer, _, choice in
        let parts = answer.split(
          separator: Signs.sign(choice), omittingEmptySubsequences: false)
        return !answer.contains(where: \.isWhitespace) && parts.count >= 3
          && parts.allSatisfy { !$0.isEmpty }
      }),
    Behaviour(
      "sign before words",
      """
      Put {a} before every word. | {a} in front of each word | Begin every word of your answer with {a}.
      Each word starts with {a}. | Could you write {a} directly before each word? | Prefix all words with {a}.
      Write one sentence, and let {a} stand directly in front of every single word of it.
      Every word gets {a} at its beginning. | Tag each word with {a}, please. | All your words begin with {a}.
      Add {a} to the front of each word. | No word without {a} before it.
      """,
      choices: ["#", "@", "$", "+", "~", "*", "_", "^", "%", "&", ">", "=", "/", "!", "-"],
      target: { plain, sign in
        Sentences.mapWords(plain.sentences[0]) { sign + $0 }
      },
      follows: { answer, _, sign in
        let words = Sentences.tokens(answer)
        return words.count >= 3 && words.allSatisfy { $0.hasPrefix(sign) && $0 != sign }
      }),
    Behaviour(
      "words wrapped",
      """
      Put every word in {a}. | each word in {a} | Wrap each word of your answer in {a}. | Enclose every single word in {a}.
      Could you put {a} around each word? | {a} around every word, please. | Every word stands in {a} of its own.
      Write one sentence in which each of the words is surrounded by {a}.
      Surround all words with {a}. | Each word gets its own {a}. | No word without {a} around it. | Use {a} for each of your words.
      """,
      choices: [
        "round brackets", "parentheses", "square brackets", "curly brackets", "braces",
        "angle brackets", "( )", "[ ]", "{ }", "< >", "asterisks", "stars", "slashes",
        "underscores", "tildes", "pipes", "backticks",
      ],
      target: { plain, choice in
        Sentences.mapWords(plain.sentences[0]) {
          let (word, marks) = Sentences.parted($0)
          return Signs.wrapped(word, in: choice) + marks
        }
      },
      follows: { answer, _, choice in
        let words = Sentences.tokens(answer)
        return words.count >= 3
          && words.allSatisfy { Signs.unwrapped(Sentences.parted($0).word, from: choice) != nil }
      }),
    Behaviour(
      "words on lines",
      """
      Write one word per line. | one word a line | Put each word on its own line. | Start a new line after every word.
      Could you put every word on a separate line? | A line break after each word, please. | Only one word on each line.
      Write one sentence from top to bottom, every word of it on a line of its own.
      New line for each word. | Stack your words, one on each line. | Every line of your answer is a single word.
      Go down the page word by word.
      """,
      target: { plain, _ in
        let words = Sentences.tokens(plain.sentences[0])
        return words.count > 24 ? nil : words.joined(separator: "\n")
      },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        return lines.count >= 3 && lines.allSatisfy { Sentences.tokens($0).count == 1 }
      }),
    Behaviour(
      "words per line",
      """
      Write {a} words per line. | {a} words a line | Break the line after every {a} words. | Put {a} words on each line.
      Could you write only {a} words on each line? | Lines of {a} words, please. | Every line has {a} words.
      Write your answer in short lines, each of which has exactly {a} words.
      New line after {a} words. | No line longer than {a} words. | Give each line {a} words. | Use lines with {a} words each.
      """, choices: ["two", "2", "three", "3", "four", "4", "five", "5"],
      target: { plain, count in
        let (words, n) = (Sentences.tokens(plain.text), NumberWords.small(count))
        return stride(from: 0, to: words.count, by: n).map {
          words[$0..<min($0 + n, words.count)].joined(separator: " ")
        }.joined(separator: "\n")
      },
      follows: { answer, _, count in
        let lengths = answer.linesWithText.map { Sentences.tokens($0).count }
        let n = NumberWords.small(count)
        return lengths.count >= 2 && lengths.dropLast().allSatisfy { $0 == n }
          && lengths[lengths.count - 1] <= n
      }),
    Behaviour(
      "words twice",
      """
      Write every word twice. | each word two times | Double every word of your answer. | Repeat each word once.
      Could you say every word twice? | Say say each each word word twice twice. | Every word comes in two copies, please.
      Write one sentence in which each word is followed by the same word again.
      Stutter: repeat every word. | Each word is doubled. | Two of every word. | Echo each word directly after it.
      """,
      target: { plain, _ in
        let sentence = plain.sentences[0]
        return Sentences.tokens(sentence).count > 28
          ? nil : Sentences.mapWords(sentence) { "\(Sentences.parted($0).word) \($0)" }
      },
      follows: { answer, _, _ in
        let words = Sentences.tokens(answer).map(Sentences.core)
        return words.count >= 4 && words.count.isMultiple(of: 2)
          && stride(from: 0, to: words.count, by: 2).allSatisfy { words[$0] == words[$0 + 1] }
      }),
    Behaviour(
      "every other word in capitals",
      """
      Put every second word in capitals. | every other word in CAPS | Write one word normally, THE next in capitals, and SO on.
      Every second word is in capital letters. | Could you capitalise every other word completely?
      Switch between normal words and words in capitals, one after the other.
      Capitals for every other word, please. | The second, the fourth, the sixth word and so on are in upper case.
      Alternate: small word, BIG word. | Shout every second word. | Every other word in upper case. | Take turns: one word normal, one word all caps.
      """,
      target: { plain, _ in
        Sentences.tokens(plain.text).enumerated().map { $0 % 2 == 0 ? $1 : $1.uppercased() }
          .joined(separator: " ")
      },
      follows: { answer, _, _ in
        let words = Sentences.tokens(answer).enumerated()
        let big = words.filter { $0.offset % 2 == 1 }
        let small = words.filter { $0.offset % 2 == 0 }
        // Abbreviations are in capitals anyway.
        return big.count >= 2 && big.allSatisfy { !$0.element.contains(where: \.isLowercase) }
          && small.count { $0.element.contains(where: \.isLowercase) } * 2 > small.count
      }),
    Behaviour(
      "first words in capitals",
      """
      Write the first word of every sentence in capitals. | FIRST word of each sentence in caps | Put each sentence's first word in capital letters.
      Every sentence begins with a word in capitals. | Could you capitalise the whole first word of each sentence?
      Use capital letters for the word that opens a sentence, and write all the other words as usual.
      Opening words in upper case, please. | The first word of a sentence is all caps. | Shout the first word of every sentence.
      Start every sentence with a word in block capitals. | Sentence openers in CAPS. | Only the first word of each sentence is in upper case.
      """,
      target: { plain, _ in
        plain.sentences.map { sentence in
          let first = sentence.prefix { $0 != " " }
          return first.uppercased() + sentence.dropFirst(first.count)
        }.joined(separator: " ").unless(plain.text)
      },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return answer.contains(where: \.isLowercase)
          && (whole + (rest.isEmpty ? [] : [rest])).allSatisfy {
            !$0.prefix { $0 != " " }.contains(where: \.isLowercase)
          }
      }),
    Behaviour(
      "last words in capitals",
      """
      Write the last word of every sentence in capitals. | last word of each sentence in CAPS | Put each sentence's last word in capital letters.
      Every sentence ends with a word in capitals. | Could you capitalise the whole last word of each sentence?
      Use capital letters for the word that closes a sentence, and write all the other words as usual.
      Closing words in upper case, please. | The last word of a sentence is all caps. | Shout the last word of every SENTENCE.
      Finish every sentence with a word in block capitals. | Sentence endings in CAPS. | Only the last word of each sentence is in upper case.
      """,
      target: { plain, _ in
        plain.sentences.map { sentence in
          let words = Sentences.tokens(sentence)
          return (words.dropLast() + [words[words.count - 1].uppercased()]).joined(separator: " ")
        }.joined(separator: " ").unless(plain.text)
      },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && answer.contains(where: \.isLowercase)
          && whole.allSatisfy {
            !(Sentences.tokens($0).last ?? "").contains(where: \.isLowercase)
          }
      }),
    Behaviour(
      "word in capitals",
      """
      Write the word {a} in capitals each time. | {a} always in CAPS | Put every {a} in capital letters. | Use upper case for the word {a}.
      Could you write {a} in capitals wherever it comes? | The word {a} is always in capitals. | Capitals for {a}, please.
      Wherever the word {a} comes up in your answer, write it in capital letters.
      Shout the word {a} and no other word. | Only the word {a} is in all caps. | Highlight {a} by writing it in capitals. | Make every {a} upper case.
      """, choices: smallWords,
      target: { plain, word in
        Sentences.mapWords(plain.text) { Sentences.core($0) == word ? $0.uppercased() : $0 }
          .unless(plain.text)
      },
      follows: { answer, _, word in
        let found = Sentences.tokens(answer).filter { Sentences.core($0) == word }
        return !found.isEmpty && answer.contains(where: \.isLowercase)
          && found.allSatisfy { !$0.contains(where: \.isLowercase) }
      }),
    Behaviour(
      "without a word",
      """
      Do not use the word {a}. | without the word {a} | Leave out every {a}. | The word {a} is forbidden.
      Could you answer without the word {a}? | Never write {a}. | Your answer must not have the word {a}, please.
      Write your answer as you like, but leave out the word {a} wherever it would come.
      Skip the word {a}. | Avoid the word {a}. | Drop {a} from your answer. | I do not want to see the word {a}.
      """, choices: smallWords,
      target: { plain, word in
        var isThere = false
        let made = plain.sentences.map { sentence in
          let words = Sentences.tokens(sentence).filter {
            guard $0.lowercased() == word else { return true }
            isThere = true
            return false
          }
          return Sentences.capitalized(words.joined(separator: " "))
        }.joined(separator: " ")
        return isThere ? made : nil
      },
      follows: { answer, _, word in
        !Sentences.tokens(answer).contains { Sentences.core($0) == word }
      }),
    Behaviour(
      "word exchanged",
      """
      Replace the word {a}. | swap {a} | In your answer, replace {a} each time. | Exchange {a} wherever it comes.
      Could you replace {a} in what you say? | Substitute every {a}. | Please replace {a} throughout.
      Write your answer as usual, but wherever the word would come up, replace {a}.
      Replace each {a}. | Always swap {a}. | Let your answer replace {a} everywhere. | Exchange each {a} when you answer.
      """,
      choices: ["the", "a", "is", "and", "of", "to", "in", "are"].flatMap { word in
        ["banana", "zig", "XX", "blah", "potato", "hey"].map {
          ($0.count + word.count).isMultiple(of: 2)
            ? "\(word) with \($0)" : "\"\(word)\" with \"\($0)\""
        }
      },
      target: { plain, choice in
        let (old, new) = exchange(choice)
        return Sentences.mapWords(plain.text) { word in
          guard Sentences.parted(word).word.lowercased() == old else { return word }
          let isCapital = word.first?.isUppercase ?? false
          return (isCapital ? Sentences.capitalized(new) : new) + Sentences.parted(word).marks
        }.unless(plain.text)
      },
      follows: { answer, _, choice in
        let (old, new) = exchange(choice)
        let words = Sentences.tokens(answer).map(Sentences.core)
        return !words.contains(old) && words.contains(new.lowercased())
      }),
  ]

  /// What is to be exchanged and for what, from `a with b`, perhaps in quotation marks.
  static func exchange(_ choice: String) -> (old: String, new: String) {
    let parts = choice.filter { $0 != "\"" }.split(separator: " with ").map(String.init)
    return (parts[0], parts[1])
  }
}
