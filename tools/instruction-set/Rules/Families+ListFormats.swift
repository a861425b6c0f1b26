extension Family {
  /// Lists in other forms.
  static let listFormatFamilies: [Family] = [
    .text(
      "and before the last", [.list],
      "join the items with commas, and the word and before the last",
      """
      Join the items with commas, and the word and before the last. | Put and before the last item. | A, B and C.
      and before the last | Could you write the list as in a sentence, with and before the last item?
      Write the items as one says them in a sentence: commas between them, but and before the last.
      As spoken, please, with and at the end. | Link the last two items by and. | Use and instead of the last comma.
      The last comma becomes and. | Write it as running text with and. | Say the list aloud: and comes before the last.
      """
    ) { Lexicon.joined($0.items) },
    .text(
      "array of strings", [.list], "write it as a list of strings in Python",
      """
      Write it as a list of strings in Python. | Python list. | Make a Python list of it. | ["...", "..."]
      Could you turn this into a Python list? | As a list literal. | JSON array of strings. | Strings in square brackets.
      Write the items as strings in double quotes, with commas between them and square brackets around all.
      An array of strings, please. | Convert it to an array with double quotes. | Put it in code as a list of strings.
      """
    ) { m in "[" + m.items.map { "\"\($0)\"" }.joined(separator: ", ") + "]" },
    .text(
      "checklist", [.list], "make a Markdown checklist with empty boxes",
      """
      Make a Markdown checklist with empty boxes. | Checklist in Markdown. | To-do list in Markdown. | - [ ]
      Could you make a checklist of this, in Markdown? | Task list with empty boxes. | One empty box for each item.
      Write every item on a line of its own behind a dash and an empty pair of square brackets, as in - [ ] item.
      A to-do list, please, in Markdown. | Make tasks of the items, Markdown style. | Turn it into Markdown tasks, none done.
      Give each item an empty Markdown check box.
      """
    ) { m in m.items.map { "- [ ] \($0)" }.joined(separator: "\n") },
    .text(
      "html list", [.list], "write each item as an HTML list item",
      """
      Write each item as an HTML list item. | <li> for each item. | HTML list items, one a line. | li elements
      Could you turn the items into li elements? | Wrap every item in <li>. | One <li> a line for each item.
      Write the items on lines of their own, each between the opening and the closing tag li.
      HTML li elements, please, one a line. | Put each item in an li tag. | Make HTML list entries of them.
      Mark up the items as <li>, one a line.
      """
    ) { m in m.items.map { "<li>\($0)</li>" }.joined(separator: "\n") },
    .text(
      "quoted items", [.list], "put every item in quotation marks",
      """
      Put every item in quotation marks. | Quote each item. | Quotation marks around each item. | quote the items
      Could you quote every item on its own? | Each item between double quotes. | Items in quotes, commas outside.
      Write the same list with double quotation marks around each item, not around the whole.
      Every item in quotes, please. | Add quotes to the items one by one. | Give each item its own quotation marks.
      Surround the items, one by one, with double quotes.
      """
    ) { m in m.items.map { "\"\($0)\"" }.joined(separator: ", ") },
    .text(
      "lettered", [.list], "put each item on a line after a letter: a), b), c)",
      """
      Put each item on a line after a letter: a), b), c). | Letters instead of numbers: a), b), c). | a) b) c)
      Could you letter the items, one a line? | Label the lines a), b) and so on. | List with letters and brackets.
      Write the items on lines of their own, labelled with small letters and a closing bracket.
      A lettered list, please: a), b), ... | Enumerate the items by letters. | One item a line, with a), b), c) in front.
      Mark the items as a), b), c) on separate lines. | a) for the first line, b) for the next, and so on.
      """
    ) { m in
      zip("abcdefgh", m.items).map { "\($0)) \($1)" }.joined(separator: "\n")
    },
    .choice(
      "table of one column", [.list], "make a Markdown table of one column with the header {a}",
      oneOf: ["Item", "Name", "Word", "Thing", "Entry"],
      """
      Make a Markdown table of one column with the header {a}. | One-column Markdown table, header {a}.
      Could you put the items in a Markdown table under {a}? | Table in Markdown: column {a}. | markdown table, {a}
      Write a Markdown table whose only column is called {a} and has one item in each row.
      A Markdown table, please, with the single column {a}. | Column {a}, one item a row, Markdown.
      Tabulate the items in Markdown under {a}. | List them in a Markdown table headed {a}.
      Under the header {a}, as a Markdown table. | Convert the list to a table in Markdown with the heading {a}.
      """
    ) { m, header in Material.markdownTable([[header]] + m.items.map { [$0] }) },
    .text(
      "slashes between", [.list], "write the items as a path, with slashes between them",
      """
      Write the items as a path, with slashes between them. | Path of the items. | Slashes, no spaces. | a/b/c
      Could you make a path of these? | Join the items by slashes, without spaces. | Like folders in a path.
      Write the items one after the other with a slash and no space between two of them.
      As a file path, please. | Folder, folder, folder: a path. | Chain them with slashes as a path has it.
      Make a slash-separated path. | Turn the list into a path.
      """
    ) { $0.items.joined(separator: "/") },
    .text(
      "with articles", [.countedList], "write every item in small letters with a or an",
      """
      Write every item in small letters with a or an. | a or an before each item, small letters. | Add articles.
      Could you put a or an before each of them, in small letters? | With indefinite articles, lower case.
      Write the list in lower case with the fitting article, a or an, in front of every item.
      Articles, please: a or an for each item, all small. | Put the indefinite article before every item, lower case.
      Each item gets a or an, in lower case. | a/an + item for all of them, lower case.
      Say what there is one of: a or an for each, in small letters. | Give all items an indefinite article, lower case.
      One of each: a or an before every item, small letters. | Precede the small-letter items by a or an.
      """
    ) { m in m.items.map { $0.lowercased().withIndefiniteArticle }.joined(separator: ", ") },
    .choice(
      "list in a sentence", [.countedList], "make a sentence: {a} a, b and c",
      oneOf: ["I have", "We need", "She bought", "They sell", "I can see"],
      """
      Make a sentence that begins with {a} and lists the items with a or an. | {a} ... (a sentence with all items)
      Sentence with {a}: use a or an, commas and and. | Could you say this in a sentence that starts with {a}?
      Write one sentence: {a}, then every item in lower case with its article, joined by commas and and.
      A sentence, please, that opens with {a} and names all the items with a or an.
      Use {a} to make a sentence of the list, with a or an. | Put the items into a sentence after {a}, with articles.
      Say {a} and then the things, each with a or an. | {a}: complete the sentence with all items and their articles.
      Begin with {a} and name all of them with a or an. | Turn the list into a sentence starting {a}, articles included.
      """
    ) { m, start in
      "\(start) \(Lexicon.joined(m.items.map { $0.lowercased().withIndefiniteArticle }))."
    },
    .text(
      "plurals of all", [.countedList], "put every item in the plural, in small letters",
      """
      Put every item in the plural, in small letters. | Plurals, lower case. | Make all items plural and small.
      plural, lower case | Could you give the plural of each, in small letters? | More than one of each, lower case.
      Write the list with each noun in its plural form and in lower case.
      The plurals, please, in small letters. | Pluralise each item; no capitals. | All of them in the plural, small letters.
      Turn every noun into its plural, lower case. | Not one of each but many: plurals in lower case.
      """
    ) { m in m.items.map { Lexicon.plural($0.lowercased()) }.joined(separator: ", ") },
  ]

  /// Items chosen, added, moved and dropped.
  static let selectionFamilies: [Family] = [
    .found(
      "starting with a letter", [.list], "keep only the items that start with {a}",
      """
      Keep only the items that start with {a}. | Which items begin with {a}? | Only those that start with {a}.
      starting with {a} | Could you pick the items whose first letter is {a}? | Items with {a} at the start.
      Go through the list and keep every item that has the letter {a} at its beginning.
      Those beginning with {a}, please. | Filter by first letter: {a}. | Select what starts with {a}.
      Find the items with the initial {a}. | List what begins with the letter {a}.
      """, { m, random in [random.element(m.items).prefix(1).uppercased()] },
      rule: { m, p in m.items.filter { $0.uppercased().hasPrefix(p[0]) }.joined(separator: ", ") }),
    .found(
      "longest item", [.list], "give the item with the most letters",
      """
      Give the item with the most letters. | Longest word? | Which item is longest? | The longest one. | longest
      Could you find the longest word in the list? | Pick the longest item. | Only the longest entry.
      Compare the lengths of the words and answer with the one that has the most letters.
      The longest, please. | Return the item of the greatest length. | Which has most letters?
      Find the longest entry.
      """,
      { m, _ in
        let lengths = m.items.map(\.count)
        return lengths.count { $0 == lengths.max() } == 1 ? [] : nil
      },
      rule: { m, _ in m.items.max { $0.count < $1.count }! }),
    .found(
      "shortest item", [.list], "give the item with the fewest letters",
      """
      Give the item with the fewest letters. | Shortest word? | Which item is shortest? | The shortest one. | shortest
      Could you find the shortest word in the list? | Pick the shortest item. | Only the shortest entry.
      Compare the lengths of the words and answer with the one that has the fewest letters.
      The shortest, please. | Return the item of the smallest length. | Which has fewest letters?
      Find the shortest entry.
      """,
      { m, _ in
        let lengths = m.items.map(\.count)
        return lengths.count { $0 == lengths.min() } == 1 ? [] : nil
      },
      rule: { m, _ in m.items.min { $0.count < $1.count }! }),
    .kept(
      "first two", "keep only the first two items",
      """
      Keep only the first two items. | The first two. | Give the first two of them. | Items one and two. | first 2
      Could you return just the first two items? | Cut the list after the second item. | Only two: the first ones.
      Write the first two items with a comma between them and drop all the others.
      The first two, please. | Shorten the list to its first two items. | Take two from the start.
      Pick the opening two entries.
      """
    ) { Array($0.prefix(2)) },
    .kept(
      "last two", "keep only the last two items",
      """
      Keep only the last two items. | The last two. | Give the last two of them. | The two at the end. | last 2
      Could you return just the last two items? | Drop all but the final two. | Only two: the last ones.
      Write the last two items with a comma between them and drop all the others.
      The last two, please. | Shorten the list to its last two items. | Take two from the end.
      Pick the closing two entries.
      """
    ) { Array($0.suffix(2)) },
    .kept(
      "ends swapped", "swap the first and the last item",
      """
      Swap the first and the last item. | Exchange the first and last. | First and last change places. | swap ends
      Could you exchange the first item with the last? | Let the first and the last item trade places.
      Write the list with its first and its last item exchanged and the others where they are.
      First and last swapped, please. | Switch the items at the ends. | Interchange the outer items.
      The last one goes first and the first one last; the rest stays. | Put the end items in each other's place.
      """
    ) { [$0.last!] + $0.dropFirst().dropLast() + [$0[0]] },
    .kept(
      "first moved to the end", "move the first item to the end",
      """
      Move the first item to the end. | First item last. | Put the first one at the end. | Rotate by one.
      first -> end | Could you move the first item behind the others? | The first one goes to the back.
      Take the first item away from the beginning and write it after the last one.
      To the end with the first, please. | Shift the first item to the back. | Let the list start with its second item and end with its first.
      Make the first item the last. | The opening item should close the list.
      """
    ) { Array($0.dropFirst()) + [$0[0]] },
    .kept(
      "middle kept", "leave out the first and the last item",
      """
      Leave out the first and the last item. | Without first and last. | Drop both ends. | Only the middle.
      no ends | Could you remove the first and the last item? | Cut off the item at either end.
      Write what is left of the list when its first and its last item are taken away.
      Neither first nor last, please. | Everything between the first and the last. | Strip the outer items.
      Keep the inner items. | Delete the items at both ends.
      """
    ) { Array($0.dropFirst().dropLast()) },
    .found(
      "item added", [.list], "add {a} at the end of the list",
      """
      Add {a} at the end of the list. | Append {a}. | One more item: {a}. | Put {a} last. | + {a}
      Could you add {a} to the list? | {a} is missing at the end: add it. | Extend the list by {a}.
      Write the list again with {a} as a further item after the last one.
      {a} too, please, at the end. | Let {a} follow the last item. | Finish the list with {a}.
      """, { m, random in Material.newItem(m, &random) },
      rule: { m, p in (m.items + p).joined(separator: ", ") }),
    .found(
      "item in front", [.list], "put {a} at the beginning of the list",
      """
      Put {a} at the beginning of the list. | Begin the list with {a}. | New first item: {a}. | {a} first
      Could you put {a} before the other items? | {a} is missing at the start: add it. | Add {a} in front.
      Write the list again with {a} as a new item before the first one.
      {a} in front, please. | Let {a} precede the items. | Start the list with {a}. | Prepend {a}.
      Insert {a} as the first item.
      """, { m, random in Material.newItem(m, &random) },
      rule: { m, p in (p + m.items).joined(separator: ", ") }),
    .found(
      "first replaced", [.list], "replace the first item by {a}",
      """
      Replace the first item by {a}. | {a} instead of the first item. | Change the first item to {a}. | first = {a}
      Could you put {a} in the place of the first item? | The first one should be {a}. | Let the first item be {a}.
      Write the list again with {a} in the place of the item that comes first.
      {a} for the first one, please. | Swap the first item for {a}. | Overwrite item one with {a}.
      Exchange the first entry for {a}.
      """, { m, random in Material.newItem(m, &random) },
      rule: { m, p in (p + m.items.dropFirst()).joined(separator: ", ") }),
    .found(
      "item dropped", [.list], "remove {a} from the list",
      """
      Remove {a} from the list. | Drop {a}. | Without {a}. | Delete {a}. | no {a} | Leave {a} out.
      Could you take {a} off the list? | Everything but {a}. | Strike {a}. | Cross out {a}.
      Write the list again without the item {a}, and leave the others in their order.
      Not {a}, please. | The list minus {a}. | Take away {a}. | Erase {a} from the list.
      """, { m, random in [random.element(m.items)] },
      rule: { m, p in m.items.filter { $0 != p[0] }.joined(separator: ", ") }),
    .found(
      "only a category", [.mixedList], "keep only the {a}",
      """
      Keep only the {a}. | Only the {a}. | Which of these are {a}? List them. | Filter: {a}. | {a} only
      Could you pick out the {a}? | List the {a}. | Drop all but the {a}. | Nothing but the {a}.
      Go through the list and keep all {a}, in the order of the list.
      The {a}, please, all of them. | Select the {a}. | Leave out all but the {a}. | Find all {a}.
      """, { m, random in Material.groupOfSome(m, &random) },
      rule: { m, p in m.items.filter { Lexicon.group(of: $0) == p[0] }.joined(separator: ", ") }),
    .found(
      "without a category", [.mixedList], "leave out the {a}",
      """
      Leave out the {a}. | Without the {a}. | Remove all {a}. | No {a}. | Everything but the {a}.
      Could you take out the {a}? | Drop the {a}. | Delete all {a}. | Strike the {a}.
      Go through the list and leave out all {a}; keep the order of the rest.
      Not the {a}, please. | Reject the {a}. | Filter out {a}. | The list minus the {a}.
      """, { m, random in Material.groupOfSome(m, &random) },
      rule: { m, p in m.items.filter { Lexicon.group(of: $0) != p[0] }.joined(separator: ", ") }),
    .text(
      "duplicates dropped", [.repeatingList], "remove the duplicates",
      """
      Remove the duplicates. | Each item only once. | Drop repeated items. | No duplicates. | unique items
      Could you remove what is listed twice? | Keep the first of equal items. | Deduplicate the list.
      Some items stand in the list more than once; write the list with each of them once, in the same order.
      Once each, please. | Delete the repetitions. | Make the items unique. | Let every item appear a single time.
      Clean the list of doubles.
      """
    ) { Lexicon.unique($0.items).joined(separator: ", ") },
    .text(
      "repeated item", [.repeatingList], "name the item that is listed twice",
      """
      Name the item that is listed twice. | Which item is repeated? | What appears two times? | duplicate?
      Could you find the item that stands there twice? | Find the duplicate. | Only the repeated item.
      One of the items stands in the list two times; answer with that item alone.
      The repeated one, please. | Which one occurs more than once? | Give the item that is a duplicate.
      Pick the item that comes again.
      """
    ) { m in m.items.first { item in m.items.count { $0 == item } == 2 }! },
    .text(
      "how many different", [.repeatingList], "count the different items",
      """
      Count the different items. | How many different items are there? | Number of distinct items? | distinct count
      Could you count the items, equal ones once? | How many without the repetitions? | Count each thing once.
      Count how many different things are listed, where what is repeated counts once.
      The number of different items, please. | How many kinds of things are listed? | Unique items: how many?
      State how many distinct entries there are.
      """
    ) { "\(Set($0.items).count)" },
  ]
}
