extension Behaviour {
  /// What is said around the answer.
  static let manners: [Behaviour] = [
    Behaviour(
      "begins with",
      """
      Begin your answer with "{a}" | start with: {a} | The first words of your answer are: {a}
      Start every answer with {a} | Could you open with the words {a} | Say {a} first, then answer.
      Before you answer anything, write the words {a} and a space.
      Open with {a} | Your answer starts with {a} | Let {a} come first, please. | First say {a} and then go on.
      Introduce your answer by {a}
      """,
      choices: openings,
      target: { plain, phrase in
        let isWhole = phrase.last.map { ".!?:".contains($0) } ?? false
        return "\(phrase) "
          + (isWhole ? plain.text : Sentences.inside(plain.text, question: plain.question))
      },
      follows: { answer, _, phrase in
        answer.hasPrefix(phrase) && answer.count > phrase.count + 5
      }),
    Behaviour(
      "ends with",
      """
      End your answer with "{a}" | finish with: {a} | The last words of your answer are: {a}
      Close every answer with {a} | Could you end with the words {a} | Answer, then say {a}
      After whatever you answer, write the words {a}
      Finish by saying {a} | Your answer ends with {a} | Let {a} come last, please. | Answer and conclude with {a}
      Add {a} at the end of your answer.
      """,
      choices: closings, target: { plain, phrase in "\(plain.text) \(phrase)" },
      follows: { answer, _, phrase in
        answer.hasSuffix(phrase) && answer.count > phrase.count + 5
      }),
    Behaviour(
      "ends with a question",
      """
      End your answer with a question. | end with a question | Finish by asking me something. | Ask a question at the end.
      Could you ask me something back at the end of your answer? | Answer, then ask me a question.
      After your answer, keep the conversation going with a question to me.
      The last sentence is a question. | Close with a question to me. | Let your answer end in a question, please.
      Answer me and ask something in return. | Every answer ends with a question mark.
      """, target: { plain, _ in "\(plain.text) Would you like to know more?" },
      follows: { answer, _, _ in
        answer.hasSuffix("?") && Sentences.of(answer).whole.count >= 2
      }),
    Behaviour(
      "meow",
      """
      Say {a} after every sentence. | {a} after each sentence | You are a pet: say {a} behind each sentence.
      Put {a} after all your sentences. | Could you say {a} after every sentence? | Every sentence is followed by {a}
      Write the word {a} after each sentence of your answer.
      Add {a} to the end of each sentence. | Always say {a} when a sentence is over. | After each sentence comes {a}, please.
      Sprinkle your answer with {a} after every sentence. | Never finish a sentence without {a}
      """, choices: ["Meow!", "Woof!", "Amen.", "Ha ha!", "Over."],
      target: { plain, word in plain.sentences.map { "\($0) \(word)" }.joined(separator: " ") },
      follows: { answer, _, word in
        let others = answer.split(separator: word).map { String($0).trimmingSpace }
        return answer.hasSuffix(word) && !others.isEmpty
          && others.allSatisfy { Sentences.of($0).whole.count == 1 }
      }),
    Behaviour(
      "each sentence begins",
      """
      Begin every sentence with the word {a}. | {a}, ... in every sentence | All your sentences start with {a} and a comma.
      Always use the word {a} at the start of a sentence. | Could you start each sentence with {a}?
      Every sentence of your answer has to open with the word {a} and a comma.
      Start each sentence with {a}, then a comma. | The word {a} opens all your sentences. | Never begin a sentence without {a}.
      Each sentence with {a} in front, please. | Put {a} and a comma before every sentence. | Say {a} at the beginning of every sentence.
      """, choices: ["Indeed", "Actually", "Honestly", "Look", "Clearly"],
      target: { plain, word in
        plain.sentences.map { "\(word), \(Sentences.inside($0, question: plain.question))" }.joined(
          separator: " ")
      },
      follows: { answer, _, word in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && !whole.isEmpty && whole.allSatisfy { $0.hasPrefix("\(word), ") }
      }),
    Behaviour(
      "to a child",
      """
      Talk to me as to a small child. | explain it to a child | Address me as a little child. | You are talking to a five-year-old.
      Could you speak to me as to a child? | Pretend that I am a small child. | Answer for a child: say hello, little friend.
      I am five years old; greet me as your little friend before you answer.
      As to a kindergarten child, please. | Speak to a child. | Imagine you are talking with a little kid. | Answer a child's question.
      """,
      target: { plain, _ in "Hello, little friend! \(plain.text) Isn't that wonderful?" },
      follows: { answer, _, _ in
        let opening = answer.prefix(80).lowercased()
        return ["little", "kid", "child", "sweetie", "buddy"].contains { opening.contains($0) }
          && Sentences.of(answer).whole.count >= 2
      }),
    Behaviour(
      "pirate",
      """
      Answer like a pirate. | pirate mode | Talk to me like a pirate. | You are a pirate: say Arr and matey.
      Could you answer as a pirate would? | Use pirate talk, with Arr and matey. | Sound like a pirate.
      Begin with Arr and end with matey, as pirates do.
      Speak as a pirate, please. | Pretend to be a pirate. | Arr, answer me in the pirate way. | Reply in pirate style.
      """, target: { plain, _ in "Arr! \(plain.text) That be all, matey!" },
      follows: { answer, _, _ in
        answer.lowercased().hasPrefix("arr") && answer.lowercased().contains("matey")
      }),
    Behaviour(
      "letter",
      """
      Answer in the form of a letter to {a}. | in letter form, to {a} | Write your answer as a letter to {a}. | Address {a} in a letter.
      Could you answer with a letter to {a}? | Dear {a}, and so on: a letter. | I am {a}: write me a letter.
      Write your answer as a letter that begins with Dear {a} and ends with Yours.
      A letter to {a}, please. | Reply by letter to {a}. | Put your answer in a letter for {a}. | Format: a letter to {a}.
      """, choices: ["Anna", "Tom", "Maria", "Ben", "Mr Miller", "Grandma"],
      target: { plain, name in "Dear \(name),\n\(plain.text)\nYours" },
      follows: { answer, _, name in
        let lines = answer.linesWithText
        return lines.count >= 3 && lines[0].hasPrefix("Dear \(name),") && lines.last!.count < 40
      }),
    Behaviour(
      "signed",
      """
      Sign your answer as {a}. | signed: {a} | Put the name {a} on the last line. | End with {a} as your signature.
      Could you sign your answer with {a}? | Your name is {a}: sign with it. | The last line of your answer is your name, {a}.
      Write your answer, and below it, on a line of its own, a dash and the name {a}.
      Sign as {a}, please. | A signature at the end: {a}. | Finish with a dash and your name, {a}. | Answer and sign with {a} below.
      """, choices: signatures,
      target: { plain, name in "\(plain.text)\n- \(name)" },
      follows: { answer, _, name in
        let lines = answer.linesWithText
        return lines.count >= 2 && lines.last!.hasSuffix(name)
          && lines.last!.count <= name.count + 4
      }),
    Behaviour(
      "sign-off",
      """
      End with a friendly sign-off on its own line, without emojis. | sign off politely | Close with Best wishes on its own line.
      Finish with Best wishes on a new line. | Could you close your answer with best wishes, on its own line?
      After your answer, on a line of its own, send me your best wishes; use no emoji.
      Say Best wishes at the end, on a separate line. | Best wishes as the last line, please. | Wish me the best in the last line.
      Add a closing line: Best wishes. | Sign off with Best wishes. | Your last line is Best wishes.
      """, target: { plain, _ in "\(plain.text)\nBest wishes" },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        return lines.count >= 2 && lines.last!.lowercased().hasPrefix("best wishes")
          && lines.last!.count <= 20
      }),
    Behaviour(
      "by name",
      """
      Call me {a}. | my name is {a}, use it | Address me as {a} at the beginning. | Say my name first: {a}.
      Could you call me {a} when you answer? | I am {a}; begin with my name. | Start by saying {a} and a comma.
      Begin your answer with my name, which is {a}, and a comma.
      My name is {a}: speak to me by name. | Use my name, {a}, please. | Answer {a} by name. | Speak to me as {a}.
      """, choices: ["Captain", "Anna", "Sir", "Peter", "Doctor", "Your Majesty"],
      target: { plain, name in "\(name), \(Sentences.inside(plain.text, question: plain.question))"
      },
      follows: { answer, _, name in
        answer.prefix(60).contains(name) && answer.count > name.count + 10
      }),
    Behaviour(
      "unsure",
      """
      Say that you are not sure. | sound unsure | Begin by saying that you may be wrong. | Admit that you are not certain.
      Could you say that you are not sure before you answer? | Be modest: say that you may be wrong.
      Before answering, tell me in a sentence that you are not quite sure.
      Express doubt first. | Be careful: begin with I am not sure. | Show some doubt, please. | Warn me that you could be wrong, then answer.
      Do not sound certain: say so first.
      """, target: { plain, _ in "I am not sure, but I think so: \(plain.text)" },
      follows: { answer, _, _ in
        let opening = answer.prefix(90).lowercased()
        return ["not sure", "not certain", "may be wrong", "might be wrong", "could be wrong"]
          .contains { opening.contains($0) } && answer.count > 50
      }),
    Behaviour(
      "source",
      """
      Say where you know it from, in brackets at the end. | add a source | Put (Source: ...) at the end of your answer.
      Name your source in brackets after the answer. | Could you add your source in brackets?
      After your answer write in round brackets where it comes from, beginning with Source:.
      End with (Source: ...). | Give a source at the end, please. | Where do you have it from? Add (Source: ...). | Cite your source in brackets.
      Always state a source in brackets at the end. | Close with your source in brackets.
      """, target: { plain, _ in "\(plain.text) (Source: general knowledge)" },
      follows: { answer, _, _ in
        answer.hasSuffix(")") && (answer.range(of: "(Source: ") != nil)
      }),
    Behaviour(
      "hashtag",
      """
      Answer in one sentence with a hashtag at the end. | tweet it with a hashtag | One sentence and a hashtag of the subject.
      Write it as a short post with a hashtag. | Could you answer like a post, one sentence and a hashtag?
      Give one sentence, and after it the subject of my question as a hashtag.
      A post, please: one sentence, one hashtag. | End your one sentence with a hashtag. | One sentence, then # and the subject.
      Answer as on social media: one sentence and a tag. | Make a post of it, with a hashtag. | One sentence plus a hashtag.
      """,
      target: { plain, _ in
        guard let subject = Titles.subject(of: plain) else { return nil }
        return "\(plain.sentences[0]) #\(subject)"
      },
      follows: { answer, _, _ in
        guard let last = answer.split(whereSeparator: \.isWhitespace).last else { return false }
        let text = answer.dropLast(last.count)
        let (whole, rest) = Sentences.of(String(text))
        return last.hasPrefix("#") && last.count > 2 && whole.count == 1 && rest.isEmpty
      }),
    Behaviour(
      "subject in capitals",
      """
      Write the words of my question in capitals where they come up. | key words in CAPS | Put the important words of the question in capitals.
      Use capitals for the words that my question is about. | Could you write the main words of my question in capitals?
      Where a main word of my question comes up in your answer, write it in capital letters.
      Stress the subject with capitals. | Capitals for the key words, please. | Highlight what I asked about by capitals.
      The subject of the question should be in upper case in your answer. | Shout only the key words. | Emphasise my words with capital letters.
      """,
      target: { plain, _ in
        let subject = Sentences.contentWords(plain.question)
        let made = plain.text.split(separator: " ").map { word -> String in
          let parts = Sentences.words(String(word))
          return parts.contains { subject.contains($0) } ? word.uppercased() : String(word)
        }.joined(separator: " ")
        return made == plain.text ? nil : made
      },
      follows: { answer, question, _ in
        let subject = Sentences.contentWords(question)
        var wasThere = false
        for word in answer.split(separator: " ") {
          let isSubject = Sentences.words(String(word)).contains { subject.contains($0) }
          let letters = word.filter(\.isLetter)
          if isSubject {
            wasThere = true
            if letters.contains(where: \.isLowercase) { return false }
          } else if letters.count > 3, letters == letters.uppercased() {
            return false
          }
        }
        return wasThere
      }),
    Behaviour(
      "count of sentences",
      """
      Say first how many sentences your answer has. | announce the number of sentences | Begin with the number of your sentences, like: 2 sentences:
      Start by telling me how many sentences will come. | Could you say in front how many sentences you use?
      Before your answer write the number of its sentences, the word sentences and a colon.
      First the number of sentences, then the answer. | Announce the length in sentences, please. | Open with N sentences: and then write them.
      Tell me at the start how many sentences follow. | N sentences: ... | State the count of sentences at the beginning.
      """,
      target: { plain, _ in
        let count = plain.sentences.count
        return "\(count) sentence\(count == 1 ? "" : "s"): \(plain.text)"
      },
      follows: { answer, _, _ in
        guard let colon = answer.firstIndex(of: ":") else { return false }
        let count = Sentences.of(String(answer[answer.index(after: colon)...])).whole.count
        return answer.hasPrefix("\(count) sentence")
      }),
    Behaviour(
      "dots",
      """
      End every sentence with three dots. | dreamy, with ... | Use three dots instead of full stops. | Let each sentence trail off with three dots.
      Could you end your sentences with ... instead of a full stop? | Sound dreamy: three dots after each sentence.
      Finish each of your sentences with three dots and never with a single full stop.
      No full stop, but three dots. | Every sentence fades out in three dots, please. | Answer with ... after each sentence.
      Write ... where a full stop would be. | Trail off at the end of each sentence.
      """,
      target: { plain, _ in plain.sentences.map { $0.dropLast() + "..." }.joined(separator: " ") },
      follows: { answer, _, _ in
        let (whole, rest) = Sentences.of(answer)
        return rest.isEmpty && !whole.isEmpty && whole.allSatisfy { $0.hasSuffix("...") }
      }),
    Behaviour(
      "thanks first",
      """
      Thank me for the question before you answer. | thank me first | Begin by thanking me for asking. | Say thank you for the question first.
      Could you thank me before you answer? | Start with thanks for my question. | Be grateful for the question, then answer.
      Before your answer, thank me in a short sentence for having asked.
      First thank me, then answer. | Thanks first, please. | Open with a thank-you. | Show that you are thankful for being asked, then answer.
      """, target: { plain, _ in "Thank you for your question. \(plain.text)" },
      follows: { answer, _, _ in
        answer.prefix(60).lowercased().contains("thank") && Sentences.of(answer).whole.count >= 2
      }),
  ]
}
