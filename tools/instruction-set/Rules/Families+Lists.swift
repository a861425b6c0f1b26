extension Family {
  static let listFamilies: [Family] = [
    Family(
      "bullets", [.list], step: "make a bulleted list of it",
      [
        "Make a bulleted list.", "Write each item on its own line with a dash.",
        "Format it as a list with bullets.",
        "Turn it into bullet points.", "Bullet points, one for each item.",
        "Put a dash before every item, one a line.",
        "Show the items as bullets.", "I would like bullet points.",
      ]
    ) { $0.items.map { "- \($0)" }.joined(separator: "\n") },
    Family(
      "numbers in front", [.list], step: "number the items",
      [
        "Number the items.", "Make a numbered list.",
        "Write each item on its own line with a number.",
        "Format it as an ordered list.", "Put 1., 2. and so on before the items, one a line.",
        "Give the items numbers.", "A numbered list, please.", "List them with numbers.",
      ]
    ) { input in
      input.items.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n")
    },
    Family(
      "lines", [.list], step: "put each item on a line of its own",
      [
        "Put each item on a line of its own.", "One item a line.",
        "Write every item on a new line.",
        "Separate the items by line breaks.", "Break the list into lines.",
        "Each item goes on its own line, without marks.", "Start a new line for each item.",
        "Lines instead of commas.",
      ]
    ) { $0.items.joined(separator: "\n") },
    Family(
      "other separator", [.list], step: "separate the items by {a}",
      [
        "Separate the items by {a}.", "Use {a} between the items.", "Replace the commas by {a}.",
        "Write {a} where the commas are.", "Join the items with {a}.",
        "Change the separator to {a}.",
        "Instead of commas, {a}.", "The items should be divided by {a}.",
      ], oneOf: ["semicolons", "arrows", "bars", "the word and", "the word or"]
    ) { input, name in
      let separators = [
        "semicolons": "; ", "arrows": " -> ", "bars": " | ", "the word and": " and ",
        "the word or": " or ",
      ]
      return input.items.joined(separator: separators[name]!)
    },
    Family(
      "first item", [.list], step: "keep only the first item",
      [
        "Keep only the first item.", "What is the first item?", "Return the item that comes first.",
        "Give the first of them.", "Pick the first entry.", "Only the first in the list.",
        "Which item is at the head of the list?", "Select the opening entry.",
      ], items: { [$0[0]] }),
    Family(
      "last item", [.list], step: "keep only the last item",
      [
        "Keep only the last item.", "What is the last item?", "Return the item that comes last.",
        "Give the last of them.", "Pick the last entry.", "Only the final one in the list.",
        "Which item ends the list?", "Select the closing entry.",
      ], items: { [$0.last!] }),
    Family(
      "second item", [.list], step: "keep only the second item",
      [
        "Keep only the second item.", "What is the second item?",
        "Return the item in second place.",
        "Give the second of them.", "Pick entry number two.", "Only the second in the list.",
        "Which item follows the first?", "Select the one after the first.",
      ], items: { [$0[1]] }),
    Family(
      "first dropped", [.list], step: "leave out the first item",
      [
        "Leave out the first item.", "Remove the first item.", "Drop the first of them.",
        "Give the list without its first item.", "Everything but the first item.",
        "Delete the first entry.",
        "Start from the second item.", "Skip the opening entry.",
      ], items: { Array($0.dropFirst()) }),
    Family(
      "reversed", [.list], step: "reverse the order of the items",
      [
        "Reverse the order of the items.", "Write the list backwards.",
        "List the items from last to first.",
        "Turn the order around.", "Give the items in the opposite order.", "Reverse the list.",
        "The last item first, the first one last.", "Flip the list end to end.",
      ], items: { $0.reversed() }),
    Family(
      "sorted", [.list], step: "sort the items by the alphabet",
      [
        "Sort the items by the alphabet.", "Put the list in alphabetical order.",
        "Order the items from A to Z.",
        "Alphabetise the list.", "Arrange the words alphabetically.", "Sort it from A to Z.",
        "In alphabetical order, please.", "As a dictionary would order them.",
      ], items: { $0.sorted { $0.lowercased() < $1.lowercased() } }),
    Family(
      "number of items", [.list],
      [
        "How many items are there?", "Count the items.", "Give the number of items.",
        "How long is the list?",
        "Answer with how many things are listed.", "State the number of entries.",
        "Tell me the length of the list.", "Counting the entries gives what?",
      ]
    ) { "\($0.items.count)" },
    Family(
      "item of a category", [.list],
      [
        "Which of them is {a}?", "Find {a} in the list.", "Pick out {a}.",
        "Name the item that is {a}.",
        "One of these is {a}: which?", "Give only the item that is {a}.",
        "Extract {a} from the list.",
        "Return the one that counts as {a}.",
      ],
      parameters: { input, random in
        let categories = input.items.map { Lexicon.categoryOf[$0.lowercased()]! }
        let single = categories.filter { name in categories.count { $0 == name } == 1 }
        guard !single.isEmpty, Set(categories).count > 1 else { return nil }
        return [random.element(single).withArticle]
      },
      rule: { input, parameters in
        Material(
          items: input.items.filter {
            Lexicon.categoryOf[$0.lowercased()]!.withArticle == parameters[0]
          })
      }),
    Family(
      "membership", [.list],
      [
        "Is {a} in the list? Answer yes or no.", "Does the list contain {a}? Yes or no.",
        "Say yes if {a} is listed, otherwise no.", "Yes or no: is {a} one of them?",
        "Check whether {a} is there; answer yes or no.", "Look for {a}: yes or no?",
        "Can you find {a} here? Yes or no.", "Answer yes or no: {a} is among these.",
      ],
      parameters: { input, random in
        [
          random.pick(2) == 0
            ? random.element(input.items).lowercased() : random.element(Lexicon.things)
        ]
      },
      rule: { input, parameters in
        Material(.text, input.items.contains { $0.lowercased() == parameters[0] } ? "yes" : "no")
      }),
  ]
}

extension String {
  /// A category as one says it of a thing: "an animal", "food".
  fileprivate var withArticle: String {
    switch self {
    case "food", "clothing", "furniture": return self
    default: return ("aeiou".contains(first!) ? "an " : "a ") + self
    }
  }
}
