/// Cutting answers into sentences and words.
package enum Sentences {
  /// The longest answer that targets are made of, in characters: some forty-five tokens.
  package static let longest = 200

  private static let abbreviations: Set<String> = [
    "Dr.", "Mr.", "Mrs.", "Ms.", "St.", "e.g.", "i.e.", "etc.", "vs.", "No.", "U.S.", "a.m.",
    "p.m.",
  ]

  /// The sentences of a text. One ends with a full stop, a question mark or an exclamation mark, perhaps
  /// a quotation mark or a bracket, before a space or the end; abbreviations, initials and numbers of lists
  /// end none. What comes after the last end is no sentence.
  package static func of(_ text: String) -> (whole: [String], rest: String) {
    var whole: [String] = []
    var current = ""
    for line in text.split(separator: "\n") {
      for word in line.split(separator: " ") {
        current += current.isEmpty ? String(word) : " " + word
        if isEnd(word) {
          whole.append(current)
          current = ""
        }
      }
    }
    return (whole, current)
  }

  private static func isEnd(_ word: Substring) -> Bool {
    let bare = word.drop { "\"'(".contains($0) }
    let stripped = bare.reversed().drop { "\"')".contains($0) }.reversed().map { $0 }
    guard let mark = stripped.last, ".!?".contains(mark) else { return false }
    let text = String(stripped)
    if mark != "." { return true }
    if abbreviations.contains(text) { return false }
    // "J." and "1." end no sentence.
    let inside = text.dropLast()
    return !(inside.count == 1 && inside.first!.isUppercase && inside != "I")
      && !(inside.allSatisfy(\.isNumber) && inside.count <= 2)
  }

  /// The first paragraph's whole sentences, up to `longest` characters; none where there is not one, or
  /// where the answer is in a form of its own (lists, code, headings).
  package static func usable(_ answer: String) -> [String] {
    let paragraph = answer.split(separator: "\n").first.map(String.init) ?? ""
    guard !paragraph.contains(where: { "*#`|{}[]<>\\_~^".contains($0) }),
      !paragraph.hasPrefix("-"), !paragraph.hasPrefix("1.")
    else { return [] }
    var kept: [String] = []
    var length = 0
    for sentence in of(paragraph).whole {
      length += sentence.count + 1
      if length > longest { break }
      // What leads to a list that is cut off answers nothing.
      if sentence.hasSuffix(":") { break }
      // A small model that has nothing more to say says it again.
      let opening = sentence.split(separator: " ").prefix(4)
      if kept.contains(where: { $0.split(separator: " ").prefix(4) == opening }) { break }
      kept.append(sentence)
    }
    return kept.count { $0.contains("\"") } == 0 ? kept : []
  }

  /// Words in small letters, cut at all that is neither letter nor digit.
  package static func words(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static let stopWords: Set<String> = [
    "what", "when", "where", "which", "who", "whom", "whose", "why", "how", "this", "that", "these",
    "those", "there", "here", "then", "than", "with", "without", "from", "into", "about", "after",
    "before", "have", "has", "had", "does", "did", "doing", "will", "would", "should", "could",
    "can",
    "might", "must", "shall", "they", "them", "their", "your", "yours", "mine", "ours", "some",
    "such",
    "very", "just", "more", "most", "much", "many", "only", "also", "over", "under", "been",
    "being",
    "were", "was", "are", "tell", "give", "explain", "describe", "write", "good", "best", "make",
    "short", "paragraph", "advice", "work", "works", "known", "between", "difference", "people",
    "the", "and", "for", "not", "you", "our", "its", "his", "her", "him", "she", "get", "way",
  ]

  /// The words of a text that say what it is about: three letters or more and none that only hold a
  /// sentence together.
  package static func contentWords(_ text: String) -> Set<String> {
    Set(words(text).filter { $0.count >= 3 && !stopWords.contains($0) })
  }

  /// Whether an answer still answers: at least half of the content words that the question and the
  /// unedited answer share are there, where they share any.
  package static func keepsContent(_ answer: String, question: String, unedited: String) -> Bool {
    let shared = contentWords(question).intersection(contentWords(unedited))
    guard !shared.isEmpty else { return true }
    let present = shared.intersection(Set(words(answer))).count
    return 2 * present >= shared.count
  }

  /// A sentence within another one: its first letter is small where the word is one that is, where the
  /// question has it in small letters, and where it is an ing-form.
  package static func inside(_ sentence: String, question: String) -> String {
    guard let first = sentence.split(separator: " ").first else { return sentence }
    let word = first.filter { $0.isLetter || $0 == "'" }
    let inQuestion = question.split { !$0.isLetter }.map(String.init)
    let isSmall =
      smallWords.contains(word) || inQuestion.contains(word.lowercased())
      || (word.hasSuffix("ing") && !inQuestion.dropFirst().contains(word))
    return isSmall ? uncapitalized(sentence) : sentence
  }

  private static let smallWords: Set<String> = [
    "The", "A", "An", "It", "It's", "They", "They're", "This", "That", "These", "Those", "There",
    "In",
    "On", "At", "To", "For", "If", "When", "While", "You", "You're", "Your", "We", "Our", "He",
    "She",
    "One", "Some", "Many", "Most", "By", "From", "With", "As", "However", "People", "Here", "Yes",
    "No",
    "Its", "Their", "His", "Her", "Each", "Both", "What", "Why", "How", "After", "Before", "Also",
    "Additionally", "First", "Then", "Next", "But", "And", "Not", "Another", "Imagine",
  ]
}
