/// The kinds of characters that pre-tokenizers tell apart: `\p{L}`, `\p{N}`, `\s` with the line ends
/// among it, and all others.
enum CharacterClass: UInt8 {
  case other
  case letter
  case number
  case space
  /// CR or LF: white space that some rules treat apart.
  case lineEnd
  /// Past the last character.
  case end

  var isWhitespace: Bool { self == .space || self == .lineEnd }

  init(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      self = .letter
    case .decimalNumber, .letterNumber, .otherNumber:
      self = .number
    default:
      if scalar == "\n" || scalar == "\r" {
        self = .lineEnd
      } else {
        self = scalar.properties.isWhitespace ? .space : .other
      }
    }
  }

  /// The class of each scalar of the basic plane: looked up once, as the standard library's tables
  /// are a search each. Surrogates, which never occur, are `other`.
  static let basicPlane: [CharacterClass] = (UInt32(0)..<0x10000).map {
    Unicode.Scalar($0).map { CharacterClass($0) } ?? .other
  }
}

/// Valid UTF-8 read as classes of characters.
struct ClassifiedText {
  let bytes: UnsafeBufferPointer<UInt8>
  private let classes: [CharacterClass]

  /// `bytes` must be valid UTF-8.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    classes = CharacterClass.basicPlane
  }

  /// The class of the character at `position`, and where the next begins.
  @inline(__always)
  func character(at position: Int) -> (kind: CharacterClass, next: Int) {
    guard position < bytes.count else { return (.end, position) }
    let first = bytes[position]
    if first < 0x80 { return (classes[Int(first)], position + 1) }
    return multibyteCharacter(first, at: position)
  }

  private func multibyteCharacter(
    _ first: UInt8, at position: Int
  ) -> (kind: CharacterClass, next: Int) {
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    let next = min(position + length, bytes.count)
    var value = UInt32(first) & (0x7F >> UInt32(length))
    for index in position + 1..<next { value = value << 6 | UInt32(bytes[index] & 0x3F) }
    if value < 0x10000 { return (classes[Int(value)], next) }
    return (Unicode.Scalar(value).map { CharacterClass($0) } ?? .other, next)
  }

  /// Where the run of characters of class `kind` that starts at `position` ends.
  @inline(__always)
  func endOfRun(of kind: CharacterClass, from position: Int) -> Int {
    var position = position
    while case (let found, let next) = character(at: position), found == kind { position = next }
    return position
  }

  /// Whether the character at `position` is one of a to z.
  @inline(__always)
  func isSmall(at position: Int) -> Bool {
    position < bytes.count && (0x61...0x7A).contains(bytes[position])
  }

  /// Whether the character at `position` is one of A to Z.
  @inline(__always)
  func isCapital(at position: Int) -> Bool {
    position < bytes.count && (0x41...0x5A).contains(bytes[position])
  }

  /// Where the run of letters other than A to Z that starts at `position` ends.
  func endOfNotCapitals(from position: Int) -> Int {
    var position = position
    while case (let kind, let next) = character(at: position), kind == .letter,
      !isCapital(at: position)
    { position = next }
    return position
  }

  /// The character at `position`, which is before the end, and where the next begins.
  func scalar(at position: Int) -> (scalar: Unicode.Scalar, next: Int) {
    let first = bytes[position]
    if first < 0x80 { return (Unicode.Scalar(first), position + 1) }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    let next = min(position + length, bytes.count)
    var value = UInt32(first) & (0x7F >> UInt32(length))
    for index in position + 1..<next { value = value << 6 | UInt32(bytes[index] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", next)
  }

  /// The part of the text in `range`, as a text of its own.
  func part(_ range: Range<Int>) -> ClassifiedText {
    ClassifiedText(UnsafeBufferPointer(rebasing: bytes[range]))
  }
}
