/// Signs by the names that people give them, and the two ends of what is wrapped.
enum Signs {
  private static let names: [String: String] = [
    "underscores": "_", "slashes": "/", "plus signs": "+", "equals signs": "=", "tildes": "~",
    "vertical bars": "|", "pipes": "|", "asterisks": "*", "stars": "*", "colons": ":",
    "hash signs": "#", "at signs": "@", "ampersands": "&", "arrows": "->", "carets": "^",
    "dollar signs": "$", "percent signs": "%", "double slashes": "//",
  ]

  private static let pairs: [String: (open: String, close: String)] = [
    "round brackets": ("(", ")"), "parentheses": ("(", ")"), "square brackets": ("[", "]"),
    "curly brackets": ("{", "}"), "braces": ("{", "}"), "angle brackets": ("<", ">"),
    "( )": ("(", ")"), "[ ]": ("[", "]"), "{ }": ("{", "}"), "< >": ("<", ">"),
    "double square brackets": ("[[", "]]"), "[[ ]]": ("[[", "]]"), "{{ }}": ("{{", "}}"),
    "<< >>": ("<<", ">>"), "(( ))": ("((", "))"), "/* */": ("/* ", " */"),
    "bold": ("**", "**"), "Markdown bold": ("**", "**"), "italics": ("*", "*"),
    "Markdown italics": ("*", "*"), "strikethrough": ("~~", "~~"), "backticks": ("`", "`"),
    "underscores": ("_", "_"), "double underscores": ("__", "__"),
  ]

  /// The sign that a choice names or is.
  static func sign(_ choice: String) -> String { names[choice] ?? choice }

  /// What stands before and behind: a pair of brackets, or the same sign twice.
  static func ends(_ choice: String) -> (open: String, close: String) {
    pairs[choice] ?? (sign(choice), sign(choice))
  }

  static func wrapped(_ text: String, in choice: String) -> String {
    let (open, close) = ends(choice)
    return open + text + close
  }

  /// The text between the two ends, or nil where they are not there, nothing is between them or they are
  /// doubled.
  static func unwrapped(_ text: String, from choice: String) -> String? {
    let (open, close) = ends(choice)
    guard text.count > open.count + close.count, text.hasPrefix(open), text.hasSuffix(close)
    else { return nil }
    let inside = text.dropFirst(open.count).dropLast(close.count)
    return inside.first == open.first || inside.last == close.last ? nil : String(inside)
  }
}

extension Sentences {
  /// One sentence, ended or not, and no more.
  static func isOne(_ text: String) -> Bool {
    let (whole, rest) = of(text)
    return whole.count + (rest.isEmpty ? 0 : 1) == 1
  }

  /// Its letters, digits and apostrophes in small letters: what a word is without marks around it.
  static func core(_ word: some StringProtocol) -> String {
    word.lowercased().filter { $0.isLetter || $0.isNumber || "'’".contains($0) }
  }

  /// The words between spaces and breaks of lines.
  static func tokens(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// A word and the marks that end it.
  static func parted(_ word: String) -> (word: String, marks: String) {
    let marks = String(word.reversed().prefix { ".,;:!?".contains($0) }.reversed())
    return (String(word.dropLast(marks.count)), marks)
  }

  static func mapWords(_ text: String, _ change: (String) -> String) -> String {
    tokens(text).map(change).joined(separator: " ")
  }

  /// With a capital, or with a small letter, in front.
  static func capitalized(_ text: some StringProtocol) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
  static func uncapitalized(_ text: some StringProtocol) -> String {
    text.prefix(1).lowercased() + text.dropFirst()
  }
}

extension NumberWords {
  /// "3", "three" and "three times".
  static func small(_ text: String) -> Int {
    let word = text.split(separator: " ").first.map(String.init) ?? text
    return Int(word) ?? ["one", "two", "three", "four", "five"].firstIndex(of: word).map { $0 + 1 }
      ?? 3
  }
}

extension String {
  /// What the rule made, or nil where it made no difference.
  func unless(_ unedited: String) -> String? { self == unedited ? nil : self }

  func parts(between separator: String) -> [String] {
    split(separator: separator).map { String($0).trimmingSpace }
  }
}
