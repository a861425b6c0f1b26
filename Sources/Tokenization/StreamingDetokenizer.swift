/// Text of tokens as they come, in whole characters: what one call returns joined to the next is the
/// text of all tokens at once, never half a UTF-8 sequence. Invalid bytes become U+FFFD exactly as
/// they would in the whole.
public struct StreamingDetokenizer: Sendable {
  private let tokenizer: Tokenizer
  private let special: Bool
  /// Whether the next text begins with the space that encoding put there.
  private var expectsSpacePrefix: Bool
  /// The beginning of a character whose other bytes are still to come; at most three bytes.
  private var pending: [UInt8] = []

  /// - Parameters:
  ///   - tokenizer: what the tokens are of.
  ///   - special: show control tokens by their names.
  ///   - startsText: take away the space that SentencePiece puts in front of a text. Say `false`
  ///     where the tokens continue a text.
  public init(_ tokenizer: Tokenizer, special: Bool = false, startsText: Bool = true) {
    self.tokenizer = tokenizer
    self.special = special
    let vocabulary = tokenizer.vocabulary
    expectsSpacePrefix =
      startsText && vocabulary.model == .sentencePiece && vocabulary.addsSpacePrefix
  }

  /// The text that is complete with `id`. `id` must be in the vocabulary.
  public mutating func append(_ id: Int) -> String {
    var bytes = tokenizer.bytes(of: id, special: special)
    switch tokenizer.type(of: id) {
    case .control, .unknown: break
    case .normal, .userDefined, .unused, .byte:
      if expectsSpacePrefix, bytes.first == 0x20 { bytes = bytes.dropFirst() }
      expectsSpacePrefix = false
    }
    guard !bytes.isEmpty else { return "" }
    pending.append(contentsOf: bytes)
    let complete = pending.count - incompleteSuffix(pending)
    let text = String(decoding: pending[..<complete], as: UTF8.self)
    pending.removeFirst(complete)
    return text
  }

  /// What is left when no more tokens come: U+FFFD for the beginning of a character, else nothing.
  public mutating func finish() -> String {
    defer { pending.removeAll() }
    return String(decoding: pending, as: UTF8.self)
  }
}

/// How many bytes at the end are the beginning of a well-formed UTF-8 sequence that more bytes could
/// complete. It starts at a lead byte, so what is before it reads the same with or without it.
///
/// Source: The Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences).
private func incompleteSuffix(_ bytes: [UInt8]) -> Int {
  for length in 1...3 where length <= bytes.count {
    let lead = bytes[bytes.count - length]
    if lead & 0xC0 == 0x80 { continue }
    let second = length > 1 ? bytes[bytes.count - length + 1] : nil
    let needed: Int
    switch lead {
    case 0xC2...0xDF: needed = 2
    case 0xE0...0xEF: needed = 3
    case 0xF0...0xF4: needed = 4
    default: return 0
    }
    guard length < needed else { return 0 }
    if let second {
      let allowed: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      guard allowed.contains(second) else { return 0 }
    }
    return length
  }
  return 0
}
