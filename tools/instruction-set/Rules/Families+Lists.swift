extension Family {
  static let listFamilies: [Family] = [
    Family(
      "bullets", [.list], step: "make a bulleted list of it",
      [
        "bullets",
        "Could you turn this into a bulleted list?",
        "Write the items one under the other, each with a dash and a space in front.",
        "As bullets, please.",
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
        "1. 2. 3.",
        "Could you turn this into a numbered list?",
        "Write the items one under the other, each with its number, a full stop and a space in front.",
        "Numbered, please.",
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
        "one per line",
        "Could you put every item on its own line?",
        "Write the items one under the other without commas or any marks before them.",
        "On separate lines, please.",
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
        "{a}, not commas",
        "Could you put {a} between the items?",
        "Write the items on one line with {a} between them in the place of the commas.",
        "With {a} in between, please.",
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
        "first",
        "Could you give me the first item?",
        "Write the item that the list begins with and nothing else.",
        "The first one, please.",
        "Keep only the first item.", "What is the first item?", "Return the item that comes first.",
        "Give the first of them.", "Pick the first entry.", "Only the first in the list.",
        "Which item is at the head of the list?", "Select the opening entry.",
      ], items: { [$0[0]] }),
    Family(
      "last item", [.list], step: "keep only the last item",
      [
        "last",
        "Could you give me the last item?",
        "Write the item that the list ends with and nothing else.",
        "The last one, please.",
        "Keep only the last item.", "What is the last item?", "Return the item that comes last.",
        "Give the last of them.", "Pick the last entry.", "Only the final one in the list.",
        "Which item ends the list?", "Select the closing entry.",
      ], items: { [$0.last!] }),
    Family(
      "second item", [.list], step: "keep only the second item",
      [
        "second",
        "Could you give me the second item?",
        "Write the item that comes directly after the first and nothing else.",
        "The second one, please.",
        "Keep only the second item.", "What is the second item?",
        "Return the item in second place.",
        "Give the second of them.", "Pick entry number two.", "Only the second in the list.",
        "Which item follows the first?", "Select the one after the first.",
      ], items: { [$0[1]] }),
    Family(
      "first dropped", [.list], step: "leave out the first item",
      [
        "without the first",
        "Could you leave the first item out?",
        "Write the list again from its second item on.",
        "Not the first one, please.",
        "Leave out the first item.", "Remove the first item.", "Drop the first of them.",
        "Give the list without its first item.", "Everything but the first item.",
        "Delete the first entry.",
        "Start from the second item.", "Skip the opening entry.",
      ], items: { Array($0.dropFirst()) }),
    Family(
      "reversed", [.list], step: "reverse the order of the items",
      [
        "reverse",
        "Could you reverse the list?",
        "Write the items in the opposite order, beginning with the last and ending with the first.",
        "Backwards, please, item by item.",
        "Reverse the order of the items.", "Write the list backwards.",
        "List the items from last to first.",
        "Turn the order around.", "Give the items in the opposite order.", "Reverse the list.",
        "The last item first, the first one last.", "Flip the list end to end.",
      ], items: { $0.reversed() }),
    Family(
      "sorted", [.list], step: "sort the items by the alphabet",
      [
        "a to z",
        "Could you sort this alphabetically?",
        "Write the items in the order in which a dictionary has them, whatever their capitals.",
        "Sorted, please, by the alphabet.",
        "Sort the items by the alphabet.", "Put the list in alphabetical order.",
        "Order the items from A to Z.",
        "Alphabetise the list.", "Arrange the words alphabetically.", "Sort it from A to Z.",
        "In alphabetical order, please.", "As a dictionary would order them.",
      ], items: { $0.sorted { $0.lowercased() < $1.lowercased() } }),
    Family(
      "number of items", [.list], step: "count the items",
      [
        "how many",
        "Could you count the items?",
        "Count the items of the list and answer with the number alone, in digits.",
        "The number of items, please.",
        "How many items are there?", "Count the items.", "Give the number of items.",
        "How long is the list?",
        "Answer with how many things are listed.", "State the number of entries.",
        "Tell me the length of the list.", "Counting the entries gives what?",
      ]
    ) { "\($0.items.count)" },
    Family(
      "item of a category", [.list], step: "pick out the item that is {a}",
      [
        "{a}?",
        "Could you find {a} among these?",
        "Go through the list and answer with the one item that is {a}.",
        "The one that is {a}, please.",
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
      "membership", [.list], step: "say yes or no: is {a} in the list",
      [
        "{a}: yes/no",
        "Could you tell me whether {a} is listed? Yes or no.",
        "Answer yes if the list has the item {a}, whatever its capitals, and no if it has not.",
        "Yes or no, please: is {a} listed?",
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
