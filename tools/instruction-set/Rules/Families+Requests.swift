extension Family {
  /// Requests: "Open the window."
  static let requestFamilies: [Family] = [
    .text(
      "polite request", [.request], "make it a polite question with Could you please",
      """
      Make it a polite question with Could you please. | Ask politely: Could you please ...?
      Could you please ...? | More polite, with Could you please. | Soften the command with Could you please.
      Turn the command into a courteous question that begins with Could you please.
      Say it politely with Could you please. | Be polite: start with Could you please. | Politer, please: Could you ...
      Rephrase the order as a friendly Could you please question. | Use Could you please and a question mark.
      Please make the order polite by asking Could you please.
      """
    ) { "Could you please \($0["base"]) \($0["object"])?" },
    .text(
      "forbidden", [.request], "forbid it with Do not",
      """
      Forbid it with Do not. | Make it negative: Do not. | Say that one must not: Do not ... | Use Do not.
      Do not ... | Could you turn it into the opposite order, with Do not? | Prohibit it (Do not).
      Rewrite the command as a prohibition that begins with the words Do not.
      The opposite command, please, starting with Do not. | Negate the command with Do not.
      Order the contrary by Do not. | Make a ban of it: Do not.
      """
    ) { "Do not \($0["base"]) \($0["object"])." },
    .text(
      "advice", [.request], "make it advice with You should",
      """
      Make it advice with You should. | Use You should. | Advise it: You should ... | Turn it into advice.
      You should ... | Could you make a recommendation of it, with You should? | Recommend it with You should.
      Rewrite the command as a piece of advice that begins with You should.
      Not an order but advice: You should. | As advice, please, with You should. | Say You should and the rest.
      Change the order into a You should sentence. | Give it as a recommendation (You should).
      """
    ) { "You should \($0["base"]) \($0["object"])." },
    .text(
      "proposal", [.request], "propose it with Let's",
      """
      Propose it with Let's. | Use Let's. | Make it a suggestion to do together: Let's ... | Start with Let's.
      Let's ... | Could you suggest it with Let's? | Suggest it for both of us, with Let's.
      Rewrite the command as a proposal to do it together, beginning with Let's.
      Not you, we: Let's. | As a suggestion with Let's, please. | Turn the order into a Let's sentence.
      Invite someone to do it with you: Let's. | Make a joint plan of it by Let's.
      """
    ) { "Let's \($0["base"]) \($0["object"])." },
    .text(
      "promise", [.request], "promise to do it with I will",
      """
      Promise to do it with I will. | Answer the order with I will. | Say that you will do it: I will ...
      I will ... | Could you turn it into a promise with I will? | Make it a promise: I will.
      Rewrite the command as a promise by the one who is asked, beginning with I will.
      Agree to do it, in a sentence with I will. | As a promise (I will), please. | Use I will.
      Change the order to a first-person promise with I will. | Reply that you are going to do it, with I will.
      """
    ) { "I will \($0["base"]) \($0["object"])." },
    .text(
      "done", [.request], "report that you have done it, with I have",
      """
      Report that you have done it, with I have. | Say that it is done: I have ... | Use I have.
      I have ... | Could you report it as done, with I have? | It is done: say so with I have.
      Rewrite the command as the report of the one who has done it, beginning with I have.
      You did it just now: tell me with I have. | As a report with I have, please. | Turn it into I have done it.
      Confirm the deed in a sentence with I have. | Make the order a finished deed: I have.
      """
    ) { "I have \($0["participle"]) \($0["object"])." },
    .text(
      "gerund", [.request], "name the activity with an ing-form",
      """
      Name the activity with an ing-form. | Use the ing-form, no full stop. | Make a gerund of the verb.
      ...ing | Could you give the activity as an ing-phrase? | As an ing-phrase, without a full stop.
      Rewrite the command as the name of an activity, with the verb in its ing-form and no full stop.
      Title style with the ing-form. | The gerund, please. | Turn the command into a gerund phrase.
      What activity is it? Begin with the ing-form. | Make it a heading with the verb in ing.
      """
    ) { "\($0["ing"].capitalizedStart) \($0["object"])" },
    .choice(
      "order reported", [.request], "report it: {a} told me to",
      oneOf: ["Anna", "The teacher", "My father", "She", "He", "The doctor", "Tom"],
      """
      Report it: {a} told me to. | Say that {a} told me to do it. | {a} said so: use told me to.
      {a} told me to ... | Could you report this order? It came from {a}. | Indirect speech: {a} told me to.
      Rewrite the command as reported speech that begins with {a} told me to.
      It was an order: {a} told me to. | As a report, please: {a} told me to. | Use {a} told me to.
      Turn the command into what {a} told me to do. | Make it indirect, with {a} told me to.
      """
    ) { m, who in "\(who) told me to \(m["base"]) \(m["object"])." },
    .choice(
      "addressed request", [.request], "address it to {a} by name, in front",
      oneOf: ["Anna", "Tom", "Maria", "Ben", "Kate", "Leo", "Grace", "Peter"],
      """
      Address it to {a} by name, in front. | Put the name {a} and a comma in front. | Say it to {a}.
      {a}, ... | Could you speak to {a} directly? | Begin with {a} and a comma.
      Rewrite the command so that it opens with the name {a} and a comma.
      Tell {a} to do it, the name first. | To {a}, please, with the name in front. | Call {a} by name first.
      Direct the order at {a}: name, comma, order. | Start with the name of {a}.
      """
    ) { m, who in "\(who), \(m["base"]) \(m["object"])." },
  ]

  /// What is said by whom: "I need a hammer," said Anna.
  static let speechFamilies: [Family] = [
    .text(
      "speaker", [.speech], "name the speaker",
      """
      Name the speaker. | Who said it? | Who is speaking? | Give the name of the speaker.
      speaker? | Could you tell me who says this? | Answer with the name of the one who speaks.
      Find out who spoke the words in quotation marks and answer with the name alone.
      Whose words are these? | Only the speaker's name, please. | Extract who said it.
      Which person said so?
      """
    ) { $0["name"] },
    .text(
      "words said", [.speech], "copy only the words in quotation marks, without the marks",
      """
      Copy only the words in quotation marks, without the marks. | What was said? Without quotation marks.
      Only the quoted words. | Could you give just the words that were spoken, unquoted?
      Extract the spoken words. | The words alone, no speaker, no quotation marks.
      Write down what stands between the quotation marks, and leave everything else out.
      Remove the speaker and the quotation marks. | What did they say? Copy it. | The quotation itself, please.
      Give the direct speech only, as plain text. | Strip everything but the spoken words.
      Which words were spoken?
      """
    ) { $0["words"] },
    .text(
      "reported speech", [.speech], "turn it into reported speech",
      """
      Turn it into reported speech. | Report it with said that. | Use indirect speech. | Indirect speech, please.
      ... said that ... | Could you report what was said, without quotation marks? | No quotation: said that.
      Rewrite it as indirect speech, beginning with the name and said that, with the tense moved back.
      Tell what was said, with said that. | Make direct speech indirect. | From direct to reported speech.
      Do not quote, report. | Say who said that what.
      """
    ) { "\($0["name"]) said that \($0["reported"])." },
    .text(
      "script line", [.speech], "write it as a line of a play: name in capitals, colon, words",
      """
      Write it as a line of a play: name in capitals, colon, words. | Make it a line of a script.
      As in a play, NAME: words. | Could you put it as a script has it, with the name in capitals?
      Script format. | Dialogue format: the name in capitals, a colon, the words.
      Rewrite it the way plays print it, the speaker in capitals and a colon before the words.
      Stage script, please. | Turn it into a script line. | The speaker in capitals, then a colon, then the words.
      Format it as dialogue in a script. | Print it as a playwright would.
      """
    ) { "\($0["name"].uppercased()): \($0["words"])." },
    .text(
      "speaker first", [.speech], "begin with the speaker and said",
      """
      Begin with the speaker and said. | Put the speaker in front. | Speaker first, then the quotation.
      ... said, "..." | Could you put the name and said before the quotation? | Name and said first.
      Rewrite it so that it opens with the name, said and a comma, followed by the quotation.
      Start with who said it. | The speaker first, please. | Move the speaker to the beginning.
      Let the name and said come before the quoted words. | Introduce the quotation by its speaker.
      """
    ) { "\($0["name"]) said, \"\($0["words"]).\"" },
  ]
}
