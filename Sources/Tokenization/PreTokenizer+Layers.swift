/// Rules that are applied one after the other: each cuts every piece that those before it left into its
/// matches and what lies between them.
extension PreTokenizer {
  /// Where the match of a rule that starts at a position of a text ends; nil where there is none. Texts are
  /// pieces: their ends are ends for the rule.
  typealias Layer = @Sendable (_ text: ClassifiedText, _ start: Int) -> Int?

  /// The layers of a rule that has several; nil for the others.
  var layers: [Layer]? {
    switch self {
    case .gpt2, .smollm, .llama3, .llama3Merged, .qwen2, .tekken: nil
    case .standard: [Self.marks("$+<=>^~|"), Self.gpt2Words, Self.numbers, Self.threeDigits]
    case .falcon: [Self.marks("$+<=>^~|`"), Self.gpt2Words, Self.threeDigits]
    case .deepseekLLM:
      [
        Self.lineEnd, Self.afterSpace { ScalarRanges.deepseekLetters.contains($0) },
        // llama.cpp reads white space beyond ASCII as a vertical tab, which is not in the class.
        Self.afterSpace {
          ScalarRanges.deepseekMarks.contains($0)
            && !($0.value > 0x7F && $0.properties.isWhitespace)
        },
        Self.trailingSpace, Self.ideographs, Self.numbers,
      ]
    case .deepseekCoder:
      [
        Self.lineEnd, Self.afterSpace { $0.isLetter }, Self.afterSpace { $0.isPunctuation },
        Self.ideographs, Self.number,
      ]
    case .deepseekV3: [Self.upToThreeNumbers, Self.ideographsAndKana, Self.deepseekV3Words]
    }
  }

  /// The places of the words of `text` by those layers.
  static func words(of text: ClassifiedText, _ layers: [Layer]) -> [Range<Int>] {
    var pieces = text.bytes.isEmpty ? [] : [0..<text.bytes.count]
    for layer in layers {
      var finer: [Range<Int>] = []
      finer.reserveCapacity(pieces.count)
      for piece in pieces { cut(text.part(piece), at: piece.lowerBound, layer, into: &finer) }
      pieces = finer
    }
    return pieces
  }

  private static func cut(
    _ text: ClassifiedText, at origin: Int, _ layer: Layer, into words: inout [Range<Int>]
  ) {
    var gap = 0
    var position = 0
    while position < text.bytes.count {
      guard let end = layer(text, position), end > position else {
        position = text.character(at: position).next
        continue
      }
      if gap < position { words.append(origin + gap..<origin + position) }
      words.append(origin + position..<origin + end)
      position = end
      gap = end
    }
    if gap < position { words.append(origin + gap..<origin + position) }
  }

  // MARK: Layers

  /// `[\p{P}others]+`
  private static func marks(_ others: String) -> Layer {
    let others = Set(others.unicodeScalars)
    return run { $0.isPunctuation || others.contains($0) }
  }

  private static let gpt2Words: Layer = { PreTokenizer.gpt2.endOfWord(in: $0, from: $1) }

  /// `\p{N}+`
  private static let numbers: Layer = { text, start in
    let end = text.endOfRun(of: .number, from: start)
    return end > start ? end : nil
  }

  /// `\p{N}`
  private static let number: Layer = { text, start in
    let (kind, next) = text.character(at: start)
    return kind == .number ? next : nil
  }

  /// `\p{N}{1,3}`
  private static let upToThreeNumbers: Layer = { text, start in
    var end = start
    for _ in 0..<3 {
      guard case (let kind, let next) = text.character(at: end), kind == .number else { break }
      end = next
    }
    return end > start ? end : nil
  }

  /// `[0-9][0-9][0-9]`
  private static let threeDigits: Layer = { text, start in
    guard start + 3 <= text.bytes.count,
      text.bytes[start..<start + 3].allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return start + 3
  }

  /// `[\r\n]`
  private static let lineEnd: Layer = { text, start in
    let (kind, next) = text.character(at: start)
    return kind == .lineEnd ? next : nil
  }

  /// `\s+$`
  private static let trailingSpace: Layer = { text, start in
    var end = start
    while case (let kind, let next) = text.character(at: end), kind.isWhitespace { end = next }
    return end > start && end == text.bytes.count ? end : nil
  }

  /// `[一-龥ࠀ-一가-퟿]+`
  private static let ideographs: Layer = run {
    (0x0800...0x9FA5).contains($0.value) || (0xAC00...0xD7FF).contains($0.value)
  }

  /// `[一-龥぀-ゟ゠-ヿ]+`
  private static let ideographsAndKana: Layer = run {
    (0x4E00...0x9FA5).contains($0.value) || (0x3040...0x30FF).contains($0.value)
  }

  /// A run of such characters.
  private static func run(_ isMember: @escaping @Sendable (Unicode.Scalar) -> Bool) -> Layer {
    { text, start in
      let end = text.endOfRun(from: start, isMember)
      return end > start ? end : nil
    }
  }

  /// `\s?` and a run of such characters.
  private static func afterSpace(
    _ isMember: @escaping @Sendable (Unicode.Scalar) -> Bool
  ) -> Layer {
    { text, start in
      let (kind, next) = text.character(at: start)
      if kind.isWhitespace, case let end = text.endOfRun(from: next, isMember), end > next {
        return end
      }
      // White space may itself be a member.
      let end = text.endOfRun(from: start, isMember)
      return end > start ? end : nil
    }
  }

  /// `[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|
  /// \s+(?!\S)|\s+`
  private static let deepseekV3Words: Layer = { text, start in
    let (scalar, second) = text.scalar(at: start)
    func isLetter(_ scalar: Unicode.Scalar) -> Bool { scalar.isLetter || scalar.isMark }
    func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar.isPunctuation || scalar.isSymbol }
    func isASCIILetter(_ scalar: Unicode.Scalar) -> Bool {
      (0x41...0x5A).contains(scalar.value & ~0x20) && scalar.isASCII
    }
    if scalar.isASCII, isMark(scalar) {
      let end = text.endOfRun(from: second, isASCIILetter)
      if end > second { return end }
    }
    if scalar != "\r", scalar != "\n", !scalar.isLetter, !isMark(scalar) {
      let end = text.endOfRun(from: second, isLetter)
      if end > second { return end }
    }
    let letters = text.endOfRun(from: start, isLetter)
    if letters > start { return letters }
    let marks = scalar == " " ? second : start
    let endOfMarks = text.endOfRun(from: marks, isMark)
    if endOfMarks > marks { return text.endOfRun(of: .lineEnd, from: endOfMarks) }
    guard text.character(at: start).kind.isWhitespace else { return nil }
    return PreTokenizer.gpt2.endOfWhitespace(in: text, from: start)
  }
}

/// Some characters, as a class of a regular expression writes them.
struct ScalarRanges: Sendable {
  private let ranges: [ClosedRange<UInt32>]

  /// `text` is single characters, and ranges with a hyphen.
  init(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    var ranges: [ClosedRange<UInt32>] = []
    var index = 0
    while index < scalars.count {
      let first = scalars[index].value
      let isRange = index + 2 < scalars.count && scalars[index + 1] == "-"
      ranges.append(first...(isRange ? scalars[index + 2].value : first))
      index += isRange ? 3 : 1
    }
    self.ranges = ranges.sorted { $0.lowerBound < $1.lowerBound }
  }

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].lowerBound <= scalar.value
  }

  /// The cased letters of DeepSeek LLM's tokenizer.json.
  static let deepseekLetters = ScalarRanges(deepseekLetterClass)
  /// Its punctuation.
  static let deepseekMarks = ScalarRanges(deepseekMarkClass)

  static let deepseekLetterClass =
    "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅ"
    + "Ὀ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳ"
    + "Ꙁ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"
  static let deepseekMarkClass = "!-/:-~！-／：-～‘-‟　-。"
}

extension ClassifiedText {
  /// Where the run of such characters that starts at `position` ends.
  func endOfRun(from position: Int, _ isMember: (Unicode.Scalar) -> Bool) -> Int {
    var position = position
    while position < bytes.count {
      let (scalar, next) = scalar(at: position)
      guard isMember(scalar) else { break }
      position = next
    }
    return position
  }
}

extension Unicode.Scalar {
  /// `\p{L}`
  var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// `\p{M}`
  var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }

  /// `\p{P}`
  var isPunctuation: Bool {
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      true
    default: false
    }
  }

  /// `\p{S}`
  var isSymbol: Bool {
    switch properties.generalCategory {
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
    default: false
    }
  }
}
