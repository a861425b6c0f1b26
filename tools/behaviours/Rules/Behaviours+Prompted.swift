/// Behaviours that no rule makes of an unedited answer: the model is asked with the instruction in its
/// prompt, and what the rule accepts is a target.
extension Behaviour {
  static let prompted: [Behaviour] = [
    language("French", Languages.french),
    language("Spanish", Languages.spanish),
    language("German", Languages.german),
    language("Italian", Languages.italian),
    Behaviour(
      "rhyme",
      """
      Answer with two lines that rhyme. | rhyme please | Make your answer rhyme, in two lines. | Answer in a rhyming couplet.
      Could you answer in rhyme, with two lines? | Two lines, and their last words rhyme. | Be a poet: two rhyming lines.
      Write your answer as two lines of verse whose last words rhyme with each other.
      A couplet, please. | Reply in two rhyming lines. | Answer in verse, two lines. | I want a rhyme of two lines.
      """, keepsWords: false, target: { plain, _ in plain.text },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        return lines.count == 2 && Languages.rhyme(lines[0], lines[1])
      }),
    Behaviour(
      "haiku",
      """
      Answer with a haiku of three lines. | haiku | Write a haiku about this topic. | Answer in a haiku.
      Could you answer with a haiku? | Three short lines, as in a haiku. | Be a poet: a haiku, please.
      Write your answer as a haiku, which is a poem of three short lines.
      A haiku, please. | Reply in haiku form. | Three lines of a haiku, nothing else. | Turn your answer into a haiku.
      """, keepsWords: false, target: { plain, _ in plain.text },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        return lines.count == 3 && Set(lines.map(\.trimmingSpace)).count == 3
          && lines.allSatisfy { 2...8 ~= $0.split(separator: " ").count }
      }),
  ]

  /// What is put behind a question to have the model answer so.
  package var prompt: String {
    switch name {
    case "rhyme": "Write a short poem with rhymes about it."
    case "haiku": "Write a haiku about it."
    default: wordings[0]
    }
  }

  /// What of a prompted answer can be a target: of poems, the first two lines one after the other that rhyme,
  /// and the first three short lines; else the first whole sentences.
  func excerpt(of answer: String) -> String {
    let lines = answer.linesWithText.map(\.trimmingSpace)
    switch name {
    case "rhyme":
      for (first, second) in zip(lines, lines.dropFirst()) where Languages.rhyme(first, second) {
        return "\(first)\n\(second)"
      }
      return ""
    case "haiku": return lines.prefix(3).joined(separator: "\n")
    default: return Sentences.usable(answer).joined(separator: " ")
    }
  }

  private static func language(_ name: String, _ words: Set<String>) -> Behaviour {
    Behaviour(
      name,
      """
      Answer in \(name). | \(name) please | Reply in \(name). | Write your answer in \(name). | Use \(name), not English.
      Could you answer in \(name)? | I speak only \(name). | Speak \(name) with me. | Say it in \(name).
      Whatever language I use, you write your answer in \(name).
      I want your answer in \(name). | The answer should be in \(name), please. | \(name) only. | Respond to me in \(name).
      """, keepsWords: false, target: { plain, _ in plain.text },
      follows: { answer, _, _ in Languages.isMostly(answer, words) })
  }
}

/// Languages by their function words, and rhymes by their letters.
enum Languages {
  static let names: Set<String> = ["French", "Spanish", "German", "Italian"]

  static let english = words(
    "the of and to in is that it was for with as on are this be by at from or an which you not have has"
  )
  static let french = words(
    "le la les de des du un une et est en que qui dans pour par sur au aux ce cette il elle sont avec plus pas se à ou vous nous je"
  )
  static let spanish = words(
    "el la los las de del un una y es en que por para con su al lo se como más no son este esta o muy pero te"
  )
  static let german = words(
    "der die das und ist in den von zu mit sich auf für im dem nicht ein eine als auch es an werden aus er hat dass sie oder ich wir"
  )
  static let italian = words(
    "il lo la i gli le di del della un una e è in che per con si al non sono come più o dei delle nel da questo questa"
  )

  private static func words(_ text: String) -> Set<String> {
    Set(text.split(separator: " ").map(String.init))
  }

  /// Whether at least a fifth of the words, and three of them, are function words of the language and more
  /// than those of any of the other languages.
  static func isMostly(_ text: String, _ language: Set<String>) -> Bool {
    let words = Sentences.words(text)
    func count(_ set: Set<String>) -> Int { words.count { set.contains($0) } }
    let own = count(language)
    let others = [english, french, spanish, german, italian].filter { $0 != language }.map(count)
    return own >= 3 && 5 * own >= words.count && own > others.max()!
  }

  /// Whether the last words of two lines are different and end alike, from their last vowels on and in two
  /// letters or more.
  static func rhyme(_ first: String, _ second: String) -> Bool {
    guard let a = Sentences.words(first).last, let b = Sentences.words(second).last, a != b else {
      return false
    }
    func isVowel(_ letter: Character) -> Bool { "aeiouy".contains(letter) }
    func ending(_ word: String) -> String {
      var letters = Array(word)
      // A silent e at the end: the vowels before it count, and it stays.
      let isSilent =
        letters.count > 2 && letters.last == "e" && !isVowel(letters[letters.count - 2])
      if isSilent { letters.removeLast() }
      guard var start = letters.lastIndex(where: isVowel) else { return word }
      while start > 0, isVowel(letters[start - 1]) { start -= 1 }
      return String(letters[start...]) + (isSilent ? "e" : "")
    }
    return ending(a) == ending(b) && ending(a).count >= 2
  }
}
