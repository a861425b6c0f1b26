extension Behaviour {
  /// Marked-up text, data and code.
  package static let formats: [Behaviour] = [
    Behaviour(
      "italic",
      """
      Write your answer in italics, in Markdown. | italics please (markdown) | Answer in Markdown italics. | One asterisk on either side of your answer.
      Could you make your whole answer italic with Markdown? | Italic type for all you say. | Make the answer italic: * at both ends.
      Put one asterisk directly before your answer and one directly after it.
      Reply in Markdown italic. | Slanted text, please, as in Markdown. | The whole answer in italics. | Set your answer in italics.
      """, target: { plain, _ in "*\(plain.text)*" },
      follows: { answer, _, _ in
        ["*", "_"].contains {
          answer.count > 4 && answer.hasPrefix($0) && answer.hasSuffix($0)
            && !answer.hasPrefix($0 + $0)
        }
      }),
    Behaviour(
      "strikethrough",
      """
      Strike your answer through, in Markdown. | strikethrough please | Cross your whole answer out with Markdown. | Two tildes on either side of your answer.
      Could you answer in crossed-out Markdown text? | Answer struck through: ~~ at both ends. | Crossed out, all of it, in Markdown.
      Put two tildes directly before your answer and two directly after it.
      Reply in Markdown strikethrough. | A line through the whole answer, please, as Markdown does it. | Wrap your answer in double tildes. | Strike out what you say.
      """, target: { plain, _ in "~~\(plain.text)~~" },
      follows: { answer, _, _ in Signs.unwrapped(answer, from: "~~") != nil }),
    Behaviour(
      "monospaced",
      """
      Write your answer as inline code. | inline code please | Answer between single backticks. | One backtick on either side of your answer.
      Could you put your answer in single backticks? | A fixed-width font for all you say, as in Markdown: `...`
      Put one backtick directly before your answer and one directly after it.
      Reply as inline code in Markdown. | Monospaced, please, with one backtick at each end. | Wrap your answer in single backticks. | The whole answer as `code`.
      Typewriter font: `answer`.
      """, target: { plain, _ in "`\(plain.text)`" },
      follows: { answer, _, _ in
        answer.count > 4 && answer.hasPrefix("`") && answer.hasSuffix("`")
          && !answer.hasPrefix("``")
      }),
    Behaviour(
      "tag",
      """
      Put your answer in the tag {a}. | <{a}>...</{a}> | Answer as XML with the element {a}. | Write the answer between <{a}> and </{a}>.
      Could you wrap your answer in <{a}>? | XML please: one element, {a}. | Use the tag {a} for your answer.
      A program reads your answer: write <{a}> before it and </{a}> after it.
      Reply inside <{a}> tags. | Mark your answer up as {a}. | One {a} element, please, with the answer in it. | Begin with <{a}> and close with </{a}>.
      """,
      choices: [
        "answer", "reply", "text", "note", "div", "span", "section", "result", "output", "response",
        "message", "li", "h1", "em", "strong", "item", "body", "say", "article", "b", "i", "title",
      ],
      target: { plain, tag in
        plain.text.contains("&") ? nil : "<\(tag)>\(plain.text)</\(tag)>"
      },
      follows: { answer, _, tag in
        answer.hasPrefix("<\(tag)>") && answer.hasSuffix("</\(tag)>")
          && answer.count > 2 * tag.count + 10
      }),
    Behaviour(
      "html list",
      """
      Answer as an HTML list with {a}. | html list, {a} | Put your sentences into <{a}> and <li>. | Write an HTML list ({a}) with one li for each sentence.
      Could you give the answer as an HTML {a} with its items? | HTML only: a {a} of li elements.
      Write <{a}>, then each sentence between <li> and </li> on a line of its own, then </{a}>.
      A {a} element, please, each sentence an li. | HTML list items in a {a}. | Make a {a} of your sentences. | Format the answer as HTML: {a} and li.
      For a web page: the sentences as items of a {a}.
      """, choices: ["ul", "ol", "menu"],
      target: { plain, tag in
        guard !plain.text.contains("&") else { return nil }
        let items = plain.sentences.map { "<li>\($0)</li>" }
        return (["<\(tag)>"] + items + ["</\(tag)>"]).joined(separator: "\n")
      },
      follows: { answer, _, tag in
        let lines = answer.linesWithText.map(\.trimmingSpace)
        return lines.count >= 3 && lines[0] == "<\(tag)>" && lines[lines.count - 1] == "</\(tag)>"
          && lines.dropFirst().dropLast().allSatisfy {
            $0.hasPrefix("<li>") && $0.hasSuffix("</li>")
          }
      }),
    Behaviour(
      "yaml list",
      """
      Answer as YAML: a list under the key {a}. | yaml, {a}: | Write {a}: and below it your sentences behind dashes. | Give your answer as a YAML list named {a}.
      Could you answer in YAML, with a list under {a}? | A YAML file with the key {a} and a list of sentences.
      Write the key {a} and a colon, and then each sentence on a line of its own behind two spaces and a dash.
      YAML, please: {a} and its items. | Format: YAML, key {a}, one item for each sentence. | Put your sentences into YAML under {a}. | YAML whose only key is {a}.
      Your answer is a YAML list, {a}.
      """,
      choices: [
        "answer", "sentences", "facts", "reply", "text", "items", "notes", "points", "lines",
      ],
      target: { plain, key in
        plain.text.contains(": ")
          ? nil : (["\(key):"] + plain.sentences.map { "  - \($0)" }).joined(separator: "\n")
      },
      follows: { answer, _, key in
        let lines = answer.linesWithText
        return lines.count >= 2 && lines[0] == "\(key):"
          && lines.dropFirst().allSatisfy { $0.trimmingSpace.hasPrefix("- ") }
      }),
    Behaviour(
      "assignment",
      """
      Write your answer as the value of a variable {a}. | {a} = "..." | Assign your answer to {a}, as a string. | Give me a line of code: {a} = and your answer in quotes.
      Could you put your answer into a string variable called {a}? | The variable {a} holds your answer.
      Write {a}, an equals sign, and then your answer as a string between double quotes.
      A variable {a} with the answer as a string, please. | Store your answer in {a}. | As in a settings file: {a} = "answer". | Set {a} to your answer, in code.
      Define {a} as a string with your answer.
      """,
      choices: [
        "answer", "text", "reply", "x", "result", "message", "output", "s", "note", "ANSWER",
      ],
      target: { plain, name in literal(plain.text).map { "\(name) = \($0)" } },
      follows: { answer, _, name in
        answer.hasPrefix("\(name) = \"") && isLiteral(answer.dropFirst(name.count + 3))
      }),
    Behaviour(
      "csv",
      """
      Answer as CSV with the columns {a}. | csv: {a} | Give question and answer as a CSV table, columns {a}. | Two lines of CSV: {a}, then the values in quotes.
      Could you answer in CSV, with the header {a}? | CSV please, with the header {a}. | A spreadsheet row under {a}.
      Write a CSV file: the header {a} and a row with my question and your answer, both in double quotes.
      The header is {a}, the row my question and your answer, comma-separated. | Export it as CSV ({a}). | Comma-separated values, {a}. | Format: CSV, {a}.
      """,
      choices: [
        "question,answer", "q,a", "prompt,reply", "input,output", "Question,Answer", "ask,say",
      ],
      target: { plain, header in
        guard let question = literal(plain.question), let answer = literal(plain.text) else {
          return nil
        }
        return "\(header)\n\(question),\(answer)"
      },
      follows: { answer, question, header in
        let start = "\(header)\n\"\(question)\","
        return answer.hasPrefix(start) && isLiteral(answer.dropFirst(start.count))
      }),
    Behaviour(
      "table",
      """
      Answer as a Markdown table with the columns {a}. | markdown table, {a} | Put my question and your answer into a table ({a}). | A table with the head {a} and one row.
      Could you make a Markdown table of it, with {a} as its columns? | Two columns, {a}, and one row in Markdown.
      Write a Markdown table with the columns {a} and, below the line, a row with my question and your answer.
      Table, please: {a}. | Columns {a}, one row with what I asked and what you say. | As a table ({a}). | Use a Markdown table whose columns are {a}.
      Table form, with {a} on top.
      """,
      choices: [
        "Question and Answer", "Q and A", "Prompt and Reply", "Input and Output", "Ask and Say",
      ],
      target: { plain, names in
        let (first, second) = pair(names)
        return "| \(first) | \(second) |\n|---|---|\n| \(plain.question) | \(plain.text) |"
      },
      follows: { answer, question, names in
        let (first, second) = pair(names)
        let lines = answer.linesWithText
        return lines.count == 3 && lines[0] == "| \(first) | \(second) |" && lines[1] == "|---|---|"
          && lines[2].hasPrefix("| \(question) | ") && lines[2].hasSuffix(" |")
          && lines[2].count > question.count + 10
      }),
    Behaviour(
      "json list",
      """
      Answer as a JSON list of sentences. | json array please | Give your answer as a JSON array of strings. | Put your sentences into a JSON array.
      Could you answer with a JSON list, each sentence a string? | A JSON array, one string for each sentence.
      A program parses your answer: write a JSON array whose elements are your sentences.
      Reply as a JSON list. | Only a JSON array of strings. | ["first sentence", "second sentence"] | Sentences in an array, please, as JSON.
      Square brackets, and in them your sentences as strings.
      """,
      target: { plain, _ in
        let items = plain.sentences.compactMap(literal)
        return items.count < plain.sentences.count
          ? nil : "[\(items.joined(separator: ", "))]"
      },
      follows: { answer, _, _ in
        guard let inside = Signs.unwrapped(answer, from: "[ ]") else { return false }
        let parts = inside.trimmingSpace.parts(between: "\", \"")
        return parts.joined(separator: "\", \"") == inside && isLiteral(parts.joined()[...])
          && parts.allSatisfy(Sentences.isOne)
      }),
    Behaviour(
      "json pair",
      """
      Answer as JSON with my question and your answer under {a}. | json: {a} | One JSON object with the keys {a}: the question, the answer. | Put question and answer into JSON, as {a}.
      Could you return JSON with the keys {a}? | JSON with two fields, {a}. | A JSON record of question and answer: {a}.
      A program parses your answer: write a JSON object whose keys are {a}, for what I asked and what you say.
      Two keys in one JSON object, please: {a}. | Reply as JSON ({a}). | My question and your answer, as JSON fields {a}. | JSON only, keys {a}.
      Use {a} as JSON keys for question and answer.
      """,
      choices: [
        "question and answer", "q and a", "prompt and reply", "input and output", "ask and say",
        "user and bot",
      ],
      target: { plain, names in
        guard let question = literal(plain.question), let answer = literal(plain.text) else {
          return nil
        }
        let (first, second) = pair(names)
        return "{\"\(first)\": \(question), \"\(second)\": \(answer)}"
      },
      follows: { answer, question, names in
        let (first, second) = pair(names)
        let start = "{\"\(first)\": \"\(question)\", \"\(second)\": "
        return answer.hasPrefix(start) && answer.hasSuffix("}")
          && isLiteral(answer.dropFirst(start.count).dropLast())
      }),
    Behaviour(
      "latex",
      """
      Put your answer into the LaTeX command {a}. | latex, {a} | Write {a}, an opening brace, your answer and a closing brace. | Answer in LaTeX with {a}.
      Could you wrap your answer in {a}, as in LaTeX? | LaTeX please: {a} with the answer in it.
      Your answer goes into a LaTeX file, as the argument in curly braces of the command {a}.
      Use the command {a} for the whole answer. | The answer is the argument of {a}. | As {a} in LaTeX. | TeX code: {a} and your answer in braces.
      Give your answer to {a} as its argument.
      """,
      choices: [
        "\\textbf", "\\emph", "\\section", "\\texttt", "\\underline", "\\textit", "\\footnote",
        "\\caption", "\\title", "\\text", "\\mbox",
      ],
      target: { plain, command in
        plain.text.contains { "%&$".contains($0) } ? nil : "\(command){\(plain.text)}"
      },
      follows: { answer, _, command in
        answer.hasPrefix("\(command){") && answer.hasSuffix("}")
          && answer.count > command.count + 5
      }),
    Behaviour(
      "comment",
      """
      Write your answer as a comment in {a}. | {a} comment please | Answer in a line of comment, as in {a}. | Your answer is a {a} comment of one line.
      Could you turn your answer into a comment of {a}? | Comment it out, as one does in {a}. | I paste it into {a}: make it a comment.
      Put the sign for comments in {a} and a space before your answer, all on one line.
      A one-line {a} comment, please. | As a comment ({a}). | Use the comment style of {a}. | Reply like a comment in {a} code.
      """, choices: comments.keys.sorted(),
      target: { plain, language in comments[language].map { "\($0) \(plain.text)" } },
      follows: { answer, _, language in
        comments[language].map { sign in
          answer.linesWithText.allSatisfy { $0.hasPrefix("\(sign) ") }
        } ?? false
      }),
    Behaviour(
      "printed",
      """
      Write a line of {a} that prints your answer. | print it in {a} | Answer with {a} code that prints the answer. | Give me a {a} statement that outputs your answer.
      Could you write one line of {a} that prints your answer? | Your answer is printed by a line of {a}. | One {a} line: print the answer.
      Put your answer in a string and print it, in the programming language {a}, and write nothing else.
      {a} please: print the answer. | Say it in {a}. | Only code, in {a}, that prints what you say. | As a print statement of {a}.
      """, choices: prints.keys.sorted(),
      target: { plain, language in
        // printf reads % and shells read $.
        guard let (start, end) = prints[language],
          !plain.text.contains(where: { "%$".contains($0) })
        else { return nil }
        return literal(plain.text).map { start + $0 + end }
      },
      follows: { answer, _, language in
        guard let (start, end) = prints[language] else { return false }
        return answer.hasPrefix(start + "\"") && answer.hasSuffix("\"" + end)
          && isLiteral(answer.dropFirst(start.count).dropLast(end.count))
      }),
  ]

  private static let comments = [
    "Python": "#", "Ruby": "#", "Bash": "#", "R": "#", "YAML": "#", "Swift": "//", "Java": "//",
    "C++": "//", "JavaScript": "//", "Rust": "//", "Go": "//", "SQL": "--", "Haskell": "--",
    "Lua": "--", "LaTeX": "%", "Matlab": "%", "Lisp": ";;",
  ]

  private static let prints = [
    "Python": ("print(", ")"), "JavaScript": ("console.log(", ");"), "C": ("printf(", ");"),
    "Java": ("System.out.println(", ");"), "Ruby": ("puts ", ""), "Bash": ("echo ", ""),
    "PHP": ("echo ", ";"), "Rust": ("println!(", ");"), "Swift": ("print(", ")"),
    "Lua": ("print(", ")"), "Go": ("fmt.Println(", ")"), "Haskell": ("putStrLn ", ""),
    "Kotlin": ("println(", ")"), "C++": ("std::cout << ", ";"),
  ]

  private static func pair(_ names: String) -> (String, String) {
    let names = names.split(separator: " and ").map(String.init)
    return (names[0], names[1])
  }

  /// A string of code, or nil where it would have to be escaped.
  private static func literal(_ text: String) -> String? {
    text.contains { "\"\\\n".contains($0) } ? nil : "\"\(text)\""
  }

  private static func isLiteral(_ text: Substring) -> Bool {
    text.count > 4 && text.hasPrefix("\"") && text.hasSuffix("\"")
      && !text.dropFirst().dropLast().contains("\"")
  }
}
