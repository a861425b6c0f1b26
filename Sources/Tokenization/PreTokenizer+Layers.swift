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

  /// `[\x{4E00}-\x{9FA5}\x{800}-\x{4E00}\x{AC00}-\x{D7FF}]+`
  private static let ideographs: Layer = run {
    (0x0800...0x9FA5).contains($0.value) || (0xAC00...0xD7FF).contains($0.value)
  }

  /// `[\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+`
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
    "A-Za-z\u{B5}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1BA}\u{1BC}-\u{1BF}\u{1C4}-\u{293}"
    + "\u{295}-\u{2AF}\u{370}-\u{373}\u{376}\u{377}\u{37B}-\u{37D}\u{37F}\u{386}\u{388}-\u{38A}"
    + "\u{38C}\u{38E}-\u{3A1}\u{3A3}-\u{3F5}\u{3F7}-\u{481}\u{48A}-\u{52F}\u{531}-\u{556}"
    + "\u{10A0}-\u{10C5}\u{13A0}-\u{13F5}\u{13F8}-\u{13FD}\u{1C90}-\u{1CBA}\u{1CBD}-\u{1CBF}"
    + "\u{1D00}-\u{1D2B}\u{1D6B}-\u{1D77}\u{1D79}-\u{1D9A}\u{1E00}-\u{1F15}\u{1F18}-\u{1F1D}"
    + "\u{1F20}-\u{1F45}\u{1F48}-\u{1F4D}\u{1F50}-\u{1F57}\u{1F59}\u{1F5B}\u{1F5D}"
    + "\u{1F5F}-\u{1F7D}\u{1F80}-\u{1FB4}\u{1FB6}-\u{1FBC}\u{1FBE}\u{1FC2}-\u{1FC4}"
    + "\u{1FC6}-\u{1FCC}\u{1FD0}-\u{1FD3}\u{1FD6}-\u{1FDB}\u{1FE0}-\u{1FEC}\u{1FF2}-\u{1FF4}"
    + "\u{1FF6}-\u{1FFC}\u{2102}\u{2107}\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}"
    + "\u{2126}\u{2128}\u{212A}-\u{212D}\u{212F}-\u{2134}\u{2139}\u{213C}-\u{213F}"
    + "\u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}\u{2C00}-\u{2C7B}\u{2C7E}-\u{2CE4}"
    + "\u{2CEB}-\u{2CEE}\u{2CF2}\u{2CF3}\u{A640}-\u{A66D}\u{A680}-\u{A69B}\u{A722}-\u{A76F}"
    + "\u{A771}-\u{A787}\u{A78B}-\u{A78E}\u{AB70}-\u{ABBF}\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}"
    + "\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{10400}-\u{1044F}\u{104B0}-\u{104D3}"
    + "\u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}"
    + "\u{1E900}-\u{1E943}"
  static let deepseekMarkClass =
    "!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}"
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
