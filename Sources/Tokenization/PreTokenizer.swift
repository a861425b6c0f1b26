/// Cuts text into the words within which byte-level BPE merges. Written by hand after the regular
/// expressions of the models, which are too slow as such, or, where several are applied one after the
/// other, as layers of hand-written ones (`PreTokenizer+Layers.swift`).
///
/// Source: the names and the expressions behind them are those of llama.cpp (`llama-vocab.cpp`), which took
/// the expressions from each model's tokenizer.json; `patterns` has these. What either makes of hard strings
/// is in Tests/Fixtures/tokenizers/pre_tokenizers.json.
package enum PreTokenizer: Sendable, CaseIterable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// First every `\p{N}` by itself, then `gpt2` on what lies between.
  case smollm
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
  /// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, the contractions in ASCII only as in
  /// llama.cpp; a word that is a token is taken whole.
  case llama3
  /// The words of `llama3`, all of them merged.
  case llama3Merged
  /// The words of `llama3` with every digit by itself, all of them merged.
  case qwen2
  /// Words with at most one change from capitals to small letters; every digit by itself; a word that is a
  /// token is taken whole. Letters beyond ASCII are of both kinds, as in llama.cpp.
  case tekken
  /// Punctuation, then `gpt2`, then numbers, then digits by threes: what llama.cpp does where a file names no
  /// rule.
  case standard
  /// Falcon's: `standard` with the back-tick among the punctuation, and numbers with the space before them.
  case falcon
  case deepseekLLM
  case deepseekCoder
  case deepseekV3

  private static let byName: [(name: String, value: PreTokenizer)] = [
    ("gpt-2", .gpt2), ("gpt2", .gpt2), ("phi-2", .gpt2), ("jina-es", .gpt2), ("jina-de", .gpt2),
    ("jina-v2-es", .gpt2), ("jina-v2-de", .gpt2), ("gigachat", .gpt2), ("a.x-4.0", .gpt2),
    ("mellum", .gpt2), ("modern-bert", .gpt2), ("exaone4", .gpt2), ("mpt", .gpt2), ("olmo", .gpt2),
    ("jais", .gpt2), ("trillion", .gpt2), ("granite-docling", .gpt2),
    ("smollm", .smollm), ("starcoder", .smollm), ("refact", .smollm), ("command-r", .smollm),
    ("codeshell", .smollm), ("exaone", .smollm), ("minerva-7b", .smollm),
    ("llama-bpe", .llama3), ("llama3", .llama3), ("llama-v3", .llama3), ("falcon3", .llama3),
    ("falcon-h1", .llama3), ("pixtral", .llama3), ("midm-2.0", .llama3), ("lfm2", .llama3),
    ("smaug-bpe", .llama3Merged), ("dbrx", .llama3Merged), ("glm4", .llama3Merged),
    ("chatglm-bpe", .llama3Merged),
    ("qwen2", .qwen2), ("deepseek-r1-qwen", .qwen2), ("megrez", .qwen2), ("stablelm2", .qwen2),
    ("hunyuan", .qwen2), ("tekken", .tekken), ("default", .standard), ("falcon", .falcon),
    ("deepseek-llm", .deepseekLLM), ("deepseek-coder", .deepseekCoder),
    ("deepseek-v3", .deepseekV3),
  ]

  static let supportedNames = byName.map { $0.name }

  /// By its name in `tokenizer.ggml.pre`. Without a name it is `standard`, as in llama.cpp.
  package init(name: String?) throws(TokenizationError) {
    guard let name, !name.isEmpty else {
      self = .standard
      return
    }
    guard let entry = PreTokenizer.byName.first(where: { $0.name == name }) else {
      throw .unsupportedPreTokenizer(name: name)
    }
    self = entry.value
  }

  /// The first of its names in llama.cpp.
  var name: String { PreTokenizer.byName.first { $0.value == self }?.name ?? "default" }

  /// Whether a word that is in the vocabulary is taken as it is, without merges.
  var ignoresMerges: Bool { self == .llama3 || self == .tekken }

  /// Whether BOS is added unless the file says otherwise.
  var addsBOS: Bool { self == .llama3 || self == .tekken }

  /// The bytes of each word of `text`, in order.
  package func wordLengths(of text: String) -> [Int] {
    var text = text
    return text.withUTF8 { bytes in
      var lengths: [Int] = []
      forEachWord(of: bytes) { lengths.append($0.count) }
      return lengths
    }
  }

  /// Calls `body` with the place of each word of `text`, which is valid UTF-8, in order.
  @inline(__always)
  func forEachWord(of text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
    let classified = ClassifiedText(text)
    guard let layers else {
      var start = 0
      while start < text.count {
        let end = endOfWord(in: classified, from: start)
        body(start..<end)
        start = end
      }
      return
    }
    for word in PreTokenizer.words(of: classified, layers) { body(word) }
  }

  /// Where the word that starts at `start` ends, by a rule of one layer. `start` must be before the end of
  /// the text.
  @inline(__always)
  func endOfWord(in text: ClassifiedText, from start: Int) -> Int {
    switch self {
    case .smollm: gpt2Word(in: text, from: start, digitsApart: true)
    case .llama3, .llama3Merged: llama3Word(in: text, from: start, digits: 3)
    case .qwen2: llama3Word(in: text, from: start, digits: 1)
    case .tekken: tekkenWord(in: text, from: start)
    case .gpt2, .standard, .falcon, .deepseekLLM, .deepseekCoder, .deepseekV3:
      gpt2Word(in: text, from: start, digitsApart: false)
    }
  }

  // MARK: Rules

  /// With `digitsApart` a digit is a word, and for what comes before it the text ends there.
  private func gpt2Word(in text: ClassifiedText, from start: Int, digitsApart: Bool) -> Int {
    let (first, second) = text.character(at: start)
    if digitsApart, first == .number { return second }
    if let end = contraction(in: text, from: start, ignoringCase: false) { return end }

    switch first {
    case .letter, .number, .other:
      return text.endOfRun(of: first, from: second)
    case .space, .lineEnd, .end:
      if text.bytes[start] == 0x20 {
        let (kind, next) = text.character(at: second)
        let joins = kind == .letter || kind == .other || kind == .number && !digitsApart
        if joins { return text.endOfRun(of: kind, from: next) }
      }
      let run = whitespace(in: text, from: start)
      let textEnds = run.follower == .end || digitsApart && run.follower == .number
      return textEnds || run.last == start ? run.end : run.last
    }
  }

  /// `digits` is how many digits may be one word: 3 or 1.
  private func llama3Word(in text: ClassifiedText, from start: Int, digits: Int) -> Int {
    if let end = contraction(in: text, from: start, ignoringCase: true) { return end }
    return wordAfterLetters(in: text, from: start, digits: digits, slashEndsMarks: false)
  }

  /// A word that is no contraction. With `slashEndsMarks` a slash after punctuation belongs to it even where
  /// line ends stand between, as in `[\r\n/]*`.
  private func wordAfterLetters(
    in text: ClassifiedText, from start: Int, digits: Int, slashEndsMarks: Bool
  ) -> Int {
    let (first, second) = text.character(at: start)
    func endOfMarks(from position: Int) -> Int {
      var end = text.endOfRun(of: .lineEnd, from: text.endOfRun(of: .other, from: position))
      while slashEndsMarks, end < text.bytes.count, text.bytes[end] == UInt8(ascii: "/") {
        end = text.endOfRun(of: .lineEnd, from: end + 1)
      }
      return end
    }

    switch first {
    case .letter:
      return text.endOfRun(of: .letter, from: second)
    case .number:
      guard digits > 1 else { return second }
      let third = text.character(at: second)
      guard third.kind == .number else { return second }
      let fourth = text.character(at: third.next)
      return fourth.kind == .number ? fourth.next : third.next
    case .other:
      if case (let kind, let next) = text.character(at: second), kind == .letter {
        return text.endOfRun(of: .letter, from: next)
      }
      return endOfMarks(from: second)
    case .space, .lineEnd, .end:
      let (kind, next) = text.character(at: second)
      if first == .space, kind == .letter { return text.endOfRun(of: .letter, from: next) }
      if text.bytes[start] == 0x20, kind == .other { return endOfMarks(from: next) }
      return endOfWhitespace(in: text, from: start)
    }
  }

  /// `[^\r\n\p{L}\p{N}]?U*L+|[^\r\n\p{L}\p{N}]?U+L*`, U the letters that are not small and L those that
  /// are not capital, then the rest of LLaMA 3's rule.
  private func tekkenWord(in text: ClassifiedText, from start: Int) -> Int {
    let (first, second) = text.character(at: start)
    let letters: Int
    switch first {
    case .letter: letters = start
    case .other, .space:
      letters = text.character(at: second).kind == .letter ? second : -1
    case .number, .lineEnd, .end: letters = -1
    }
    guard letters >= 0 else {
      return wordAfterLetters(in: text, from: start, digits: 1, slashEndsMarks: true)
    }
    // All of the first part, and where in it the last letter is that the second part could begin with.
    var end = letters
    var lastOfBoth: Int?
    while case (let kind, let next) = text.character(at: end), kind == .letter,
      !text.isSmall(at: end)
    {
      if !text.isCapital(at: end) { lastOfBoth = end }
      end = next
    }
    if end < text.bytes.count, text.isSmall(at: end) {
      return text.endOfNotCapitals(from: end)
    }
    guard let lastOfBoth else { return end }
    return text.endOfNotCapitals(from: lastOfBoth)
  }

  /// `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`.
  @inline(__always)
  private func contraction(
    in text: ClassifiedText, from start: Int, ignoringCase: Bool
  ) -> Int? {
    let bytes = text.bytes
    guard bytes[start] == UInt8(ascii: "'"), start + 1 < bytes.count else { return nil }
    let fold: UInt8 = ignoringCase ? 0x20 : 0
    switch bytes[start + 1] | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    case UInt8(ascii: "r") where start + 2 < bytes.count && bytes[start + 2] | fold == 0x65,
      UInt8(ascii: "v") where start + 2 < bytes.count && bytes[start + 2] | fold == 0x65,
      UInt8(ascii: "l") where start + 2 < bytes.count && bytes[start + 2] | fold == 0x6C:
      return start + 3
    default:
      return nil
    }
  }

  /// `\s*[\r\n]+|\s+(?!\S)|\s+` at white space.
  func endOfWhitespace(in text: ClassifiedText, from start: Int) -> Int {
    let run = whitespace(in: text, from: start)
    if let end = run.endOfLastLine { return end }
    return run.follower == .end || run.last == start ? run.end : run.last
  }

  /// The white space at `start`: where it ends, where its last character begins, where its last line
  /// end ends, and what follows.
  private func whitespace(
    in text: ClassifiedText, from start: Int
  ) -> (end: Int, last: Int, endOfLastLine: Int?, follower: CharacterClass) {
    var end = start
    var last = start
    var endOfLastLine: Int?
    while true {
      let (kind, next) = text.character(at: end)
      guard kind.isWhitespace else { return (end, last, endOfLastLine, kind) }
      last = end
      end = next
      if kind == .lineEnd { endOfLastLine = next }
    }
  }
}
