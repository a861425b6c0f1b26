/// Cuts text into the words within which byte-level BPE merges. Written by hand after the regular
/// expressions of the models, which are too slow as such:
///
/// - `gpt2`: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
/// - `smollm`: first every `\p{N}` by itself, then `gpt2` on what lies between
/// - `llama3`: `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
///   ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, the contractions in ASCII only as in
///   llama.cpp
package enum PreTokenizer: Sendable {
  case gpt2
  case smollm
  case llama3

  private static let byName: [(name: String, value: PreTokenizer)] = [
    ("gpt-2", .gpt2), ("gpt2", .gpt2), ("default", .gpt2), ("smollm", .smollm),
    ("llama-bpe", .llama3), ("llama3", .llama3), ("llama-v3", .llama3),
  ]

  static let supportedNames = byName.map { $0.name }

  /// By its name in `tokenizer.ggml.pre`. A missing name means `gpt2`, which is what files from
  /// before there were names need.
  package init(name: String?) throws(TokenizationError) {
    guard let name else {
      self = .gpt2
      return
    }
    guard let entry = PreTokenizer.byName.first(where: { $0.name == name }) else {
      throw .unsupportedPreTokenizer(name: name)
    }
    self = entry.value
  }

  /// Whether a word that is in the vocabulary is taken as it is, without merges.
  var ignoresMerges: Bool { self == .llama3 }

  /// Whether BOS is added unless the file says otherwise.
  var addsBOS: Bool { self == .llama3 }

  /// The bytes of each word of `text`, in order.
  package func wordLengths(of text: String) -> [Int] {
    var text = text
    return text.withUTF8 { bytes in
      let classified = ClassifiedText(bytes)
      var lengths: [Int] = []
      var start = 0
      while start < bytes.count {
        let end = endOfWord(in: classified, from: start)
        lengths.append(end - start)
        start = end
      }
      return lengths
    }
  }

  /// Where the word that starts at `start` ends. `start` must be before the end of the text.
  @inline(__always)
  func endOfWord(in text: ClassifiedText, from start: Int) -> Int {
    switch self {
    case .gpt2: gpt2Word(in: text, from: start, digitsApart: false)
    case .smollm: gpt2Word(in: text, from: start, digitsApart: true)
    case .llama3: llama3Word(in: text, from: start)
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

  private func llama3Word(in text: ClassifiedText, from start: Int) -> Int {
    if let end = contraction(in: text, from: start, ignoringCase: true) { return end }
    let (first, second) = text.character(at: start)

    switch first {
    case .letter:
      return text.endOfRun(of: .letter, from: second)
    case .number:
      let third = text.character(at: second)
      guard third.kind == .number else { return second }
      let fourth = text.character(at: third.next)
      return fourth.kind == .number ? fourth.next : third.next
    case .other:
      if case (let kind, let next) = text.character(at: second), kind == .letter {
        return text.endOfRun(of: .letter, from: next)
      }
      let end = text.endOfRun(of: .other, from: second)
      return text.endOfRun(of: .lineEnd, from: end)
    case .space, .lineEnd, .end:
      let (kind, next) = text.character(at: second)
      if first == .space, kind == .letter { return text.endOfRun(of: .letter, from: next) }
      if text.bytes[start] == 0x20, kind == .other {
        let end = text.endOfRun(of: .other, from: next)
        return text.endOfRun(of: .lineEnd, from: end)
      }
      let run = whitespace(in: text, from: start)
      if let end = run.endOfLastLine { return end }
      return run.follower == .end || run.last == start ? run.end : run.last
    }
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
