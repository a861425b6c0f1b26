extension Family {
  static let numberFamilies: [Family] = [
    Family(
      "in words", [.number], step: "write the number in words",
      [
        "in words",
        "Could you write this number out?",
        "Write the English words for the number, with a hyphen where they need one.",
        "As words, please.",
        "Write the number in words.", "Spell the number.", "Give it in words.",
        "How is the number written out?",
        "Put the number in English words.", "Convert the digits to words.",
        "Words instead of digits.",
        "Say the number in letters.",
      ]
    ) { Lexicon.inWords($0.number) },
    Family(
      "roman", [.number], step: "write it in Roman numerals",
      [
        "roman numerals",
        "Could you write this in Roman numerals?",
        "Write the number with the letters I, V, X and L, as on an old clock or tomb.",
        "In Roman numerals, please.",
        "Write it in Roman numerals.", "Convert the number to Roman numerals.",
        "Give the Roman numeral.",
        "How did the Romans write it?", "Use Roman numerals.", "Turn it into a Roman number.",
        "As a Roman numeral, please.", "Put this in the numerals of ancient Rome.",
      ]
    ) { Lexicon.roman($0.number) },
    Family(
      "parity", [.number], step: "say even or odd",
      [
        "even/odd",
        "Could you tell me if it is even or odd?",
        "Answer with the word even if two divides the number and with the word odd if not.",
        "One word, please: even or odd.",
        "Is it even or odd?", "Say whether the number is even or odd.", "Even or odd?",
        "Answer even or odd.", "Classify the number as even or odd.", "Decide: odd or even.",
        "Which is it, even or odd?", "Tell its parity, even or odd.",
      ]
    ) { $0.number.isMultiple(of: 2) ? "even" : "odd" },
    Family(
      "next", [.number], step: "add one",
      [
        "+1",
        "Could you add one to it?",
        "Write the whole number that comes directly after this one.",
        "The next one, please.",
        "Which number comes next?", "Add one.", "Give the following number.",
        "What comes after it?",
        "Count one further.", "Write the number that follows.", "One more than this is what?",
        "Increase it by one.",
      ]
    ) { "\($0.number + 1)" },
    Family(
      "doubled", [.number], step: "double it",
      [
        "x2",
        "Could you double this?",
        "Work out two times the number and answer with the result alone.",
        "The double, please.",
        "Double it.", "Multiply by two.", "What is twice the number?", "Give two times the number.",
        "Calculate the double.", "Write twice as much.", "Times two.",
        "The number and itself, added.",
      ]
    ) { "\($0.number * 2)" },
    Family(
      "added", [.number], step: "add {a}",
      [
        "+{a}",
        "Could you add {a} to this?",
        "Work out the number plus {a} and answer with the result alone.",
        "Plus {a}, please.",
        "Add {a}.", "What is it plus {a}?", "Increase the number by {a}.", "Give the sum with {a}.",
        "Calculate the number plus {a}.", "Add {a} to it.", "{a} more than this is what?",
        "Raise it by {a}.",
      ], oneOf: ["2", "3", "5", "10", "20"]
    ) { input, more in "\(input.number + Int(more)!)" },
    Family(
      "larger than", [.number], step: "say yes if it is larger than {a}, otherwise no",
      [
        "> {a}?",
        "Could you tell me whether it is larger than {a}? Yes or no.",
        "Answer yes if the number is more than {a}, and no if it is {a} or less.",
        "Yes or no, please: above {a}?",
        "Is it larger than {a}? Answer yes or no.", "Yes or no: is the number above {a}?",
        "Say yes if it is more than {a}, otherwise no.", "Does it exceed {a}? Yes or no.",
        "Answer yes or no: greater than {a}.", "More than {a}? Yes or no.",
        "Compare with {a}: is it larger, yes or no?", "Beyond {a}, yes or no?",
      ], oneOf: ["10", "20", "25", "30"]
    ) { input, bound in input.number > Int(bound)! ? "yes" : "no" },
    Family(
      "with a unit", [.number], step: "write it with the unit {a}",
      [
        "... {a}",
        "Could you put the unit {a} after it?",
        "Write the number, a space and the word {a}.",
        "In {a}, please.",
        "Write it with the unit {a}.", "Add {a} as the unit.",
        "It is in {a}: write number and unit.",
        "Give the number in {a}.", "The unit is {a}; add it.", "Put {a} after the number.",
        "Express it as so many {a}.", "Attach the unit {a}.",
      ], oneOf: ["metres", "euros", "kilograms", "hours", "litres"]
    ) { input, unit in "\(input.text) \(unit)" },
    Family(
      "sum", [.pair], step: "add the two numbers",
      [
        "a + b",
        "Could you add these two?",
        "Work out how much the two numbers are together and answer with the result alone.",
        "The sum, please.",
        "Add them.", "What is the sum?", "Give the sum of the two numbers.", "Calculate the total.",
        "How much are they together?", "Sum the numbers.", "Put the two together: how many?",
        "Total them.",
      ]
    ) { "\($0.numbers.0 + $0.numbers.1)" },
    Family(
      "larger", [.pair], step: "give the larger number",
      [
        "max",
        "Could you tell me which is larger?",
        "Compare the two numbers and answer with the larger one alone.",
        "The larger one, please.",
        "Which is larger?", "Give the larger number.", "Write the bigger of the two.",
        "Which number is greater?",
        "Pick the maximum.", "Return the higher number.", "Keep the bigger one.",
        "The greater of them, please.",
      ]
    ) { "\(max($0.numbers.0, $0.numbers.1))" },
    Family(
      "in order", [.pair], step: "write the smaller number first, with a comma",
      [
        "smaller, larger",
        "Could you put the two in order, the smaller first?",
        "Write the two numbers with a comma between them, the smaller one in front.",
        "In order, please.",
        "Write the smaller number first, with a comma.",
        "Sort the two numbers, with a comma between.",
        "Order them from small to large, separated by a comma.",
        "Put them in ascending order with a comma.",
        "Arrange the numbers upwards: a, b.", "From lowest to highest, comma between.",
        "Ascending, with a comma.", "Least first, then the other, after a comma.",
      ]
    ) { "\(min($0.numbers.0, $0.numbers.1)), \(max($0.numbers.0, $0.numbers.1))" },
    Family(
      "compared", [.pair], step: "write the two numbers with < or > between them",
      [
        "< or >?",
        "Could you put < or > between them?",
        "Write the first number, then < if it is smaller or > if it is larger, then the second number.",
        "With the right one of < and >, please.",
        "Write it with < or >.", "Compare the two numbers with < or >.",
        "Put the right sign, < or >, between them.",
        "Use < or > to relate them.", "Replace and by the right one of < and >.",
        "Which sign belongs between them? Write it all.",
        "Make a comparison with < or >.", "State with < or > how they compare.",
      ]
    ) { "\($0.numbers.0) \($0.numbers.0 < $0.numbers.1 ? "<" : ">") \($0.numbers.1)" },
  ]

  /// Kept from training whole: whether an editor follows a kind of instruction that it has never met.
  package static let keptFamilies: [Family] = [
    Family(
      "heading", earlierTexts, step: "make it a Markdown heading",
      [
        "Make it a Markdown heading.", "Format the text as a heading in Markdown.",
        "Write it as a top-level Markdown heading.", "Put a hash sign in front, as for a heading.",
      ]
    ) { "# \($0.text)" },
    Family(
      "last dropped", [.list], step: "leave out the last item",
      [
        "Leave out the last item.", "Remove the last item.", "Give the list without its last item.",
        "Everything but the final item.",
      ], items: { Array($0.dropLast()) }),
    Family(
      "previous", [.number], step: "subtract one",
      [
        "Which number comes before it?", "Subtract one.", "Give the preceding number.",
        "One less than this is what?",
      ]
    ) { "\($0.number - 1)" },
    Family(
      "smaller", [.pair], step: "give the smaller number",
      [
        "Which is smaller?", "Give the smaller number.", "Pick the minimum.",
        "Write the lower of the two.",
      ]
    ) { "\(min($0.numbers.0, $0.numbers.1))" },
    Family(
      "robot", earlierTexts, step: "say it like a robot, with BEEP before and after",
      [
        "Say it like a robot: BEEP before and after.", "Talk like a robot that says BEEP.",
        "Robot style, with BEEP around it.", "Put the word BEEP on both sides, as a robot would.",
      ]
    ) { "BEEP. \($0.text) BEEP." },
    Family(
      "third item", [.list], step: "keep only the third item",
      [
        "Keep only the third item.", "What is the third item?", "Return the item in third place.",
        "Pick entry number three.",
      ], items: { [$0[2]] }),
  ]
}
