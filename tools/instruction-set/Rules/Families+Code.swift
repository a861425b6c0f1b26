extension Family {
  /// Names for programs, made of words: "user name".
  static let identifierFamilies: [Family] = [
    .text(
      "snake case", [.phrase], "write it in snake_case",
      """
      Write it in snake_case. | Snake case. | Make it snake_case. | Join the words with underscores, small letters.
      snake_case | Could you make a snake_case name of it? | A Python-style variable name, please.
      Turn the words into a name in snake_case: small letters, with underscores between the words.
      As a snake_case identifier. | Convert the words to snake_case. | Python naming: small words and underscores.
      Name a variable after it, in snake_case.
      """
    ) { $0.items.joined(separator: "_") },
    .text(
      "camel case", [.phrase], "write it in camelCase",
      """
      Write it in camelCase. | Camel case. | Make it camelCase. | Join the words, each but the first capitalised.
      camelCase | Could you make a camelCase name of it? | A JavaScript-style variable name, please.
      Turn the words into a name in camelCase: no spaces, and a capital for every word but the first.
      As a camelCase identifier. | Convert the words to camelCase. | Lower camel case: first word small.
      Name a variable after it, in camelCase.
      """
    ) { m in m.items[0] + m.items.dropFirst().map(\.capitalizedFirst).joined() },
    .text(
      "pascal case", [.phrase], "write it in PascalCase",
      """
      Write it in PascalCase. | Pascal case. | Make it PascalCase. | Join the words, each capitalised, no spaces.
      PascalCase | Could you make a PascalCase name of it? | A class name, please.
      Turn the words into a name in PascalCase: no spaces, and a capital for every word.
      As a PascalCase identifier. | Convert the words to PascalCase. | Upper camel case: all words capitalised.
      Name a class after it, in PascalCase.
      """
    ) { $0.items.map(\.capitalizedFirst).joined() },
    .text(
      "kebab case", [.phrase], "write it in kebab-case",
      """
      Write it in kebab-case. | Kebab case. | Make it kebab-case. | Join the words with hyphens, small letters.
      kebab-case | Could you make a kebab-case name of it? | A slug for a web address, please.
      Turn the words into a name in kebab-case: small letters, with hyphens between the words.
      As a kebab-case identifier. | Convert the words to kebab-case. | Make a URL slug of it.
      Name a CSS class after it, in kebab-case.
      """
    ) { $0.items.joined(separator: "-") },
    .text(
      "constant case", [.phrase],
      "write it as the name of a constant, in CAPITALS_WITH_UNDERSCORES",
      """
      Write it as the name of a constant, in CAPITALS_WITH_UNDERSCORES. | Constant case. | Capitals and underscores.
      CONSTANT_CASE | Could you make a constant's name of it, capitals with underscores? | Upper-case snake case.
      Turn the words into the name of a constant: capital letters, with underscores between the words.
      As a constant, please, in SCREAMING_SNAKE_CASE. | Convert the words to upper snake case.
      Name a constant after it, capitals and underscores. | Make it an environment variable's name.
      All capitals, underscores for spaces.
      """
    ) { $0.items.joined(separator: "_").uppercased() },
    .text(
      "acronym", [.phrase], "make an acronym of the first letters, in capitals",
      """
      Make an acronym of the first letters, in capitals. | Acronym. | Only the first letters, in capitals.
      acronym please | Could you abbreviate this to its initials? | First letters of the words, joined, in capitals.
      Take the first letter of every word and write the letters in capitals without spaces or points.
      Its acronym, please. | Shorten it to an acronym. | Abbreviate by initials, no points. | Form the acronym.
      What would the acronym be?
      """
    ) { $0.items.map { $0.prefix(1).uppercased() }.joined() },
    .text(
      "identifier in words", [.identifier],
      "write the words of the name with spaces, in small letters",
      """
      Write the words of the name with spaces, in small letters. | Split the name into words. | Words with spaces.
      plain words | Could you turn this name back into ordinary words? | Small words instead of an identifier.
      Take the name apart and write its words in lower case with spaces between them.
      As ordinary words, please. | Undo the joining: words and spaces. | Readable words instead of code.
      Which words is it made of? With spaces, lower case. | Make normal words of the identifier.
      """
    ) { $0.items.joined(separator: " ") },
    .text(
      "other case", [.identifier],
      "change it from snake_case to camelCase, or from camelCase to snake_case",
      """
      Change it from snake_case to camelCase, or from camelCase to snake_case. | camelCase <-> snake_case
      Snake case to camel case, camel case to snake case. | Switch between snake_case and camelCase.
      Could you write it in the other style: camelCase for snake_case and the reverse?
      If the name is in snake_case write it in camelCase, and if it is in camelCase write it in snake_case.
      The other naming style, please: camelCase or snake_case. | Convert snake to camel or camel to snake.
      Swap the naming style (snake_case, camelCase). | Snake becomes camel, camel becomes snake.
      From the one of camelCase and snake_case to the other. | Exchange camelCase and snake_case.
      """
    ) { m in
      m.text.contains("_")
        ? m.items[0] + m.items.dropFirst().map(\.capitalizedFirst).joined()
        : m.items.joined(separator: "_")
    },
  ]

  /// A line of code with a comment, "speed = 5  # metres a second", and texts in code.
  static let codeFamilies: [Family] = [
    .choice(
      "commented out", [.plainCode], "comment the line out in {a}",
      oneOf: ["Python", "JavaScript", "SQL", "C", "Lua", "Ruby"],
      """
      Comment the line out in {a}. | Make the whole line a {a} comment. | Turn it into a comment in {a}.
      comment out ({a}) | Could you comment this line out, as {a} does? | Disable the line with a {a} comment.
      Put the mark that starts a comment in {a}, and a space, in front of the whole line.
      {a}: comment this line out, please. | Comment it out; the language is {a}. | As a {a} comment.
      Deactivate the line in {a} by a comment mark. | The line should be a comment in {a}.
      """
    ) { m, language in "\(Material.commentMarks[language]!) \(m.text)" },
    .part(
      "comment of a line", [.code], "comment", "copy only the comment, without its mark",
      """
      Copy only the comment, without its mark. | Comment only. | What does the comment say? | comment text
      Could you give me the comment without the #? | Extract the comment. | Drop the code, keep the comment's words.
      Write down the words of the comment, without the code before it and without the mark.
      The comment's text, please. | Only what follows the #. | Strip the code and the #. | Read out the comment.
      """),
    .part(
      "line without comment", [.code], "code", "remove the comment",
      """
      Remove the comment. | Code only. | Delete the comment. | No comment. | Drop everything from the # on.
      Could you strip the comment from the line? | The code without its comment. | Clean the line of its comment.
      Write the line of code alone, without the comment behind it.
      Without the comment, please. | Keep just the code. | Cut the comment off. | Leave the code as it is, lose the comment.
      """),
    .text(
      "comment above", [.code], "move the comment to a line above the code",
      """
      Move the comment to a line above the code. | Comment first, on a line of its own. | Comment above the code.
      comment on its own line, above | Could you put the comment on the line before? | Two lines: comment, then code.
      Write the comment with its mark on the first line and the code on the second.
      The comment above, please. | Lift the comment to its own line on top. | Put the comment over the code.
      Let the comment precede the code on a separate line. | Place the comment before the line it explains.
      """
    ) { "# \($0["comment"])\n\($0["code"])" },
    .part(
      "variable", [.code], "variable", "name the variable",
      """
      Name the variable. | Which variable is set? | Variable only. | What is the variable called? | variable?
      Could you tell me the name of the variable? | Extract the variable. | The name before the equals sign.
      Answer with the name of the variable that the line gives a value to.
      The variable, please. | What stands left of the =? | Copy the variable's name. | To what is a value assigned?
      """),
    .part(
      "value set", [.code], "value", "give the value that is assigned",
      """
      Give the value that is assigned. | Which value is set? | Value only. | What does the variable become? | value?
      Could you tell me the value? | Extract the value. | The number after the equals sign.
      Answer with the value that the line gives to its variable.
      The value, please. | What stands right of the =? | Copy the assigned value. | To how much is it set?
      """),
    .choice(
      "variable renamed", [.code], "rename the variable to {a}",
      oneOf: ["x", "total", "count", "result", "amount", "size_limit"],
      """
      Rename the variable to {a}. | Call the variable {a}. | Change the variable's name to {a}. | variable -> {a}
      Could you rename the variable to {a}? | The variable should be named {a}. | Use {a} as the variable.
      Write the line again with {a} as the name of the variable and everything else unchanged.
      Rename it to {a}, please. | Replace the variable's name by {a}. | New name of the variable: {a}.
      Give the variable the name {a}.
      """
    ) { m, name in "\(name) = \(m["value"])  # \(m["comment"])" },
    .found(
      "value replaced", [.code], "set the value to {a}",
      """
      Set the value to {a}. | Change the number to {a}. | Assign {a} instead. | value: {a} | Make it {a}.
      Could you set this to {a}? | The new value is {a}. | Replace the value by {a}.
      Write the line again with {a} as the value and everything else unchanged.
      {a} as the value, please. | Let the variable be {a}. | It should be {a}: correct the line.
      """, { _, random in ["\(50 + random.pick(50))"] },
      rule: { m, p in "\(m["variable"]) = \(p[0])  # \(m["comment"])" }),
    .choice(
      "text as a comment", Family.texts, "write it as a comment in {a}",
      oneOf: ["Python", "JavaScript", "SQL", "C"],
      """
      Write it as a comment in {a}. | Make a {a} comment of it. | As a {a} comment. | {a} comment
      Could you turn the text into a comment in {a}? | A one-line comment for {a}. | Put it in a {a} comment.
      Write the text as a comment on one line, as {a} marks it, with a space after the mark.
      A comment in {a}, please. | Prefix it with the comment mark of {a}. | Make it something that {a} ignores: a comment.
      Format it as a comment of {a} code.
      """
    ) { m, language in "\(Material.commentMarks[language]!) \(m.text)" },
    .choice(
      "html comment", Family.texts, "hide it in {a}", oneOf: ["an HTML comment", "an XML comment"],
      """
      Hide it in {a}. | Make {a} of it. | Write it as {a}. | {a} | Put it between the marks of {a}.
      Could you wrap this in {a}? | Enclose the text in {a}. | Turn the text into {a}.
      Put the marks that open and close {a} around the text, with spaces inside.
      As {a}, please. | Format it as {a}. | Surround it with the marks of {a}.
      """
    ) { m, _ in "<!-- \(m.text) -->" },
    .choice(
      "variable with the text", Family.texts, "assign it to the variable {a} in Python",
      oneOf: ["text", "message", "word", "line", "title"],
      """
      Assign it to the variable {a} in Python. | Make a Python string variable {a}. | Python: {a} = the text.
      {a} = "..." | Could you write a line of Python that stores this in {a}? | Store the text in {a} (Python).
      Write a line of Python that sets the variable {a} to the text as a string in double quotes.
      A Python assignment to {a}, please. | Put the text in a Python variable named {a}. | As a Python string called {a}.
      Set {a} to this text in Python. | In Python, {a} should hold this text: write the line.
      """
    ) { m, name in "\(name) = \"\(m.text)\"" },
    .text(
      "printed", Family.texts, "write a line of Python that prints it",
      """
      Write a line of Python that prints it. | Python print statement. | Print it in Python. | print(...)
      Could you write the Python code that prints this text? | As a Python print call. | Python: print this.
      Write a call of print in Python that has the text in double quotes as its argument.
      A Python print call, please. | Make a Python program that only prints this text. | Code that prints it, in Python.
      Wrap it in a Python print. | How do I print this in Python?
      """
    ) { "print(\"\($0.text)\")" },
    .text(
      "shell echo", Family.texts, "write a shell command that echoes it",
      """
      Write a shell command that echoes it. | Shell: echo it. | An echo command. | echo "..."
      Could you write the shell command that prints this? | As an echo command for the shell. | Bash: echo this.
      Write the command echo with the text in double quotes behind it.
      An echo command, please. | Make a shell line that outputs this text. | Use echo to print it.
      How do I echo this in a shell? | A command line with echo and this text.
      """
    ) { "echo \"\($0.text)\"" },
  ]
}
