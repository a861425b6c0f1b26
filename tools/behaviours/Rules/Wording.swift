/// Numbers in words.
enum NumberWords {
  static let values = ["five": 5, "six": 6, "eight": 8, "ten": 10]

  private static let units = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
  ]
  private static let tens = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
  ]

  /// 0...9999 in words, hundreds with "and" as in British English.
  static func inWords(_ n: Int) -> String {
    if n < 20 { return units[n] }
    if n < 100 { return tens[n / 10] + (n % 10 == 0 ? "" : "-" + units[n % 10]) }
    let (size, name) = n < 1000 ? (100, "hundred") : (1000, "thousand")
    let rest = n % size
    let joint = rest == 0 ? "" : rest < 100 ? " and " : " "
    return inWords(n / size) + " " + name + joint + (rest == 0 ? "" : inWords(rest))
  }

  /// 1100...1999, not a full century's first years, as one reads a year: "nineteen forty-five".
  private static func year(_ n: Int) -> String? {
    guard 1100...1999 ~= n, n % 100 >= 10 else { return nil }
    return inWords(n / 100) + " " + inWords(n % 100)
  }

  /// A text with its whole numbers in words; nil where it has digits of another kind, such as decimals,
  /// ordinals and times, and where it has ten thousand or more.
  static func spelled(_ text: String) -> String? {
    var words: [String] = []
    for word in text.split(separator: " ") {
      guard word.contains(where: \.isNumber) else {
        words.append(String(word))
        continue
      }
      let end = String(word.reversed().prefix { ",.;:!?)".contains($0) }.reversed())
      let start = word.prefix { $0 == "(" }
      let core = String(word.dropFirst(start.count).dropLast(end.count))
      let digits = core.filter { $0 != "," }
      let groups: [Substring] = core.split(separator: ",")
      let isGrouped = groups.dropFirst().allSatisfy { $0.count == 3 }
      guard core.allSatisfy({ $0.isASCII && $0.isNumber || $0 == "," }), isGrouped,
        let n = Int(digits), n <= 9999
      else { return nil }
      // Four digits from 1110 on, where no comma groups them, are read as years.
      let spelled = core.contains(",") ? inWords(n) : year(n) ?? inWords(n)
      words.append(
        start + (words.isEmpty ? Sentences.capitalized(spelled) : spelled)
          + end)
    }
    return words.joined(separator: " ")
  }
}

/// Contractions, where only one reading is possible.
enum Contractions {
  /// Full and short forms in small letters, longer ones first.
  private static let forms: [(full: String, short: String)] = [
    ("it is", "it's"), ("that is", "that's"), ("there is", "there's"), ("do not", "don't"),
    ("does not", "doesn't"), ("did not", "didn't"), ("is not", "isn't"), ("are not", "aren't"),
    ("was not", "wasn't"), ("were not", "weren't"), ("cannot", "can't"), ("can not", "can't"),
    ("could not", "couldn't"), ("should not", "shouldn't"), ("would not", "wouldn't"),
    ("will not", "won't"), ("have not", "haven't"), ("has not", "hasn't"), ("you are", "you're"),
    ("they are", "they're"), ("we are", "we're"), ("i am", "i'm"), ("you will", "you'll"),
    ("they will", "they'll"), ("it will", "it'll"), ("we have", "we've"), ("they have", "they've"),
    ("you have", "you've"),
  ]

  /// Short forms that are in the way: "it's" can be "it has" as well, "you have a dog" is not "you've a dog".
  private static let onlyToContract: Set<String> = [
    "it's", "that's", "there's", "you've", "we've", "they've",
  ]
  private static let haves: Set<String> = ["you have", "we have", "they have"]

  static func contracted(_ text: String) -> String? {
    let made = forms.filter { !haves.contains($0.full) }.reduce(text) {
      replaced($0, $1.full, $1.short, mayEnd: false)
    }
    return made == text ? nil : made
  }

  static func expanded(_ text: String) -> String? {
    let plain = text.replacing("’", with: "'")
    let made = forms.filter { $0.full != "can not" }.reduce(plain) { made, form in
      if form.short == "it's" || form.short == "that's" || form.short == "there's" {
        return expandingIs(made, form.full, form.short)
      }
      return onlyToContract.contains(form.short) ? made : replaced(made, form.short, form.full)
    }
    return made != plain && isExpanded(made) ? made : nil
  }

  static func isContracted(_ text: String) -> Bool {
    let plain = text.replacing("’", with: "'")
    return forms.contains { has(plain, $0.short) }
      && !forms.contains { !haves.contains($0.full) && has(plain, $0.full, mayEnd: false) }
  }

  static func isExpanded(_ text: String) -> Bool {
    let plain = text.replacing("’", with: "'").lowercased()
    return !["n't", "'re", "'ll", "'ve", "'m", "it's", "that's", "there's"].contains {
      plain.contains($0)
    }
  }

  /// "It's" before a, an, the, not, also and the like is "it is".
  private static func expandingIs(_ text: String, _ full: String, _ short: String) -> String {
    let followers: Set<String> = [
      "a", "an", "the", "not", "also", "important", "essential", "always", "about", "often", "best",
      "like", "why", "what", "where", "just", "one", "very", "more", "no", "usually", "known",
      "crucial", "still", "easy", "hard", "possible", "worth",
    ]
    var words = text.split(separator: " ").map(String.init)
    for i in words.indices.dropLast() where words[i].lowercased() == short {
      if followers.contains(words[i + 1].lowercased().filter(\.isLetter)) {
        words[i] = words[i].first!.isUppercase ? Sentences.capitalized(full) : full
      }
    }
    return words.joined(separator: " ")
  }

  /// Whole words, in small letters or with a capital; a contraction does not stand at an end of a sentence.
  private static func replaced(
    _ text: String, _ from: String, _ to: String, mayEnd: Bool = true
  ) -> String {
    var made = text
    for (a, b) in [(from, to), (Sentences.capitalized(from), Sentences.capitalized(to))] {
      var result = ""
      var rest = made[...]
      while let range = rest.firstRange(of: a) {
        let before =
          range.lowerBound == made.startIndex ? nil : made[made.index(before: range.lowerBound)]
        let after = range.upperBound == made.endIndex ? nil : made[range.upperBound]
        let isWhole =
          !(before?.isLetter ?? false) && before != "'" && !(after?.isLetter ?? false)
          && after != "'"
        let fits = isWhole && (mayEnd || after == " ")
        result += rest[..<range.lowerBound] + (fits ? b : a)
        rest = rest[range.upperBound...]
      }
      made = result + rest
    }
    return made
  }

  private static func has(_ text: String, _ form: String, mayEnd: Bool = true) -> Bool {
    replaced(text, form, "\u{1}", mayEnd: mayEnd) != text
  }
}

/// "You" as "one".
enum ThirdPerson {
  private static let verbs: [String: String] = [
    "can": "can", "could": "could", "should": "should", "will": "will", "would": "would",
    "may": "may",
    "might": "might", "must": "must", "are": "is", "have": "has", "want": "wants", "need": "needs",
    "do": "does", "get": "gets", "use": "uses", "know": "knows", "like": "likes", "enjoy": "enjoys",
    "feel": "feels", "love": "loves", "eat": "eats", "take": "takes", "make": "makes",
    "choose": "chooses",
    "start": "starts", "see": "sees", "begin": "begins", "add": "adds", "plan": "plans",
  ]
  /// What "you" as an object comes after.
  private static let before: Set<String> = [
    "help", "helps", "gives", "give", "allow", "allows", "for", "to", "with", "makes", "make",
    "around",
    "keep", "keeps", "tell", "tells", "let", "lets", "enable", "enables", "bring", "brings",
  ]

  /// Nil where there is no you, or one that none of these rules knows.
  static func impersonal(_ text: String) -> String? {
    var words = text.split(separator: " ").map(String.init)
    var changed = false
    for i in words.indices {
      let bare = words[i].filter { $0.isLetter || $0 == "'" }.lowercased()
      switch bare {
      case "your":
        words[i] = words[i].first!.isUppercase ? "One's" : "one's"
        changed = true
      case "you":
        let isCapital = words[i].first!.isUppercase
        if i > 0, before.contains(words[i - 1].lowercased()) {
          words[i] = words[i].lowercased().replacing("you", with: "one")
        } else if i + 1 < words.count, words[i] == "you" || words[i] == "You",
          let verb = verbs[words[i + 1]]
        {
          words[i] = isCapital ? "One" : "one"
          words[i + 1] = verb
        } else {
          return nil
        }
        changed = true
      case "i", "my", "me", "we", "our", "us", "yours", "yourself", "you're", "you'll", "you've",
        "you'd",
        "i'm", "i've", "let's", "we're":
        return nil
      default: break
      }
    }
    return changed ? words.joined(separator: " ") : nil
  }
}

/// What a question is about.
enum Titles {
  /// The content words of the question that the answer has, in their order, each with a capital.
  static func title(of plain: PlainAnswer) -> String? {
    let words = subjectWords(of: plain)
    return words.isEmpty
      ? nil
      : words.map(Sentences.capitalized)
        .joined(separator: " ")
  }

  /// The last of these words.
  static func subject(of plain: PlainAnswer) -> String? {
    subjectWords(of: plain).last?.lowercased()
  }

  private static func subjectWords(of plain: PlainAnswer) -> [String] {
    let shared = Sentences.contentWords(plain.question).intersection(
      Sentences.contentWords(plain.text))
    return plain.question.split { !$0.isLetter && !$0.isNumber }.map(String.init)
      .filter { shared.contains($0.lowercased()) }
  }
}
