extension Behaviour {
  /// A phrase or a word of the instruction at a place within the answer, neither at its very beginning nor
  /// at its very end, or in the place of a word.
  package static let phrases: [Behaviour] = [
    Behaviour(
      "after the first sentence",
      """
      Put the words "{a}" after the first sentence. | after sentence one: {a} | Behind your first sentence, say {a}
      Write one sentence, then {a}, then the rest. | Could you insert {a} after the first sentence?
      Interrupt yourself after one sentence with {a} | Second comes {a}
      When your first sentence is over, write the words {a} and go on with your answer.
      After the opening sentence say {a} | first sentence, {a}, other sentences | Follow up your first sentence with {a} | Let {a} be the second thing you say
      """,
      choices: parted(
        """
        Believe me. | Just imagine! | What a thought! | Mark my words. | So far, so good. | Are you still with me? | No joke!
        Keep that in mind. | Isn't that something? | I am not making this up. | How about that? | Let that sink in. | True story. | Wow!
        You heard me. | Take a deep breath. | Now listen to this. | Bless my soul! | As everybody knows. | Who would have guessed? | Good grief!
        My cat agrees. | Please take notes. | Here comes the best part. | Drink some water. | Hold your horses! | Life is strange. | Bananas are yellow.
        Do not laugh. | Next, please. | Hurrah! | Remember the milk.
        """),
      target: { plain, phrase in
        guard plain.sentences.count >= 2 else { return nil }
        let rest = plain.sentences.dropFirst().joined(separator: " ")
        return "\(plain.sentences[0]) \(phrase) \(rest)"
      },
      follows: { answer, _, phrase in
        guard let parts = around(phrase, in: answer) else { return false }
        let (whole, rest) = Sentences.of(parts.before)
        return whole.count == 1 && rest.isEmpty && parts.after.contains(where: \.isLetter)
      }),
    Behaviour(
      "between sentences",
      """
      Say {a} between your sentences. | {a} in between | Put {a} between any two sentences. | Between one sentence and the next, write {a}
      Could you put {a} between the sentences? | Separate your sentences by {a} | Your sentences have {a} between them.
      Wherever one sentence ends and another one begins, write {a}
      Let {a} stand between the sentences. | one sentence, {a} next sentence | Fill the gaps between sentences with {a} | Divide your sentences by saying {a}
      """,
      choices: parted(
        """
        Wait for it! | And then? | Drum roll! | Tick tock. | Hold on. | Guess what! | Let me continue. | Hm. | There is more. | La la la. | Ding dong!
        Knock knock! | Well, well. | Here we go. | Click. | Moving on. | And that's not all! | One moment. | Cut! | Next! | Boom! | Beep.
        Pause. | Ready? | Listen. | Bla bla. | Go on. | Hop! | Aha! | Curtain.
        """),
      target: { plain, phrase in
        plain.sentences.count < 2 ? nil : plain.sentences.joined(separator: " \(phrase) ")
      },
      follows: { answer, _, phrase in
        let parts = answer.split(separator: phrase).map { String($0).trimmingSpace }
        return parts.count >= 2 && !answer.hasPrefix(phrase) && !answer.hasSuffix(phrase)
          && parts.allSatisfy { Sentences.of($0).whole.count == 1 }
      }),
    Behaviour(
      "line between",
      """
      After the first sentence, write {a} on a line of its own, then go on. | {a} on its own line after sentence one
      Put a line that only says {a} behind your first sentence. | Break the answer once by a line with {a}
      Could you put {a} alone on a line between the first sentence and the rest?
      One sentence, a line with {a}, and the rest on a third line. | A separate line {a} comes after the first sentence.
      When the first sentence is written, start a new line for {a} and another one for what is left.
      Insert a line with nothing but {a} after sentence one. | first sentence / {a} / the rest | Let a line with {a} part the first sentence from the others. | The line {a} follows your first sentence
      """,
      choices: parted(
        """
        Intermission | Coffee break | Pause | To be continued | Part two | Advertisement | Silence | Meanwhile | Act two | Later | Applause
        Half-time | Five minutes later | Turn the page | A short break | Continued below | Music | The next day | Thunder | More | Lunch | Chapter two
        Snip | Next slide | Stay tuned | Interlude | Drums | Same place, later | Tea time | Fade out
        """),
      target: { plain, line in
        guard plain.sentences.count >= 2 else { return nil }
        let rest = plain.sentences.dropFirst().joined(separator: " ")
        return "\(plain.sentences[0])\n\(line)\n\(rest)"
      },
      follows: { answer, _, line in
        let lines = answer.linesWithText.map(\.trimmingSpace)
        return lines.count >= 3 && lines[1] == line
      }),
    Behaviour(
      "second sentence begins",
      """
      Begin the second sentence with {a}. | sentence two: {a}, ... | Your second sentence starts with the word {a} and a comma.
      Open sentence number two with {a}. | Could you start the second sentence with {a}?
      The first sentence is free, the second begins with {a}. | Let {a} lead into your second sentence.
      Pass over from the first sentence to the second with the word {a} and a comma.
      Use {a} to start sentence two, please. | second sentence = {a}, and so on | Put {a} in front of the second sentence. | The second sentence should open on {a}
      """, choices: parted(linking),
      target: { plain, word in
        guard plain.sentences.count >= 2 else { return nil }
        var sentences = plain.sentences
        sentences[1] = "\(word), \(Sentences.inside(sentences[1], question: plain.question))"
        return sentences.joined(separator: " ")
      },
      follows: { answer, _, word in
        let whole = Sentences.of(answer).whole
        return whole.count >= 2 && whole[1].hasPrefix("\(word), ")
          && !whole[0].hasPrefix("\(word), ")
      }),
    Behaviour(
      "later sentences begin",
      """
      Begin every sentence but the first with {a}. | {a}, from sentence two on | All sentences after the first start with {a} and a comma.
      Except for the first, each sentence opens with {a}. | Could you start all but the first sentence with {a}?
      The first sentence is normal; every other one begins with {a}.
      Link all your later sentences to the one before with the word {a} and a comma.
      From the second sentence on, say {a} each time. | Put {a} before each sentence except the first. | first one plain, the others with {a}, in front
      Let every further sentence start with {a}. | {a} is how each of the later sentences begins
      """, choices: parted(linking),
      target: { plain, word in
        guard plain.sentences.count >= 2 else { return nil }
        return plain.sentences.enumerated().map { index, sentence in
          index == 0
            ? sentence : "\(word), \(Sentences.inside(sentence, question: plain.question))"
        }.joined(separator: " ")
      },
      follows: { answer, _, word in
        let (whole, rest) = Sentences.of(answer)
        return whole.count >= 2 && rest.isEmpty && !whole[0].hasPrefix("\(word), ")
          && whole.dropFirst().allSatisfy { $0.hasPrefix("\(word), ") }
      }),
    Behaviour(
      "before the last sentence",
      """
      Put the words {a} before your last sentence. | {a} ahead of the last sentence | Announce the last sentence with {a}
      Just before the final sentence, say {a} | Could you write {a} in front of the last sentence?
      Your last sentence comes after the words {a} | Introduce the final sentence by {a}
      When only one sentence is left to say, write {a} and then say it.
      Lead into the last sentence with {a} | last sentence preceded by {a} | Let {a} come right before the sentence that ends it | Save {a} for the start of the closing sentence
      """,
      choices: parted(
        """
        Most of all: | And finally: | Listen to this: | Last but not least: | The best for last: | Remember: | One more thing: | In the end: | Careful now:
        To sum up: | Here it comes: | Believe it or not: | My last word: | Attention: | Before I go: | Above all: | And now: | Note well:
        Between you and me: | What is more: | The last point: | Once again: | Be warned: | To close: | Surprise: | Drum roll:
        Take it from me: | Last of all: | A final word: | Know this:
        """),
      target: { plain, phrase in
        guard plain.sentences.count >= 2, let last = plain.sentences.last else { return nil }
        let first = plain.sentences.dropLast().joined(separator: " ")
        return "\(first) \(phrase) \(Sentences.inside(last, question: plain.question))"
      },
      follows: { answer, _, phrase in
        guard let parts = around(phrase, in: answer) else { return false }
        let last = Sentences.of(parts.after)
        let first = Sentences.of(parts.before)
        return last.whole.count == 1 && last.rest.isEmpty && !first.whole.isEmpty
          && first.rest.isEmpty
      }),
    Behaviour(
      "mentions",
      """
      Mention {a} in your answer. | mention {a} | Use the word {a} somewhere. | Somehow bring in {a}. | The answer has to mention {a}.
      Could you work {a} into your answer? | Do not forget to mention {a}. | Let {a} come up in what you say.
      Whatever you answer, say by the way that it reminds you of {a}.
      Include a remark on {a}, please. | {a} must be in it | Slip in a word about {a}. | I want to read something of {a} in your answer | Your answer contains the word {a}
      """,
      choices: parted(
        """
        bananas | chocolate | Paris | football | the sea | elephants | my grandmother | jazz | rain | pizza | the moon | bicycles | penguins | roses
        cheese | Napoleon | old shoes | snow | coffee | butterflies | the opera | pancakes | dinosaurs | candles | honey | chess | umbrellas | Australia
        trains | lemons | Beethoven | camels | the circus | mushrooms | robots | Sunday | balloons | goldfish | spaghetti | Cleopatra | volcanoes | socks
        """),
      target: { plain, word in
        Sentences.has(word, in: plain.text)
          ? nil : "\(plain.text) By the way, that reminds me of \(word)."
      },
      follows: { answer, _, word in
        Sentences.has(word, in: answer) && Sentences.of(answer).whole.count >= 2
      }),
    replaced(
      "the replaced", "the",
      """
      Replace the word the by {a}. | the -> {a} | Write {a} wherever you would write the. | Use {a} for the.
      Could you say {a} instead of the? | Never say the; say {a}. | The word the becomes {a} in your answer.
      In your whole answer, put the word {a} in the place of the definite article.
      Swap the for {a}, please. | {a} instead of the | Let {a} take the place of the word the. | Each the has to turn into {a}
      """,
      "ze | da | le | thee | dat | zis | blah | purple | el | der | la | yon | every | that | thy | banana | your | my | our | some | di | tha | such | said | il | de | super | tiny | old | dear"
    ),
    replaced(
      "and replaced", "and",
      """
      Replace the word and by {a}. | and -> {a} | Write {a} wherever you would write and. | Use {a} for and.
      Could you say {a} instead of and? | Never say and; say {a}. | The word and becomes {a} in your answer.
      In your whole answer, put {a} where the word and would be.
      Swap and for {a}, please. | {a} instead of and | Let {a} take the place of every and. | Each and has to turn into {a}
      """,
      "& | plus | as well as | along with | und | et | n | an' | and also | together with | & also | with | and then | y | and even | next to | besides | ond"
    ),
    replaced(
      "is replaced", "is",
      """
      Replace the word is by {a}. | is -> {a} | Write {a} wherever you would write is. | Use {a} for is.
      Could you say {a} instead of is? | Never say is; say {a}. | The word is becomes {a} in your answer.
      In your whole answer, put {a} where the word is would be.
      Swap is for {a}, please. | {a} instead of is | Let {a} take the place of every is. | Each is has to turn into {a}
      """,
      "seems to be | appears to be | must be | may be | iz | ist | be | was | might be | remains | could be | should be | ain't | will be | has to be | is surely | is perhaps | tends to be | used to be | is certainly"
    ),
    Behaviour(
      "addressed last",
      """
      Call me {a} in the last sentence. | last sentence: call me {a} | Speak to me as {a} at the end of the last sentence.
      Address me as {a}, but only in your last sentence. | Could you call me {a} when you come to the end?
      The final sentence is addressed to {a}. | Let the last sentence close with a comma and {a}.
      Before the last full stop, put a comma and call me {a}.
      Turn to me as {a} in the closing sentence. | end: ..., {a}. | Name me {a} at the close of the last sentence. | Finish your last sentence by calling me {a}
      """,
      choices: parted(
        """
        my friend | dear reader | boss | sweetheart | comrade | buddy | mate | neighbour | young man | madam | darling | champ | coach | chief | my lord
        stranger | dude | cousin | Susan | Karl | brother | sister | Watson | professor | my dear | partner | ladies and gentlemen | folks | kiddo | Mr President
        Julia | honey | old chap | traveller | Miss Green | friends | pal | my queen
        """),
      target: { plain, name in
        guard let mark = plain.text.last, ".!?".contains(mark) else { return nil }
        return "\(plain.text.dropLast()), \(name)\(mark)"
      },
      follows: { answer, _, name in
        let end = answer.reversed().drop { ".!?".contains($0) }
        return String(end.reversed()).hasSuffix(", \(name)") && answer.count > name.count + 12
      }),
    Behaviour(
      "filler",
      """
      Say {a} after the first word of every sentence. | filler word: {a} | After each sentence's first word comes {a}, between commas.
      Use {a} as a filler in every sentence. | Could you slip in {a} after the first word of each sentence?
      Talk like somebody who says {a} in every sentence. | One word, {a}, and then the rest of the sentence.
      In each of your sentences put {a} between commas right behind the first word.
      Insert {a} as the second thing in each sentence. | word one, {a}, rest | Let {a} follow the first word of all sentences. | Every sentence has {a} after its first word
      """,
      choices: parted(
        """
        like | you know | um | uh | I mean | well | er | so to speak | kind of | basically | I guess | right | man | let's say | of course | hmm
        you see | in a way | literally | ah | sort of | I suppose | God knows | trust me | I believe | no doubt | it seems | I fear
        """),
      target: { plain, filler in
        plain.sentences.map { sentence in
          let words = sentence.split(separator: " ", maxSplits: 1)
          guard words.count == 2 else { return sentence }
          let first = words[0].last == "," ? words[0].dropLast() : words[0]
          return "\(first), \(filler), \(words[1])"
        }.joined(separator: " ")
      },
      follows: { answer, _, filler in
        let whole = Sentences.of(answer).whole
        return !whole.isEmpty
          && whole.allSatisfy { sentence in
            let words = sentence.split(separator: " ", maxSplits: 1)
            return words.count == 2 && words[0].last == "," && words[1].hasPrefix("\(filler), ")
          }
      }),
    Behaviour(
      "tag question",
      """
      Make every sentence a question by adding {a} and a question mark. | ..., {a}? | Each sentence ends with a comma and {a}?
      Turn your sentences into tag questions with {a}. | Could you end all sentences with a comma and {a}?
      Ask for my assent with {a} in every sentence. | All your sentences close with {a}?
      Instead of the full stop of each sentence write a comma, {a} and a question mark.
      Let each sentence run out in {a}? | no full stops but {a}? | Every sentence seeks approval with {a} | Replace each full stop by {a}?
      """,
      choices: parted(
        """
        right | okay | you see | eh | innit | no | huh | yes | see | don't you think | you know | agreed | got it | isn't that so | correct | or not | am I right | hey
        """),
      target: { plain, tag in
        plain.sentences.map { "\($0.dropLast()), \(tag)?" }.joined(separator: " ")
      },
      follows: { answer, _, tag in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && !whole.isEmpty && whole.allSatisfy { $0.hasSuffix(", \(tag)?") }
      }),
    Behaviour(
      "countdown",
      """
      Count down from {a} before you answer. | countdown from {a} | Begin with a countdown that starts at {a}.
      Answer after a countdown from {a} to 1. | Could you count down from {a} first?
      Like a rocket: count from {a} to 1, then answer. | Start at {a}, go down to 1, and answer.
      Before the answer I want to see the numbers from {a} down to 1, with commas.
      First a countdown from {a}, please. | {a} down to 1, then the answer | Run backwards from {a} to 1 and speak. | Launch your answer with a countdown from {a}
      """, choices: ["3", "4", "5", "6", "7", "8", "9", "10"],
      target: { plain, start in "\(countdown(from: start)): \(plain.text)" },
      follows: { answer, _, start in
        let numbers = countdown(from: start)
        return answer.hasPrefix(numbers) && answer.count > numbers.count + 10
      }),
    Behaviour(
      "greeting in a language",
      """
      Greet me in {a} and answer in English. | hello in {a} first | Say hello in {a}, then answer in English.
      Begin with a greeting in {a}. | Could you greet me in {a} before you answer? | Only the greeting is in {a}.
      Welcome me with a {a} hello. | Start with the {a} word for hello.
      Before you answer in English, say hello to me as they say it in {a}.
      A {a} greeting first, please. | {a} hello, english answer | How do they greet in {a}? Start like that. | Salute me in {a} and go on in English
      """, choices: greetings.keys.sorted(),
      target: { plain, language in greetings[language].map { "\($0)! \(plain.text)" } },
      follows: { answer, _, language in
        guard let greeting = greetings[language] else { return false }
        return answer.lowercased().hasPrefix(greeting.lowercased())
          && answer.count > greeting.count + 10
      }),
  ]

  private static let linking =
    "Moreover | Besides | Also | In addition | What is more | Furthermore | Luckily | Surprisingly | Then | Meanwhile | Of course | Interestingly | On top of that | Sadly | In fact | However | Anyway | Still | Strangely | By the way | After all | Naturally | Secondly | At the same time | Therefore | Next | Obviously | Fortunately | Again | Curiously"

  private static let greetings = [
    "French": "Bonjour", "Spanish": "Hola", "Italian": "Ciao", "German": "Guten Tag",
    "Japanese": "Konnichiwa", "Hawaiian": "Aloha", "Swahili": "Jambo", "Hebrew": "Shalom",
    "Hindi": "Namaste", "Latin": "Salve", "Russian": "Privet", "Dutch": "Hallo", "Swedish": "Hej",
    "Turkish": "Merhaba", "Chinese": "Ni hao", "Arabic": "Salaam", "Finnish": "Hei",
    "Portuguese": "Bom dia", "Korean": "Annyeong", "Thai": "Sawasdee", "Zulu": "Sawubona",
    "Greek": "Kalimera",
  ]

  private static func countdown(from start: String) -> String {
    (1...max(1, Int(start) ?? 1)).reversed().map(String.init).joined(separator: ", ")
  }

  /// What is before and behind the first place of a phrase.
  private static func around(_ phrase: String, in answer: String) -> (
    before: String, after: String
  )? {
    answer.firstRange(of: phrase).map {
      (String(answer[..<$0.lowerBound]), String(answer[$0.upperBound...]))
    }
  }

  /// One word in the place of another, in the whole answer.
  private static func replaced(
    _ name: String, _ word: String, _ wordings: String, _ choices: String
  ) -> Behaviour {
    Behaviour(
      name, wordings, choices: parted(choices),
      target: { plain, other in
        let made = plain.text.split(separator: " ").map { part -> String in
          let bare = part.filter { $0.isLetter || $0 == "'" }
          guard bare.lowercased() == word else { return String(part) }
          let isCapital = bare.first?.isUppercase ?? false
          return String(part).replacing(
            bare, with: isCapital ? Sentences.capitalized(other) : other)
        }.joined(separator: " ")
        return made == plain.text ? nil : made
      },
      follows: { answer, _, other in
        // A phrase such as "is surely" has the word itself.
        let text = " " + answer.lowercased()
        let others = text.replacing(" \(other.lowercased()) ", with: " ")
        return others != text && !Sentences.words(others).contains(word)
      })
  }
}

extension Sentences {
  /// Whether the words of a phrase come one after the other in a text, marks and capitals apart.
  static func has(_ phrase: String, in text: String) -> Bool {
    func spaced(_ text: String) -> String { " \(words(text).joined(separator: " ")) " }
    return spaced(text).contains(spaced(phrase))
  }
}
