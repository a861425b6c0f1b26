extension Family {
  /// Sentences: somebody did something with a thing somewhere.
  static let sentenceFamilies: [Family] = [
    Family(
      "who", [.sentence], step: "say who did it",
      [
        "Who did it?", "Name the person.", "Who is it about?", "Which person is mentioned?",
        "Answer with the person's name.", "Extract the name of the person.", "Tell me who acted.",
        "Whose name appears?",
      ]
    ) { $0.parts[0] },
    Family(
      "where", [.sentence], step: "say where it happened",
      [
        "Where did it happen?", "Name the place.", "Say where.", "Give the location.",
        "In what place was it?", "Extract the place from the sentence.",
        "Answer with the location only.",
        "Tell me the whereabouts.",
      ]
    ) { $0.parts[5] },
    Family(
      "thing", [.sentence], step: "name the thing",
      [
        "Which thing is it about?", "Name the object.", "What thing is mentioned?",
        "Extract the object of the sentence, one word.",
        "What was it that the person dealt with? One word.",
        "Give the thing alone.", "Answer with the noun for the object.", "Only the object, please.",
      ]
    ) { $0.parts[4] },
    Family(
      "property", [.sentence], step: "say what the thing is like",
      [
        "What is the thing like? One word.", "Give the adjective.", "Which adjective is used?",
        "Describe the thing in one word.", "Extract the adjective.", "How is the object described?",
        "Answer with the property of the thing.", "What quality does the object have?",
      ]
    ) { $0.parts[3] },
    Family(
      "future", [.sentence],
      [
        "Put it in the future.", "Rewrite the sentence in the future tense.",
        "Say that it will happen.",
        "Change the tense to the future.", "Use will.", "Make it about tomorrow: future tense.",
        "Future tense, please.", "Write what is going to be, using will.",
      ]
    ) { "\($0.parts[0]) will \($0.parts[2]) the \($0.parts[3]) \($0.parts[4]) \($0.parts[5])." },
    Family(
      "negation", [.sentence],
      [
        "Say that it did not happen.", "Negate the sentence.", "Make the sentence negative.",
        "Write the opposite, with did not.", "Deny it.", "Turn it into a negative statement.",
        "Use did not.", "State that this is not what happened.",
      ]
    ) { "\($0.parts[0]) did not \($0.parts[2]) the \($0.parts[3]) \($0.parts[4]) \($0.parts[5])." },
    Family(
      "question", [.sentence],
      [
        "Make a question of it.", "Turn the sentence into a yes-or-no question.",
        "Ask whether it happened.",
        "Rewrite it as a question that starts with Did.", "Form a question.",
        "Change the statement to a question.",
        "Ask it instead of stating it.", "Put this as a question.",
      ]
    ) { "Did \($0.parts[0]) \($0.parts[2]) the \($0.parts[3]) \($0.parts[4]) \($0.parts[5])?" },
    Family(
      "other person", [.sentence],
      [
        "Replace the person by {a}.", "Change the name to {a}.",
        "Put {a} in the place of the person.",
        "Rewrite it with {a} as the person.", "Make it about {a}.",
        "It was {a} who did it: correct the sentence.",
        "Swap the name for {a}.", "The person should be {a}.",
      ], oneOf: Lexicon.names + ["she", "he"]
    ) { input, name in
      let p = input.parts
      return "\(name.capitalizedFirst) \(p[1]) the \(p[3]) \(p[4]) \(p[5])."
    },
    Family(
      "other thing", [.sentence],
      [
        "Replace the object by {a}.", "Change the thing to {a}.",
        "Let it be {a} instead of the object.",
        "Rewrite it with {a} as the object.", "Swap the noun for {a}, keep the adjective.",
        "Use {a} in place of the thing.", "Exchange the thing for {a}.",
        "The object should be {a}.",
      ], oneOf: Lexicon.things
    ) { input, thing in
      let p = input.parts
      return "\(p[0]) \(p[1]) the \(p[3]) \(thing) \(p[5])."
    },
    Family(
      "place left out", [.sentence],
      [
        "Leave out the place.", "Remove the place from the sentence.",
        "Rewrite it without saying where.",
        "Drop the location.", "Shorten it by the place.", "Do not say where it happened.",
        "Cut the location off the sentence.", "The sentence, but without its place.",
      ]
    ) { "\($0.parts[0]) \($0.parts[1]) the \($0.parts[3]) \($0.parts[4])." },
  ]

  /// Judgements, and labels for them.
  static let reviewFamilies: [Family] = [
    Family(
      "sentiment", [.review],
      [
        "Is it positive or negative?", "Classify the sentiment as positive or negative.",
        "Give the sentiment in one word.", "Does the writer like it? Answer positive or negative.",
        "Label the review as positive or negative.", "Say whether this is positive or negative.",
        "Positive or negative?", "What is the attitude here, positive or negative?",
      ]
    ) { $0.isPraise ? "positive" : "negative" },
    Family(
      "own labels", [.review],
      [
        "Answer {a} if the opinion is good and {b} if it is bad.",
        "Write {a} for praise, {b} for complaints.",
        "Say {a} when they liked it, otherwise {b}.",
        "Good opinions are {a}, bad ones are {b}: which is it?",
        "Use the label {a} for a good review and {b} for a bad one.",
        "Reply {a} if it was liked, {b} if not.",
        "Good: {a}. Bad: {b}. Which one?",
        "Choose {a} for favourable and {b} for unfavourable words.",
      ],
      parameters: { _, random in
        random.element([
          ["happy", "sad"], ["yes", "no"], ["up", "down"], ["A", "B"], ["green", "red"],
        ])
      },
      rule: { input, labels in Material(.text, labels[input.isPraise ? 0 : 1]) }),
    Family(
      "stars", [.review],
      [
        "Give five stars or one star.", "How many stars, five or one? Write for example: 5 stars.",
        "Rate it: 5 stars or 1 star.",
        "Turn the opinion into stars, five for good and one for bad.",
        "Answer with 5 stars or 1 star.", "What star rating fits, 5 stars or 1 star?",
        "Express it in stars (5 stars or 1 star).", "Stars for this: 5 stars or 1 star?",
      ]
    ) { $0.isPraise ? "5 stars" : "1 star" },
    Family(
      "subject", [.review],
      [
        "What is it about? One word.", "Name what is judged.", "Which thing is reviewed?",
        "Give the subject of the review.", "Extract what the opinion is about.",
        "Answer with the thing under review.",
        "Tell me what they talk about.", "The topic in one word, please.",
      ]
    ) { $0.subject },
  ]
}
