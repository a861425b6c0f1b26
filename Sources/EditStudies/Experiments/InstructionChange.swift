import EditorTraining

/// What is done to an instruction to see how an editor reads it: its form is changed, or its sense, or something that asks
/// for nothing is read in its place.
enum InstructionChange: String, CaseIterable {
  /// Nothing.
  case own
  /// Two letters in the middle of every word of four letters and more change places.
  case typos
  /// All letters are small.
  case lowerCase = "lower_case"
  /// A polite frame.
  case polite
  /// Some sentences stand before it.
  case preamble
  /// It stands there two times.
  case twice
  /// It is forbidden.
  case negated
  /// Nothing at all.
  case empty
  /// A sentence that tells something.
  case sentence
  /// Words, signs and letters that are no sentence.
  case nonsense

  /// Whether the same is asked for.
  var asksForTheSame: Bool {
    switch self {
    case .own, .typos, .lowerCase, .polite, .preamble, .twice: true
    case .negated, .empty, .sentence, .nonsense: false
    }
  }

  /// The changed `instruction`; row number `number` gets its own of several texts.
  func applied(to instruction: String, number: Int) -> String {
    func small(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }
    switch self {
    case .own: return instruction
    case .typos:
      return instruction.split(separator: " ").map { Self.turned(String($0)) }.joined(
        separator: " ")
    case .lowerCase: return instruction.lowercased()
    case .polite: return "Could you please do this for me: " + small(instruction) + " Thank you!"
    case .preamble:
      return MeaninglessInstruction.sentence.texts.prefix(4).joined(separator: " ") + " "
        + instruction
    case .twice: return instruction + " " + instruction
    case .negated: return "Do not do this: " + small(instruction)
    case .empty: return ""
    case .sentence:
      let texts = MeaninglessInstruction.sentence.texts
      return texts[number % texts.count]
    case .nonsense:
      let texts = MeaninglessInstruction.nonsense.texts
      return texts[number % texts.count]
    }
  }

  /// With the second and third letter, or those in the middle, in each other's place.
  private static func turned(_ word: String) -> String {
    var letters = Array(word)
    let middle = letters.count / 2
    guard letters.count >= 4, letters[middle - 1].isLetter, letters[middle].isLetter else {
      return word
    }
    letters.swapAt(middle - 1, middle)
    return String(letters)
  }
}
