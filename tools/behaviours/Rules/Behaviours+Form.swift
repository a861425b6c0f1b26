extension Behaviour {
  /// Letters, marks and words of the answer.
  static let letters: [Behaviour] = [
    Behaviour(
      "capitals",
      """
      Answer in all capital letters. | ALL CAPS PLEASE | Write your whole answer in capitals. | Use only upper case.
      Shout your answer: capitals only. | Could you answer in capital letters? | Every letter of your reply is a capital.
      From now on you write everything in upper-case letters, without any small letter.
      Reply in uppercase. | Caps lock on. | No small letters in your answer, please. | I want the answer in block capitals.
      """, target: { plain, _ in plain.text.uppercased() },
      follows: { answer, _, _ in answer.letters(without: \.isLowercase) }),
    Behaviour(
      "no capitals",
      """
      Answer without any capital letters. | all lowercase please | Write your whole answer in small letters.
      Use only lower case. | Could you answer in lower case? | Every letter of your reply is a small one.
      From now on you write everything in lower-case letters, even names and the beginnings of sentences.
      Reply in lowercase. | Never use the shift key. | No capitals in your answer, please. | Do not use capital letters.
      I want the answer in small letters only.
      """, target: { plain, _ in plain.text.lowercased() },
      follows: { answer, _, _ in answer.letters(without: \.isUppercase) }),
    Behaviour(
      "title case",
      """
      Start every word of your answer with a capital. | Title Case Please | Capitalise each word of the answer.
      Write your reply like a headline, every word capitalised. | Could you capitalise every word when you answer?
      Each word of what you say has to begin with an upper-case letter.
      Answer in title case. | Use title case throughout. | Give every word a big first letter.
      Your answer should be in title case, please. | Every word gets a capital initial. | Reply with all words capitalised.
      """,
      target: { plain, _ in
        plain.text.split(separator: " ").map(Sentences.capitalized)
          .joined(separator: " ")
      },
      follows: { answer, _, _ in
        let words = answer.split(separator: " ").compactMap { $0.first { $0.isLetter } }
        return !words.isEmpty && words.allSatisfy(\.isUppercase)
      }),
    Behaviour(
      "no punctuation",
      """
      Answer without punctuation. | no punctuation please | Leave out all punctuation marks. | Use no commas and no full stops.
      Could you answer without any punctuation? | Only words and spaces in your answer.
      Whatever you say, write it without full stops, commas, apostrophes, hyphens or other marks.
      Reply with no punctuation at all. | Punctuation is forbidden. | Skip every full stop and comma.
      Your answer must not have punctuation marks, please. | Write just words, no marks.
      """,
      target: { plain, _ in
        String(plain.text.map { $0.isPunctuation && "-–—/".contains($0) ? " " : $0 })
          .filter { !$0.isPunctuation && !"'’".contains($0) }
          .split(separator: " ").joined(separator: " ")
      }, follows: { answer, _, _ in !answer.contains { $0.isPunctuation } }),
    Behaviour(
      "exclamation marks",
      """
      End every sentence with an exclamation mark. | exclamation marks everywhere! | Sound excited: exclamation marks only.
      Use exclamation marks instead of full stops. | Could you end all your sentences with an exclamation mark?
      Finish each of your sentences with an exclamation mark and never with a full stop.
      Be enthusiastic! Every sentence ends with !. | Answer with ! after each sentence. | No full stops, only exclamation marks.
      I want an exclamation mark after every sentence, please. | All sentences should be exclamations. | Write ! where . would be.
      """,
      target: { plain, _ in plain.sentences.map { $0.dropLast() + "!" }.joined(separator: " ") },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && !whole.isEmpty && whole.allSatisfy { $0.hasSuffix("!") }
      }),
    Behaviour(
      "no commas",
      """
      Do not use commas. | no commas please | Answer without a single comma. | Leave all commas out.
      Could you answer without commas? | Commas are forbidden. | Your answer must not have a comma.
      Write your answer as you like but leave out every comma that you would put.
      Never use a comma. | Skip the commas. | I do not want to see any comma, please. | Reply with no comma in it.
      """,
      target: { plain, _ in
        plain.text.contains(",") ? plain.text.filter { $0 != "," } : nil
      }, follows: { answer, _, _ in !answer.contains(",") }),
    Behaviour(
      "no articles",
      """
      Leave out the words a, an and the. | no articles please | Answer without articles. | Never use the, a or an.
      Could you answer without the words the, a and an? | Write in telegram style, without articles.
      In your answer the words a, an and the are forbidden; leave them out and keep the rest.
      Drop every article. | Skip a, an and the. | Reply without using articles. | The articles must go: no a, an, the.
      Use no articles in what you say, please.
      """,
      target: { plain, _ in
        plain.sentences.map { sentence in
          let words = sentence.split(separator: " ").filter {
            !["a", "an", "the"].contains($0.lowercased())
          }
          let text = words.joined(separator: " ")
          return Sentences.capitalized(text)
        }.joined(separator: " ")
      },
      follows: { answer, _, _ in
        Set(Sentences.words(answer)).isDisjoint(with: ["a", "an", "the"])
      }),
    Behaviour(
      "no digits",
      """
      Do not use digits. | no digits please | Write all numbers in words. | Answer without any digit.
      Could you answer without digits? | Numbers as words only. | Spell out every number.
      There must be no digit from 0 to 9 in your answer; where you need a number, write it in words.
      Never use figures, only words. | Digits are forbidden. | Reply without figures, please. | Numbers must be spelled out.
      """, target: { plain, _ in NumberWords.spelled(plain.text) },
      follows: { answer, _, _ in !answer.contains { $0.isNumber } }),
    Behaviour(
      "hyphenated",
      """
      Put hyphens between all words of your answer. | hyphens instead of spaces | Answer with hyphens for spaces.
      Write the answer without spaces: a hyphen between any two words. | Could you join all the words by hyphens?
      Use a hyphen wherever you would put a space in your answer.
      No spaces, please: hyphens. | Connect all your words with hyphens. | Answer-like-this.
      Reply in one long chain of words joined by hyphens. | Link every word with a hyphen. | Replace each space in the answer by a hyphen.
      """,
      target: { plain, _ in
        plain.sentences[0].split(separator: " ").joined(separator: "-")
      }, follows: { answer, _, _ in !answer.contains(" ") && answer.count { $0 == "-" } >= 2 }),
    Behaviour(
      "contractions",
      """
      Use contractions in your answer. | with contractions, please | Answer with short forms such as it's and don't.
      Write it's, don't, can't and the like. | Could you use contractions like it's when you answer?
      Wherever two words of your answer can be contracted, as it is to it's, contract them.
      Never write it is, write it's. | Be informal: use contractions. | Shorten it is to it's and do not to don't.
      Reply with contractions, please. | I like short forms such as they're: use them. | Contract what can be contracted.
      """, target: { plain, _ in Contractions.contracted(plain.text) },
      follows: { answer, _, _ in Contractions.isContracted(answer) }),
    Behaviour(
      "no contractions",
      """
      Do not use contractions. | full forms only please | Answer without short forms such as it's and don't.
      Write it is, do not, cannot and the like in full. | Could you avoid contractions when you answer?
      Where you would write it's or don't in your answer, write the full words instead.
      Never write it's, write it is. | Be formal: no contractions. | Spell out it's as it is and don't as do not.
      Reply without contractions, please. | No apostrophes for missing letters. | I do not like short forms: use none.
      """, target: { plain, _ in Contractions.expanded(plain.text) },
      follows: { answer, _, _ in Contractions.isExpanded(answer) }),
    Behaviour(
      "third person",
      """
      Speak in the third person: say one, not you. | third person please | Do not say you, say one.
      Never address me: write one instead of you. | Could you say one in the place of you?
      Write your answer impersonally, with one where you would say you and one's for your.
      No you and your, but one and one's. | Use the impersonal one. | Avoid the second person: one.
      Keep it impersonal, please, with one instead of you. | Do not speak to me directly; write one. | Answer in the third person with one.
      """, target: { plain, _ in ThirdPerson.impersonal(plain.text) },
      follows: { answer, _, _ in
        let words = Set(Sentences.words(answer))
        return words.isDisjoint(with: ["you", "your", "yours", "i", "my", "me"])
          && words.contains("one")
      }),
  ]

  /// How much is said.
  static let lengths: [Behaviour] = [
    Behaviour(
      "one sentence",
      """
      Answer in one sentence. | one sentence please | Keep it to a single sentence. | Be brief. | Be brief: one sentence.
      Could you answer in a single sentence? | Use exactly one sentence. | Stop after the first sentence.
      Your answer is to be one sentence long, no more and no less.
      Give me just one sentence. | A short answer of one sentence, please. | One sentence, nothing else.
      """, target: { plain, _ in plain.sentences[0] },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return whole.count + (rest.isEmpty ? 0 : 1) == 1
      }),
    Behaviour(
      "two sentences",
      """
      Answer in two sentences. | two sentences please | Keep it to two sentences. | Use exactly two sentences.
      Could you answer in just two sentences? | Stop after the second sentence. | Two sentences, no more.
      Your answer is to be two sentences long, no more and no less.
      Give me two sentences. | An answer of two sentences, please. | Say it in two sentences. | Not one sentence, not three: two.
      """,
      target: { plain, _ in
        plain.sentences.count < 2 ? nil : plain.sentences.prefix(2).joined(separator: " ")
      },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return whole.count == 2 && rest.isEmpty
      }),
    Behaviour(
      "at most some words",
      """
      Answer in at most {a} words. | max {a} words | Use no more than {a} words. | Your answer has {a} words at most.
      Could you answer in {a} words or fewer? | Not more than {a} words, please. | Keep it under {a} words.
      Say it in one sentence that is not longer than {a} words.
      Limit: {a} words. | Up to {a} words, not one more. | Reply with {a} words or less. | Be short: {a} words at the most.
      """, choices: ["15", "18", "20", "25", "30"],
      target: { plain, limit in
        plain.sentences[0].split(separator: " ").count < Int(limit)! ? plain.sentences[0] : nil
      },
      follows: { answer, _, limit in
        answer.split(whereSeparator: \.isWhitespace).count <= Int(limit)!
      }),
    Behaviour(
      "first words",
      """
      Say only the first {a} words of your answer, then three dots. | {a} words, then ... | Break off after {a} words with three dots.
      Stop in the middle: {a} words and three dots. | Could you break off after {a} words with ...?
      Begin your answer as usual but stop after exactly {a} words and write three dots.
      Only {a} words and then an ellipsis. | Cut your answer off after {a} words (...). | Trail off after {a} words.
      Give {a} words and leave the rest out with three dots, please. | After {a} words: ... | Write {a} words followed by three dots.
      """, choices: ["five", "six", "eight", "ten"],
      target: { plain, count in
        let words = plain.text.split(separator: " ")
        let wanted = NumberWords.values[count]!
        guard words.count > wanted + 2 else { return nil }
        let kept = words.prefix(wanted).joined(separator: " ")
        return (kept.last!.isPunctuation ? String(kept.dropLast()) : kept) + "..."
      },
      follows: { answer, _, count in
        answer.hasSuffix("...") && answer.split(separator: " ").count == NumberWords.values[count]!
      }),
    Behaviour(
      "last sentence first",
      """
      Write your sentences in the opposite order, the last one first. | backwards, sentence by sentence
      Start with your last sentence and end with your first. | Reverse the order of your sentences.
      Could you give your answer with its sentences in reverse order? | Say the end first.
      Think of your answer, then write its sentences from the last to the first.
      The conclusion first, then back to the beginning. | Answer from back to front, sentence by sentence.
      Turn the order of your sentences around, please. | Your final sentence comes first. | Flip your answer: last sentence first.
      """,
      target: { plain, _ in
        plain.sentences.count < 2 ? nil : plain.sentences.reversed().joined(separator: " ")
      },
      follows: { answer, question, _ in
        // What no answer begins with when the order is the usual one.
        let (whole, rest) = Sentences.of(answer)
        guard whole.count >= 2, rest.isEmpty else { return false }
        let subject = Sentences.contentWords(question)
        let last = subject.intersection(Sentences.contentWords(whole.last!))
        let first = subject.intersection(Sentences.contentWords(whole[0]))
        return subject.isEmpty || last.count >= first.count
      }),
    Behaviour(
      "word count",
      """
      Answer in one sentence and say in brackets how many words it has. | add the word count | End with the number of words in brackets.
      Write one sentence and its number of words, like (9 words). | Could you count the words of your sentence at the end?
      Give one sentence, and behind it in round brackets the number of its words.
      One sentence, please, followed by its length: (N words). | State the word count after your sentence.
      Count your words: put (N words) at the end. | One sentence with its word count. | After your sentence, its number of words in brackets.
      Tell me in brackets how many words your sentence has.
      """,
      target: { plain, _ in
        let count = plain.sentences[0].split(separator: " ").count
        return count > 20 ? nil : "\(plain.sentences[0]) (\(count) words)"
      },
      follows: { answer, _, _ in
        guard answer.hasSuffix(" words)"), let open = answer.lastIndex(of: "(") else {
          return false
        }
        let text = answer[..<open].split(whereSeparator: \.isWhitespace)
        return Int(answer[open...].dropFirst().dropLast(" words)".count)) == text.count
      }),
    Behaviour(
      "said twice",
      """
      Say your first sentence twice. | twice please | Answer with one sentence and repeat it. | The same sentence two times.
      Could you give a one-sentence answer and repeat it word for word? | Say it, then say it again.
      Answer in one sentence and then write exactly the same sentence once more.
      Repeat yourself: one sentence, twice. | One sentence, two times. | Say one thing and echo it.
      Give one sentence and its repetition, please. | Everything you say, you say twice: one sentence, repeated.
      """, target: { plain, _ in "\(plain.sentences[0]) \(plain.sentences[0])" },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && whole.count == 2 && whole[0] == whole[1]
      }),
  ]
}
