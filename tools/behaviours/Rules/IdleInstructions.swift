import EditorTraining

/// Texts that ask for nothing, for training what such an instruction should do to an answer: nothing
/// (`locality_instructions`).
///
/// Nonsense is words without an order, symbols, letters and syllables over and over, random characters and
/// numbers; sentences tell something. None is one that `emend evaluate` measures with (`MeaninglessInstruction`).
package struct IdleInstructions {
  private var random: SeededGenerator
  private let measured = Set(MeaninglessInstruction.allCases.flatMap(\.texts))

  private static let subjects = [
    "boat", "lamp", "wagon", "goat", "kettle", "coat", "letter", "drum", "ladder", "clock", "cart",
    "fence",
    "spoon", "horse", "candle",
  ]
  private static let places = [
    "harbour", "mill", "station", "garden", "market", "school", "kitchen", "river", "square",
    "cellar",
    "bridge", "church",
  ]
  private static let looks = [
    "green", "white", "narrow", "yellow", "heavy", "grey", "old", "small",
  ]
  private static let words =
    subjects + places + looks + [
      "slowly", "under", "seven", "never", "paper", "window", "because", "salt", "morning",
      "between", "blue",
      "carries", "quiet", "almost", "stone", "again", "feather", "without",
    ]
  private static let syllables = ["la ", "ho ", "bim ", "ta ", "oh ", "zz ", "ke "]
  private static let letters = Array("abcdefghijklmnopqrstuvwxyz")
  private static let digits = Array("0123456789")

  /// Equal seeds give equal texts.
  package init(seed: UInt64) { random = SeededGenerator(seed) }

  /// The next: nonsense twice as often as a sentence.
  package mutating func next() -> String {
    while true {
      let text = random.pick(3) == 0 ? sentence() : nonsense()
      if !measured.contains(text) { return text }
    }
  }

  private mutating func one<C: RandomAccessCollection>(of all: C) -> C.Element {
    all[all.index(all.startIndex, offsetBy: random.pick(all.count))]
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + random.pick(range.count)
  }

  private mutating func characters(_ all: [Character], _ count: ClosedRange<Int>) -> String {
    String((0..<number(count)).map { _ in one(of: all) })
  }

  private mutating func some(_ count: ClosedRange<Int>) -> [String] {
    (0..<number(count)).map { _ in one(of: Self.words) }
  }

  private mutating func nonsense() -> String {
    switch random.pick(9) {
    case 0: some(2...5).map { $0 + ";" }.joined()
    case 1: characters(Self.letters + Self.digits + Array("@#/.$%&*!"), 8...24)
    case 2: String(repeating: one(of: Self.letters), count: number(10...50))
    case 3: some(3...7).joined(separator: " ")
    case 4: characters(Array(".-/|_=~+*"), 6...20)
    case 5:
      (0..<number(2...6)).map { _ in
        characters(Self.letters + Self.digits, 3...3)
      }.joined(separator: " ")
    case 6:
      String(
        String(
          repeating: one(of: Self.syllables), count: number(4...16)
        ).dropLast())
    case 7: characters(Array("?!;:,."), 4...14)
    default:
      (0..<number(2...8)).map { _ in
        String(number(0...999))
      }.joined(separator: " ")
    }
  }

  private mutating func sentence() -> String {
    let (thing, place, look) = (one(of: Self.subjects), one(of: Self.places), one(of: Self.looks))
    return switch random.pick(10) {
    case 0: "The \(thing) near the \(place) was painted \(look) last year."
    case 1: "My uncle keeps his \(thing) in the \(place)."
    case 2: "Two of them stood beside the \(place) for an hour."
    case 3: "It was warm on the day the \(thing) came back."
    case 4: "There was one \(look) \(thing) behind the \(place)."
    case 5: "Nobody in the \(place) had seen the \(thing)."
    case 6: "The \(thing) leaves the \(place) at seven on Mondays."
    case 7: "She sold the \(thing) at the \(place)."
    case 8: "They walked past the \(place) without a word."
    default: "The \(place) smelled of rain and \(look) paint."
    }
  }
}
