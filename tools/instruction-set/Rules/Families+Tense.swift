extension Family {
  /// Tense, voice and mood of "Anna bought the old bus at school."
  static let tenseFamilies: [Family] = [
    .text(
      "present tense", [.sentence], "put the sentence in the present tense",
      """
      Put it in the present. | Use the present tense. | Change the verb to the present tense.
      present tense please | Could you tell it as if it happened now? Simple present. | It happens now.
      Rewrite the sentence so that the verb stands in the simple present and nothing else changes.
      Make past into present. | Simple present instead of simple past. | Turn the past tense into present.
      Would you be so good as to rewrite this in the present tense? | As a present-tense sentence.
      """
    ) { "\($0["name"]) \($0["third"]) \($0.object) \($0["place"])." },
    .text(
      "past progressive", [.sentence], "use the past progressive",
      """
      Use was and the ing-form. | Put the verb in the past progressive. | Say what was going on then.
      Past continuous. | Could you change the verb to the past continuous? | was ...ing
      Rewrite the sentence with the past progressive (was + ing) and leave the other words as they are.
      The action was in progress: show it. | Make it past continuous, please. | Turn it into was doing.
      I need this sentence in the past progressive form. | Write it with was and an ing-form.
      """
    ) { "\($0["name"]) was \($0["ing"]) \($0.object) \($0["place"])." },
    .text(
      "present perfect", [.sentence], "use the present perfect",
      """
      Use has and the participle. | Put the verb in the present perfect. | Change it to has done.
      Present perfect. | Could you rewrite this in the present perfect? | Say that it has happened.
      Rewrite the sentence in the present perfect, which is has and the past participle.
      Perfect tense instead of past tense, please. | Make it has ... | I want the present perfect here.
      With has instead of the simple past. | Please turn the simple past into the present perfect.
      """
    ) { "\($0["name"]) has \($0["participle"]) \($0.object) \($0["place"])." },
    .text(
      "past perfect", [.sentence], "use the past perfect",
      """
      Use had and the participle. | Put the verb in the past perfect. | Change it to had done.
      Past perfect. | Could you rewrite this in the past perfect? | Say that it had happened.
      Rewrite the sentence in the pluperfect, that is, with had and the past participle.
      Pluperfect instead of past tense, please. | Make it had ... | I want the past perfect here.
      With had instead of the simple past. | Please turn the simple past into the past perfect.
      """
    ) { "\($0["name"]) had \($0["participle"]) \($0.object) \($0["place"])." },
    .text(
      "going to", [.sentence], "say it with is going to",
      """
      Use is going to. | Say it with going to. | Rewrite it with is going to in the place of the past.
      going to | Could you make it a plan, with is going to? | It is only planned: use is going to.
      Turn what happened into something that is going to happen, and change only the verb.
      Make it an intention with is going to. | is going to instead of the past tense, please.
      I would like the sentence with is going to. | Say what somebody is going to do. | Use the going-to form.
      """
    ) { "\($0["name"]) is going to \($0["base"]) \($0.object) \($0["place"])." },
    .text(
      "passive", [.sentence], "put it in the passive voice",
      """
      Put it in the passive. | Use the passive voice. | Turn active into passive, and name the person with by.
      Passive voice, please. | Could you write it in the passive, with by? | passive
      Rewrite the sentence so that the thing comes first: the thing was ... by the person.
      Make the object the subject of a passive sentence. | Change the voice from active to passive.
      What was done, and by whom? Write a passive sentence. | From active to passive.
      I would be glad to have this in the passive voice.
      """
    ) { m in
      "\(m.object.capitalizedStart) was \(m["participle"]) by \(m["name"]) \(m["place"])."
    },
    .choice(
      "modal verb", [.sentence], "use {a} before the verb",
      oneOf: ["must", "can", "should", "may", "might", "could"],
      """
      Use {a}. | Put the verb after {a}. | Say it with {a}. | Rewrite it with the modal verb {a}.
      {a} | Could you use {a} here instead of the past tense? | The sentence with {a}, please.
      Rewrite the sentence so that the modal verb {a} and the base form stand in the place of the past.
      Make it a sentence with {a}. | Replace the past tense by {a} and the verb. | Bring in {a}.
      I would like this to say {a}.
      """
    ) { m, modal in "\(m["name"]) \(modal) \(m["base"]) \(m.object) \(m["place"])." },
    .text(
      "emphatic did", [.sentence], "stress the verb with did",
      """
      Stress the verb with did. | Use did for emphasis. | Insist that it happened: use did.
      Emphasise it with did. | Could you make it emphatic with did? | did + verb
      Rewrite the sentence with did before the base form of the verb, to stress that it is true.
      It really happened: say so with did. | Make the sentence emphatic using did.
      Please underline the statement by saying did. | With an emphatic did. | Put did in front of the verb.
      """
    ) { "\($0["name"]) did \($0["base"]) \($0.object) \($0["place"])." },
    .text(
      "never", [.sentence], "say that it never happened",
      """
      Use never. | Say that it never happened. | Put never before the verb. | Add the word never.
      never | Could you say that this never happened? | Make it negative with never.
      Rewrite the sentence with never in front of the verb, which stays in the past tense.
      Deny it with never. | It did not happen at any time: use never. | Negative, with never, please.
      Insert never where it belongs.
      """
    ) { "\($0["name"]) never \($0["past"]) \($0.object) \($0["place"])." },
    .text(
      "wanted to", [.sentence], "say that the person wanted to do it",
      """
      Say that the person wanted to do it. | Use wanted to. | Rewrite it with wanted to.
      wanted to | It was only a wish: use wanted to. | Could you put wanted to before the verb?
      Change the sentence so that it says what the person wanted to do, not what the person did.
      Make the action a wish with wanted to. | With wanted to in front of the verb, please.
      Write what they wanted to do. | Turn the deed into a wish (wanted to). | Insert wanted to.
      """
    ) { "\($0["name"]) wanted to \($0["base"]) \($0.object) \($0["place"])." },
    .text(
      "tag question", [.sentence], "add a question tag",
      """
      Add a question tag. | Add didn't she or didn't he. | Put a tag question at the end.
      Question tag. | Could you ask for agreement with a question tag? | Finish with a question tag.
      Make it a tag question: keep the sentence and add didn't she? or didn't he? after a comma.
      End it the way one asks for confirmation: didn't he, didn't she. | A tag at the end, please.
      Append the fitting question tag. | Check it with a tag question. | Turn it into a question by a tag.
      """
    ) { "\($0.text.dropLast()), didn't \($0["pronoun"])?" },
    .text(
      "cleft", [.sentence], "begin with It was and the person",
      """
      Begin with It was. | Stress the person: It was ... who. | Rewrite it as It was ... who ...
      It was ... who ... | Could you stress who did it, with It was? | Make a cleft sentence about the person.
      Use the pattern It was somebody who did something. | Put the stress on the person with It was ... who.
      I want the sentence to start with It was and then name the person. | Cleft sentence, please.
      Start with It was and go on with who. | Emphasise the name by an It was sentence.
      """
    ) { "It was \($0["name"]) who \($0["past"]) \($0.object) \($0["place"])." },
  ]

  /// Habits: "The teacher reads a book every morning."
  static let habitFamilies: [Family] = [
    .text(
      "habit in the past", [.habit], "put it in the past tense",
      """
      Put it in the past. | Past tense. | Use the simple past. | Say it of the past.
      Change the verb to the past tense. | Could you write it in the past tense? | It was so once.
      Rewrite the sentence so that the verb is in the simple past and the rest stays as it is.
      Turn the present into past. | Past instead of present, please. | Make it a past-tense sentence.
      I need the same sentence in the past tense.
      """
    ) { "\($0["subject"]) \($0["past"]) \($0["object"]) \($0["often"])." },
    .text(
      "habit in the future", [.habit], "put it in the future with will",
      """
      Put it in the future with will. | Future tense. | Use will. | Say that it will be so.
      Change the verb to the future tense. | Could you write it with will? | Tell what will happen.
      Rewrite the sentence in the future tense, with will before the verb and the rest as it is.
      Turn the present into future. | Future instead of present, please. | Make it about the future: will.
      I need the same sentence with will.
      """
    ) { "\($0["subject"]) will \($0["base"]) \($0["object"]) \($0["often"])." },
    .text(
      "habit denied", [.habit], "make the sentence negative",
      """
      Make the sentence negative. | Use do not or does not. | Negate it. | Say that it is not so.
      negative | Could you negate this? | Write the negative form. | Deny it with do not or does not.
      Rewrite the sentence as its negation, with does not or do not as the subject requires.
      Not true: say the opposite with do not or does not. | The negation, please. | Turn it into a negative.
      """
    ) { m in
      let verb = m["isThird"] == "yes" ? "does not" : "do not"
      return "\(m["subject"]) \(verb) \(m["base"]) \(m["object"]) \(m["often"])."
    },
    .text(
      "habit as a question", [.habit], "make a question with Do or Does",
      """
      Make a question with Do or Does. | Ask whether it is so. | Turn it into a yes-or-no question.
      Question, please. | Could you ask this instead of stating it? | Form a question with Do or Does.
      Rewrite the statement as a question that begins with Do or with Does.
      Ask it. | As a yes-or-no question. | Change the statement into a question. | Do or Does ...?
      I would like to ask this: write the question.
      """
    ) { m in
      let verb = m["isThird"] == "yes" ? "Does" : "Do"
      return "\(verb) \(m["lowerSubject"]) \(m["base"]) \(m["object"]) \(m["often"])?"
    },
    .found(
      "subject in the plural", [.habit], "put the subject in the plural",
      """
      Put the subject in the plural. | More than one of them: change the subject and the verb.
      Plural subject. | Make the subject plural. | Could you say it of several of them?
      Rewrite the sentence with the subject in the plural, and let the verb agree with it.
      Not one but many: put the subject in the plural. | Change the subject from singular to plural.
      Say it of more than one, please. | The same about several. | Turn the one who does it into many.
      Pluralise the subject.
      """, { m, _ in m.fields["plural"] == nil ? nil : [] },
      rule: { m, _ in "\(m["plural"]) \(m["base"]) \(m["object"]) \(m["often"])." }),
    .found(
      "other subject", [.habit], "change the subject to {a}",
      """
      Change the subject to {a}. | Make {a} the subject. | Say it with {a} as the subject.
      Use {a} as the subject. | Could you rewrite this with {a}? | Subject: {a}.
      Rewrite the sentence for the subject {a} and let the verb agree with it.
      Put {a} in the place of the subject. | Replace the subject by {a}, please. | Start with {a}.
      The same sentence about {a}. | Let the sentence be about {a}.
      """,
      { m, random in
        let others = ["I", "we", "they", "you", "he", "she"].filter { $0 != m["lowerSubject"] }
        return [random.element(others)]
      },
      rule: { m, p in
        let verb = ["he", "she"].contains(p[0]) ? m["third"] : m["base"]
        return "\(p[0].capitalizedStart) \(verb) \(m["object"]) \(m["often"])."
      }),
    .text(
      "how often", [.habit], "say when or how often it happens",
      """
      When does it happen? | How often? Answer with the words of the sentence. | Extract when it happens.
      When or how often? | Could you tell me when this happens? | Give the time expression only.
      Copy the part of the sentence that says when or how often it happens, and nothing else.
      Only the time, please. | At what times is it done? | Name the time expression.
      Answer with the part about time. | Pull out the words that say when.
      """
    ) { $0["often"] },
    .text(
      "time first", [.habit], "put the time at the beginning",
      """
      Put the time at the beginning. | Begin with when it happens. | Move the time to the front.
      Time first. | Could you start with the time? | Start the sentence with the time expression.
      Rewrite the sentence so that it opens with the time, followed by a comma.
      The time expression should come first. | Let the sentence start with when. | Time in front, please.
      Shift the words that say when to the start. | First the time, then the rest.
      """
    ) { "\($0["often"].capitalizedStart), \($0["lowerSubject"]) \($0["verb"]) \($0["object"])." },
    .text(
      "used to", [.habit], "say it with used to",
      """
      Use used to. | Say that it used to be so. | Rewrite it with used to. | Put used to before the verb.
      used to | It is no longer so: use used to. | Could you say it with used to?
      Change the sentence into one about a habit of the past, with used to and the base form.
      A habit of the past: used to. | With used to, please. | Make it a former habit with used to.
      Turn it into a used-to sentence.
      """
    ) { "\($0["subject"]) used to \($0["base"]) \($0["object"]) \($0["often"])." },
    .text(
      "time left out", [.habit], "leave out when it happens",
      """
      Leave out when it happens. | Remove the time. | Do not say when. | Drop the time expression.
      No time, please. | Could you shorten it by the time? | Cut the words that say when.
      Rewrite the sentence without the part that tells when or how often it happens.
      Everything but the time. | Take the time expression out. | Delete the words about time.
      The sentence without its time.
      """
    ) { "\($0["subject"]) \($0["verb"]) \($0["object"])." },
    .text(
      "who of a habit", [.habit], "ask who does it",
      """
      Ask who does it. | Make a question with Who. | Turn it into a who-question. | Replace the subject by Who.
      Who ...? | Could you ask who does this? | Form a question about the subject.
      Rewrite the sentence as a question that begins with Who and asks for the subject.
      Question with Who, please. | Ask for the one who does it. | Write the question that the subject answers.
      Begin with Who and ask.
      """
    ) { "Who \($0["third"]) \($0["object"]) \($0["often"])?" },
  ]
}
