extension Family {
  /// Letters' case and marks around a text.
  static let caseFamilies: [Family] = [
    Family(
      "capitals", texts, step: "write it in capital letters",
      [
        "Could you put this in capitals?",
        "capital letters",
        "Write it in capital letters.", "Convert the text to uppercase.",
        "Put everything in capitals.",
        "Make all letters upper case.", "Change the text to all caps.", "Return it in uppercase.",
        "Use capital letters only.", "Shout it: every letter a capital.",
        "Turn each letter into its capital form.", "I want this in block capitals.",
        "Rewrite the text with uppercase letters throughout.", "All letters should be big ones.",
      ]
    ) { $0.text.uppercased() },
    Family(
      "small letters", texts, step: "write it in small letters",
      [
        "Could you put this in lower case?",
        "lower case",
        "Every letter of the text should be a small one.",
        "Write it in small letters.", "Convert the text to lowercase.",
        "Put everything in lower case.",
        "Make all letters small.", "Remove every capital letter by making it small.",
        "Return it in lowercase.", "No capitals: write it all in lower case.",
        "Rewrite it with lowercase letters throughout.", "Use only small letters.",
      ]
    ) { $0.text.lowercased() },
    Family(
      "capitalised words", texts, step: "capitalise every word",
      [
        "Could you capitalise each word?",
        "Title Case",
        "Write the text with a capital at the beginning of each of its words and small letters elsewhere.",
        "Each Word Like This.",
        "Capitalise every word.", "Start each word with a capital letter.", "Use title case.",
        "Write it as a title, each word capitalised.",
        "Make the first letter of each word a capital.",
        "Convert it to title case.", "Give every word a capital initial.",
        "Each word should begin with an uppercase letter.",
      ]
    ) { input in
      input.text.split(separator: " ").map { String($0).capitalizedFirst }.joined(separator: " ")
    },
    Family(
      "quotation marks", texts, step: "put it in quotation marks",
      [
        "quotes",
        "Could you put quotation marks around this?",
        "Write the text with a double quotation mark in front of it and one behind it.",
        "In quotes, please.",
        "Put it in quotation marks.", "Quote the text.", "Add double quotes around it.",
        "Surround the text with quotation marks.", "Write it between quotation marks.",
        "Enclose it in double quotes.", "Place quotes before and after it.",
        "Wrap this in quotation marks.",
      ]
    ) { "\"\($0.text)\"" },
    Family(
      "brackets", texts, step: "put it in {a} brackets",
      [
        "{a} brackets",
        "Could you put {a} brackets around this?",
        "Write the text with {a} brackets that open before it and close after it.",
        "In {a} brackets, please.",
        "Put it in {a} brackets.", "Write it between {a} brackets.",
        "Surround the text with {a} brackets.",
        "Add {a} brackets around it.", "Enclose it in {a} brackets.",
        "Use {a} brackets around the text.",
        "The text should stand in {a} brackets.", "Wrap this in {a} brackets.",
      ], oneOf: ["round", "square", "curly"]
    ) { input, kind in
      kind == "round" ? "(\(input.text))" : kind == "square" ? "[\(input.text)]" : "{\(input.text)}"
    },
    Family(
      "symbols around", texts, step: "put {a} on both sides",
      [
        "{a} ... {a}",
        "Could you put {a} on either side of it?",
        "Write the text with {a} and a space before it and a space and {a} after it.",
        "{a} around it, please.",
        "Put {a} on both sides of it.", "Surround it with {a}.",
        "Write {a} before and after the text.",
        "Add {a} at the beginning and at the end.", "Place {a} on either side.",
        "Frame the text with {a}.", "Begin and end with {a}.", "The text goes between two {a}.",
      ], oneOf: ["***", "###", "~~", "==", "|", "+++", "--"]
    ) { input, mark in "\(mark) \(input.text) \(mark)" },
  ]

  /// Marks of formats, and what is said beside a text.
  static let formatFamilies: [Family] = [
    Family(
      "exclamation", [.word, .list, .name], step: "end it with {a}",
      [
        "{a} at the end",
        "Could you put {a} at the end?",
        "Write the text and, directly after its last letter, {a}.",
        "{a} behind it, please.",
        "End it with {a}.", "Add {a} at the end.", "Put {a} after it.",
        "Write it, followed by {a}.",
        "Finish with {a}.", "The text should end in {a}.", "Append {a} to it.",
        "Close it with {a}.",
      ], oneOf: ["an exclamation mark", "three exclamation marks", "a question mark", "three dots"]
    ) { input, mark in
      let ends = [
        "an exclamation mark": "!", "three exclamation marks": "!!!", "a question mark": "?",
        "three dots": "...",
      ]
      return input.text + ends[mark]!
    },
    Family(
      "twice", texts, step: "write it twice",
      [
        "x2",
        "Could you say this twice?",
        "Write the text, a space, and the same text once more.",
        "Two times, please.",
        "Write it twice.", "Repeat the text once.", "Say it two times.",
        "Give the text two times in a row.",
        "Copy it so that it appears twice.", "Double the text.",
        "Write the text and then write it again.",
        "The text should appear two times.",
      ]
    ) { "\($0.text) \($0.text)" },
    Family(
      "label in front", texts, step: "start with the word {a} and a colon",
      [
        "{a}: ...",
        "Could you label this as {a}?",
        "Write the word {a}, a colon and a space, and then the text as it is.",
        "With the label {a}, please.",
        "Start with the word {a} and a colon.", "Put the label {a} in front, with a colon.",
        "Write \"{a}:\" before the text.",
        "Begin your answer with {a}, then a colon, then the text.",
        "Prefix it with {a} and a colon.", "Introduce it with the word {a} and a colon.",
        "The text comes after the word {a} and a colon.", "Give it the label {a}.",
      ], oneOf: ["Answer", "Note", "Result", "Warning", "Title", "Reply", "Today", "Subject"]
    ) { input, label in "\(label): \(input.text)" },
    Family(
      "last word added", [.word, .list, .name], step: "add the word {a} at the end",
      [
        "... {a}",
        "Could you add the word {a} behind it?",
        "Write the text, a space and then the word {a}.",
        "The word {a} at the end, please.",
        "Add the word {a} at the end.", "Put {a} after it.", "Write the word {a} behind the text.",
        "Append the word {a}.", "End with the word {a}.", "The last word should be {a}: add it.",
        "Follow it with the word {a}.", "Attach the word {a} to the end.",
      ], oneOf: ["please", "today", "again", "forever", "maybe", "thanks", "now", "indeed"]
    ) { input, word in "\(input.text) \(word)" },
    Family(
      "json", texts, step: "give it as JSON with the key {a}",
      [
        "json, key {a}",
        "Could you make JSON of it, with {a} as the key?",
        "Write a JSON object on one line that has the key {a} and the text as its value.",
        "{\"{a}\": ...}, please.",
        "Give it as JSON with the key {a}.", "Return a JSON object whose key is {a}.",
        "Format it as JSON under the key {a}.", "Write a JSON object with one field, {a}.",
        "Put the text in a JSON object as {a}.", "As JSON, please, the field being {a}.",
        "The answer is a JSON object with {a} as its key.",
        "Turn it into JSON; call the field {a}.",
      ], oneOf: ["text", "value", "name", "item", "data"]
    ) { input, key in "{\"\(key)\": \"\(input.text)\"}" },
    Family(
      "bold", texts, step: "make it bold in Markdown",
      [
        "bold (markdown)",
        "Could you make this bold in Markdown?",
        "Write the text with two asterisks directly before and directly behind it.",
        "Emphasise it in bold, Markdown style.",
        "Make it bold in Markdown.", "Format the text as bold Markdown.",
        "Use Markdown to make it bold.",
        "Put two asterisks on both sides, as Markdown does for bold.",
        "Write it in bold, in Markdown.",
        "Mark it up as bold with Markdown.", "It should be bold (Markdown).", "Bold, in Markdown.",
      ]
    ) { "**\($0.text)**" },
    Family(
      "html", texts, step: "put it in the HTML tag {a}",
      [
        "<{a}>",
        "Could you put this in the tag {a}?",
        "Write the text with the opening HTML tag {a} before it and the closing one behind it.",
        "In the HTML tag {a}, please.",
        "Put it in the HTML tag {a}.", "Wrap the text in an HTML element {a}.",
        "Write it as HTML with the tag {a}.", "Use the HTML tag {a} around it.",
        "Make an HTML {a} element of it.", "Surround it with the opening and closing tag {a}.",
        "The text belongs in an HTML tag: {a}.", "Mark it up in HTML as {a}.",
      ], oneOf: ["p", "b", "h1", "li", "div"]
    ) { input, tag in "<\(tag)>\(input.text)</\(tag)>" },
    Family(
      "joined words", [.sentence, .review, .list],
      step: "join the words with {a}, without other marks",
      [
        "{a} between the words, no punctuation",
        "Could you join the words by {a} and drop the punctuation?",
        "Write the words of the text with {a} in the place of the spaces and without commas and end marks.",
        "With {a} for spaces and no punctuation, please.",
        "Join the words with {a}, without other marks.",
        "Write {a} between the words and drop punctuation.",
        "Put {a} in place of the spaces and leave out punctuation.",
        "Connect all words by {a}; no punctuation.",
        "Replace spaces with {a} and remove punctuation.", "The words, separated by {a} only.",
        "Use {a} instead of spaces and no other marks.", "Link the words using {a} alone.",
      ], oneOf: ["hyphens", "underscores", "slashes", "plus signs"]
    ) { input, mark in
      let marks = ["hyphens": "-", "underscores": "_", "slashes": "/", "plus signs": "+"]
      return input.words.joined(separator: marks[mark]!)
    },
    Family(
      "language lead-in", texts, step: "introduce it in {a}",
      [
        "\"The answer is\" in {a}, then the text",
        "Could you lead in with \"the answer is\" in {a}?",
        "Write the words for \"the answer is\" in {a} with a colon, and behind them the text as it is.",
        "The {a} for \"the answer is:\" first, please, then the text.",
        "Introduce it in {a}: say \"the answer is\" and then the text.",
        "Begin with \"The answer is:\" in {a}, then the text.",
        "Say in {a} that this is the answer, and give it.",
        "Present the text as the answer, in {a}.",
        "Open with the {a} words for \"the answer is\" and copy the text.",
        "Lead in with \"the answer is\" translated into {a}.",
        "Use {a} to say that the answer is this text.",
        "Write \"the answer is\" the way one says it in {a}, followed by the text.",
      ], oneOf: ["Spanish", "French", "German", "Italian", "Portuguese"]
    ) { input, language in
      let leads = [
        "Spanish": "La respuesta es:", "French": "La réponse est :", "German": "Die Antwort ist:",
        "Italian": "La risposta è:", "Portuguese": "A resposta é:",
      ]
      return "\(leads[language]!) \(input.text)"
    },
    Family(
      "letter", texts, step: "write it as a letter to {a}",
      [
        "letter to {a}",
        "Could you write this as a letter to {a}?",
        "Write three lines: Dear {a} with a comma, then the text, then Yours.",
        "Dear {a}, ... Yours",
        "Write it as a letter to {a}.", "Make it a short letter addressed to {a}.",
        "Address it to {a} as a letter.", "Turn the text into a letter for {a}.",
        "Put it in a letter: Dear {a}, the text, and Yours.",
        "Send it to {a} in the form of a letter.",
        "A letter to {a} with this text, please.", "Compose a letter to {a} that says just this.",
      ], oneOf: Lexicon.names
    ) { input, name in "Dear \(name),\n\(input.text)\nYours" },
    Family(
      "pirate", texts, step: "say it like a pirate",
      [
        "pirate",
        "Could you say this as a pirate would?",
        "Put Arr and an exclamation mark before the text and Matey and an exclamation mark behind it, as pirates speak.",
        "Like a pirate, please.",
        "Say it like a pirate.", "Talk like a pirate.",
        "Make it sound like a pirate: Arr in front, matey behind.",
        "How would a pirate say this?", "Pirate style, please.", "Use the style of a pirate.",
        "Pretend that you are a pirate and say it.", "Give me the pirate version.",
      ]
    ) { "Arr! \($0.text) Matey!" },
  ]
}
