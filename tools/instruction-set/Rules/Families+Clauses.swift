extension Family {
  /// Questions about a sentence, and changes of its parts.
  static let clauseFamilies: [Family] = [
    .text(
      "question for who", [.sentence], "ask who did it",
      """
      Ask who did it. | Make a question that starts with Who. | Turn it into a who-question.
      Who ...? | Could you ask for the person? | Write the question whose answer is the person.
      Rewrite the sentence as a question that asks for the person, beginning with Who.
      Replace the person by Who and ask. | A question with Who, please. | Form a question about the person.
      Ask for the name with a Who question. | What question does the name answer?
      """
    ) { "Who \($0["past"]) \($0.object) \($0["place"])?" },
    .text(
      "question for what", [.sentence], "ask what it was, with What did",
      """
      Ask what it was, with What did. | Make a question that starts with What did. | Ask for the object.
      What did ...? | Could you ask for the thing? | Write the question whose answer is the thing.
      Rewrite the sentence as a question that asks for the object, beginning with What did.
      Replace the object by What and ask. | A question with What, please. | Form a question about the object.
      Turn it into a what-question. | What question does the object answer?
      """
    ) { "What did \($0["name"]) \($0["base"]) \($0["place"])?" },
    .text(
      "question for where", [.sentence], "ask where it happened, with Where did",
      """
      Ask where it happened, with Where did. | Make a question that starts with Where. | Ask for the place.
      Where did ...? | Could you ask for the place? | Write the question whose answer is the place.
      Rewrite the sentence as a question that asks for the place, beginning with Where did.
      Replace the place by Where and ask. | A question with Where, please. | Form a question about the place.
      Turn it into a where-question. | What question does the place answer?
      """
    ) { "Where did \($0["name"]) \($0["base"]) \($0.object)?" },
    .text(
      "place first", [.sentence], "put the place at the beginning",
      """
      Put the place at the beginning. | Begin with the place. | Move the place to the front.
      Place first. | Could you start with where it happened? | Start the sentence with the place.
      Rewrite the sentence so that it opens with the place, followed by a comma.
      The place should come first. | Let the sentence start with where. | Place in front, please.
      Shift the place to the start. | First where, then the rest.
      """
    ) { "\($0["place"].capitalizedStart), \($0["name"]) \($0["past"]) \($0.object)." },
    .text(
      "adjective left out", [.sentence], "leave out the adjective",
      """
      Leave out the adjective. | Remove the adjective. | Drop the adjective. | No adjective.
      without the adjective | Could you take out the adjective? | Shorten it by the adjective.
      Rewrite the sentence without the word that describes the thing.
      Do not say what the thing is like. | Delete the describing word. | Cut the adjective, please.
      The sentence, but with the adjective taken away.
      """
    ) { "\($0["name"]) \($0["past"]) the \($0["thing"]) \($0["place"])." },
    .found(
      "other adjective", [.sentence], "replace the adjective by {a}",
      """
      Replace the adjective by {a}. | Change the adjective to {a}. | Use {a} as the adjective.
      Say {a} instead of the adjective. | Could you make the thing {a}? | adjective: {a}
      Rewrite the sentence with {a} in the place of the word that describes the thing.
      The thing should be {a}. | Let the thing be {a}, please. | Swap the adjective for {a}.
      Describe the thing as {a} instead. | Put {a} where the adjective is.
      """,
      { m, random in
        let other = random.element(Lexicon.adjectives)
        return other == m["adjective"] ? nil : [other]
      },
      rule: { m, p in "\(m["name"]) \(m["past"]) the \(p[0]) \(m["thing"]) \(m["place"])." }),
    .found(
      "other place", [.sentence], "change the place to {a}",
      """
      Change the place: {a}. | Say {a} instead of the place. | Replace the place by {a}.
      It happened {a}: correct it. | Could you let it happen {a}? | place: {a}
      Rewrite the sentence with {a} in the place of the words that say where.
      Let it be {a}. | It should happen {a}, please. | Swap the location for {a}.
      The place should be {a}. | Put {a} where the place is.
      """,
      { m, random in
        let other = random.element(Lexicon.places)
        return other == m["place"] ? nil : [other]
      },
      rule: { m, p in "\(m["name"]) \(m["past"]) \(m.object) \(p[0])." }),
    .text(
      "pronoun for the person", [.sentence], "replace the name by she or he",
      """
      Replace the name by she or he. | Use a pronoun for the person. | Use she or he.
      Pronoun, please. | Could you say she or he instead of the name? | No name: she or he.
      Rewrite the sentence with the fitting pronoun, she or he, in the place of the name.
      Do not name the person, use a pronoun. | Put She or He for the name. | A pronoun as the subject.
      Swap the name for the right pronoun. | Let a pronoun stand for the person.
      """
    ) { "\($0["pronoun"].capitalizedStart) \($0["past"]) \($0.object) \($0["place"])." },
    .text(
      "pronoun for the thing", [.sentence], "replace the object by it",
      """
      Replace the object by it. | Use the pronoun it for the thing. | Say it instead of the object.
      Put it for the object. | Could you use the word it for the thing? | Object: it.
      Rewrite the sentence with the pronoun it in the place of the thing and its description.
      Do not name the thing, say it. | Use it as the object, please. | Let it stand for the object.
      Swap the object for the pronoun it. | The pronoun it instead of the thing.
      """
    ) { "\($0["name"]) \($0["past"]) it \($0["place"])." },
    .found(
      "plural object", [.sentence], "put the object in the plural",
      """
      Put the object in the plural. | More than one thing: change the noun. | Make the object plural.
      Plural object. | Could you say it of several things? | Pluralise the thing.
      Rewrite the sentence with the thing in the plural and the rest as it is.
      Not one thing but many. | Change the object from singular to plural. | Plural for the thing, please.
      The same with several of the things. | Turn the one thing into many.
      """, { m, _ in Lexicon.uncounted.contains(m["thing"]) ? nil : [] },
      rule: { m, _ in
        "\(m["name"]) \(m["past"]) the \(m["adjective"]) \(Lexicon.plural(m["thing"])) \(m["place"])."
      }),
    .found(
      "indefinite object", [.sentence], "use a or an for the object",
      """
      Use a or an for the object. | Replace the by a or an. | Make the object indefinite.
      a or an instead of the | Could you use the indefinite article? | Change the article to a or an.
      Rewrite the sentence with the indefinite article, a or an, before the object.
      Indefinite article, please. | The object should have a or an. | Not the thing, but a thing.
      Swap the definite article before the thing for an indefinite one. | Say it with a or an.
      """, { m, _ in Lexicon.uncounted.contains(m["thing"]) ? nil : [] },
      rule: { m, _ in
        "\(m["name"]) \(m["past"]) \(m["adjective"].withIndefiniteArticle) \(m["thing"]) \(m["place"])."
      }),
    .found(
      "two people", [.sentence], "say that {a} did it too, in one sentence",
      """
      Say that {a} did it too, in one sentence. | Add {a} to the person. | Two people did it: add {a}.
      and {a} | Could you add {a} as a second person? | Put and {a} after the name.
      Rewrite the sentence so that the person and {a} did it together, joined by and.
      {a} was there and did it as well: one sentence. | Let {a} join in. | Include {a}, please.
      Make two people of the one: the second is {a}. | Together with {a}: name both with and.
      """,
      { m, random in
        let other = random.element(Lexicon.names)
        return other == m["name"] ? nil : [other]
      },
      rule: { m, p in "\(m["name"]) and \(p[0]) \(m["past"]) \(m.object) \(m["place"])." }),
    .choice(
      "person instead of name", [.sentence], "say it of {a} instead of the person",
      oneOf: ["I", "we", "they", "you"],
      """
      Say it of {a} instead of the person. | Use {a} as the subject. | Change the person to {a}.
      Write {a} in the place of the name. | Could you rewrite it with {a}? | subject: {a}
      Rewrite the sentence with the pronoun {a} as the one who did it.
      Put {a} for the name. | Tell it with {a}, please. | The sentence with {a} in place of the name.
      Let the subject be {a}. | Start with {a} instead of the name.
      """
    ) { m, who in "\(who.capitalizedStart) \(m["past"]) \(m.object) \(m["place"])." },
    .choice(
      "time added", [.sentence], "begin with {a} and a comma",
      oneOf: ["Yesterday", "Last week", "In May", "On Sunday", "Years ago", "This morning"],
      """
      Begin with {a} and a comma. | Add the time in front: {a}. | Say when: {a}, at the start.
      {a}, ... | Could you put {a} and a comma in front? | Start with {a}, then a comma.
      Rewrite the sentence so that it opens with the time {a}, a comma and then all the rest.
      It was {a}: put that first, with a comma. | Open with {a}, please, followed by a comma.
      Place {a} before the sentence and set it off by a comma. | The time goes first: {a} and a comma.
      Let {a} with a comma precede the sentence.
      """
    ) { m, time in "\(time), \(m.text)" },
    .choice(
      "said by others", [.sentence, .habit], "begin with {a}",
      oneOf: ["They say that", "I think that", "Everyone knows that", "Perhaps", "We heard that"],
      """
      Begin with {a}. | Put {a} in front. | Start the sentence with {a}. | Introduce it with {a}.
      {a} ... | Could you open with {a}? | Add {a} at the start of the sentence.
      Rewrite it as one sentence that opens with the words {a} and goes on with all the rest.
      Precede it by {a}. | Say it after {a}, please. | Make it follow {a}. | The first words should be {a}.
      """
    ) { m, lead in "\(lead) \(m.sentenceInside)" },
    .found(
      "person mentioned", [.sentence], "say yes or no: is {a} mentioned",
      """
      Is {a} mentioned? Yes or no. | Does it name {a}? Answer yes or no. | Yes or no: is it about {a}?
      {a}, yes or no? | Could you check whether {a} appears? Yes or no. | Was it {a}? Answer yes or no.
      Answer yes if the sentence is about {a}, and no if it is about somebody else.
      Look for {a} and say yes or no. | Say yes if {a} did it, otherwise no. | {a} is in it: yes or no?
      Tell me whether {a} is the person, yes or no. | Does {a} occur here? Only yes or no.
      """,
      { m, random in
        [random.pick(2) == 0 ? m["name"] : random.element(Lexicon.names)]
      },
      rule: { m, p in m["name"] == p[0] ? "yes" : "no" }),
    .text(
      "short yes answer", [.sentence], "answer that it is so, with Yes and did",
      """
      Answer that it is so, with Yes and did. | Confirm it: Yes, she did or Yes, he did.
      Yes, ... did. | Could you agree in a short answer with did? | Agree shortly: Yes, and did.
      Confirm the statement with the short answer Yes, she did or Yes, he did, as the name requires.
      Give a short answer in agreement, using did. | Short confirmation with did, please.
      Say yes to it in three words, the last being did. | Agree in the shortest way: Yes, she or he did.
      Reply with a short yes-answer that has did. | Confirm with a pronoun and did after Yes.
      """
    ) { "Yes, \($0["pronoun"]) did." },
    .text(
      "verb of the sentence", [.sentence], "write only the verb",
      """
      Write only the verb. | Which verb is used? | Give the verb. | What is the verb?
      verb | Could you find the verb? | Extract the verb of the sentence. | Copy the verb alone.
      Find the word that says what was done, and answer with that word alone.
      The verb, nothing else. | Name the action word, please. | Pick the verb out.
      """
    ) { $0["past"] },
  ]
}
