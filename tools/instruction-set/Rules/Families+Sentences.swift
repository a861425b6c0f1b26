extension Family {
  /// Sentences: somebody did something with a thing somewhere.
  static let sentenceFamilies: [Family] = [
    Family(
      "who", [.sentence], step: "say who did it",
      [
        "who?",
        "Could you tell me who did it?",
        "Write the name of the person in the sentence and nothing else.",
        "The name, please.",
        "Who did it?", "Name the person.", "Who is it about?", "Which person is mentioned?",
        "Answer with the person's name.", "Extract the name of the person.", "Tell me who acted.",
        "Whose name appears?",
      ]
    ) { $0["name"] },
    Family(
      "where", [.sentence], step: "say where it happened",
      [
        "where?",
        "Could you tell me where it happened?",
        "Copy the words of the sentence that say where it happened and nothing else.",
        "The place, please.",
        "Where did it happen?", "Name the place.", "Say where.", "Give the location.",
        "In what place was it?", "Extract the place from the sentence.",
        "Answer with the location only.",
        "Tell me the whereabouts.",
      ]
    ) { $0["place"] },
    Family(
      "thing", [.sentence], step: "name the thing",
      [
        "object?",
        "Could you name the thing?",
        "Write the noun for the thing that something was done with, without the adjective.",
        "The noun of the object, please.",
        "Which thing is it about?", "Name the object.", "What thing is mentioned?",
        "Extract the object of the sentence, one word.",
        "What was it that the person dealt with? One word.",
        "Give the thing alone.", "Answer with the noun for the object.", "Only the object, please.",
      ]
    ) { $0["thing"] },
    Family(
      "property", [.sentence], step: "say what the thing is like",
      [
        "adjective?",
        "Could you tell me which adjective is used?",
        "Write the adjective that describes the thing and nothing else.",
        "The adjective, please.",
        "What is the thing like? One word.", "Give the adjective.", "Which adjective is used?",
        "Describe the thing in one word.", "Extract the adjective.", "How is the object described?",
        "Answer with the property of the thing.", "What quality does the object have?",
      ]
    ) { $0["adjective"] },
    Family(
      "future", [.sentence], step: "put it in the future with will",
      [
        "future",
        "Could you put it in the future?",
        "Rewrite the sentence with will and the base form of the verb in the place of the past.",
        "In the future, please.",
        "Put it in the future.", "Rewrite the sentence in the future tense.",
        "Say that it will happen.",
        "Change the tense to the future.", "Use will.", "Make it about tomorrow: future tense.",
        "Future tense, please.", "Write what is going to be, using will.",
      ]
    ) { "\($0["name"]) will \($0["base"]) \($0.object) \($0["place"])." },
    Family(
      "negation", [.sentence], step: "say that it did not happen, with did not",
      [
        "negative",
        "Could you negate this with did not?",
        "Rewrite the sentence with did not and the base form of the verb, so that it says the contrary.",
        "Negative, please.",
        "Say that it did not happen.", "Negate the sentence.", "Make the sentence negative.",
        "Write the opposite, with did not.", "Deny it.", "Turn it into a negative statement.",
        "Use did not.", "State that this is not what happened.",
      ]
    ) { "\($0["name"]) did not \($0["base"]) \($0.object) \($0["place"])." },
    Family(
      "question", [.sentence], step: "turn it into a question that starts with Did",
      [
        "question",
        "Could you make this a question?",
        "Rewrite the sentence as a question that begins with Did and can be answered by yes or no.",
        "As a question, please.",
        "Make a question of it.", "Turn the sentence into a yes-or-no question.",
        "Ask whether it happened.",
        "Rewrite it as a question that starts with Did.", "Form a question.",
        "Change the statement to a question.",
        "Ask it instead of stating it.", "Put this as a question.",
      ]
    ) { "Did \($0["name"]) \($0["base"]) \($0.object) \($0["place"])?" },
    Family(
      "other person", [.sentence], step: "replace the person by {a}",
      [
        "person: {a}",
        "Could you put {a} in the person's place?",
        "Rewrite the sentence with {a} as the one who did it and nothing else changed.",
        "With {a} instead, please.",
        "Replace the person by {a}.", "Change the name to {a}.",
        "Put {a} in the place of the person.",
        "Rewrite it with {a} as the person.", "Make it about {a}.",
        "It was {a} who did it: correct the sentence.",
        "Swap the name for {a}.", "The person should be {a}.",
      ], oneOf: Lexicon.names + ["she", "he"]
    ) { input, name in
      "\(name.capitalizedFirst) \(input["past"]) \(input.object) \(input["place"])."
    },
    Family(
      "other thing", [.sentence], step: "replace the noun of the object by {a}",
      [
        "object: {a}",
        "Could you put {a} in the place of the noun for the thing?",
        "Rewrite the sentence with {a} as the noun for the thing, with the adjective kept.",
        "With {a} as the thing, please.",
        "Replace the object by {a}.", "Change the thing to {a}.",
        "Let it be {a} instead of the object.",
        "Rewrite it with {a} as the object.", "Swap the noun for {a}, keep the adjective.",
        "Use {a} in place of the thing.", "Exchange the thing for {a}.",
        "The object should be {a}.",
      ], oneOf: Lexicon.things
    ) { input, thing in
      "\(input["name"]) \(input["past"]) the \(input["adjective"]) \(thing) \(input["place"])."
    },
    Family(
      "place left out", [.sentence], step: "leave out the place",
      [
        "no place",
        "Could you leave out where it happened?",
        "Rewrite the sentence without the words that say where it happened.",
        "Without the place, please.",
        "Leave out the place.", "Remove the place from the sentence.",
        "Rewrite it without saying where.",
        "Drop the location.", "Shorten it by the place.", "Do not say where it happened.",
        "Cut the location off the sentence.", "The sentence, but without its place.",
      ]
    ) { "\($0["name"]) \($0["past"]) \($0.object)." },
  ]

  /// Judgements, and labels for them.
  static let reviewFamilies: [Family] = [
    Family(
      "sentiment", [.review], step: "say positive or negative, as the opinion is",
      [
        "positive/negative",
        "Could you tell whether this is positive or negative?",
        "Answer with the word positive if the writer was pleased and with the word negative if not.",
        "One word, please: positive or negative.",
        "Is it positive or negative?", "Classify the sentiment as positive or negative.",
        "Give the sentiment in one word.", "Does the writer like it? Answer positive or negative.",
        "Label the review as positive or negative.", "Say whether this is positive or negative.",
        "Positive or negative?", "What is the attitude here, positive or negative?",
      ]
    ) { $0.isPraise ? "positive" : "negative" },
    Family(
      "own labels", [.review], step: "say {a} for a good opinion and {b} for a bad one",
      [
        "good -> {a}, bad -> {b}",
        "Could you say {a} if they liked it and {b} if they did not?",
        "If the opinion is favourable the answer is {a}, and if it is unfavourable the answer is {b}.",
        "{a} for good, please, and {b} for bad.",
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
      "stars", [.review], step: "rate it with 5 stars or 1 star",
      [
        "5 stars or 1 star",
        "Could you rate this with 5 stars or 1 star?",
        "Answer 5 stars if the writer was pleased and 1 star if not.",
        "A rating, please: 5 stars or 1 star.",
        "Give five stars or one star.", "How many stars, five or one? Write for example: 5 stars.",
        "Rate it: 5 stars or 1 star.",
        "Turn the opinion into stars, five for good and one for bad.",
        "Answer with 5 stars or 1 star.", "What star rating fits, 5 stars or 1 star?",
        "Express it in stars (5 stars or 1 star).", "Stars for this: 5 stars or 1 star?",
      ]
    ) { $0.isPraise ? "5 stars" : "1 star" },
    Family(
      "subject", [.review], step: "say in one word what is judged",
      [
        "about what?",
        "Could you say in one word what this is about?",
        "Answer with the one noun for what the opinion judges.",
        "The thing judged, please, one word.",
        "What is it about? One word.", "Name what is judged.", "Which thing is reviewed?",
        "Give the subject of the review.", "Extract what the opinion is about.",
        "Answer with the thing under review.",
        "Tell me what they talk about.", "The topic in one word, please.",
      ]
    ) { $0["subject"] },
  ]
}
