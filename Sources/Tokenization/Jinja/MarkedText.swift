/// Text of which every character knows where it comes from: from the template, or from what the caller
/// says. Whatever a template does to such text, characters keep their marks, so that in the end only
/// what the template wrote is looked at for control tokens.
///
/// A unit is a Unicode scalar in the lower 21 bits, and marks above them. Comparisons ignore marks.
struct MarkedText: Sendable {
  /// The caller said it.
  static let content: UInt32 = 1 << 31
  /// The caller said it, as the system.
  static let system: UInt32 = 1 << 30
  static let scalarBits: UInt32 = 0x1F_FFFF

  var units: [UInt32]

  init(units: [UInt32] = []) { self.units = units }

  init(_ text: String, marks: UInt32 = 0) {
    units = text.unicodeScalars.map { $0.value | marks }
  }

  init(_ units: ArraySlice<UInt32>) { self.units = Array(units) }

  var count: Int { units.count }
  var isEmpty: Bool { units.isEmpty }

  /// The text without marks.
  var string: String { String(String.UnicodeScalarView(units.map(MarkedText.scalar))) }

  /// The units without marks.
  var plain: [UInt32] { units.map { $0 & MarkedText.scalarBits } }

  static func scalar(_ unit: UInt32) -> Unicode.Scalar {
    Unicode.Scalar(unit & scalarBits) ?? "\u{FFFD}"
  }

  /// White space as Python's `str.isspace` has it: the Unicode property and four separators.
  static func isSpace(_ unit: UInt32) -> Bool {
    let value = unit & scalarBits
    if value < 0x80 {
      return value == 0x20 || (9...13).contains(value) || (28...31).contains(value)
    }
    return scalar(unit).properties.isWhitespace
  }

  static func isLineEnd(_ unit: UInt32) -> Bool {
    switch unit & scalarBits {
    case 10...13, 28...30, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  subscript(range: Range<Int>) -> MarkedText { MarkedText(units[range]) }

  mutating func append(_ other: MarkedText) { units += other.units }
  mutating func append(_ text: String, marks: UInt32 = 0) {
    for scalar in text.unicodeScalars { units.append(scalar.value | marks) }
  }
}

extension MarkedText: Hashable, ExpressibleByStringLiteral {
  init(stringLiteral text: String) { self.init(text) }

  static func == (left: MarkedText, right: MarkedText) -> Bool {
    left.count == right.count
      && zip(left.units, right.units).allSatisfy { ($0 ^ $1) & scalarBits == 0 }
  }

  func hash(into hasher: inout Hasher) {
    for unit in units { hasher.combine(unit & MarkedText.scalarBits) }
  }

  /// By code points.
  static func < (left: MarkedText, right: MarkedText) -> Bool {
    left.units.lexicographicallyPrecedes(right.units) {
      $0 & scalarBits < $1 & scalarBits
    }
  }
}

// MARK: Searching

extension MarkedText {
  /// Where `part` begins in `range`, left to right without overlaps, at most `limit` times: in time
  /// that is linear whatever the texts are (Knuth, Morris and Pratt). `part` is not empty.
  func occurrences(of part: MarkedText, in range: Range<Int>? = nil, limit: Int = .max) -> [Int] {
    let pattern = part.plain
    var borders = [0]
    var border = 0
    for index in pattern.indices.dropFirst() {
      while border > 0, pattern[index] != pattern[border] { border = borders[border - 1] }
      if pattern[index] == pattern[border] { border += 1 }
      borders.append(border)
    }
    var found: [Int] = []
    var matched = 0
    for index in range ?? 0..<count where found.count < limit {
      let unit = units[index] & MarkedText.scalarBits
      while matched > 0, unit != pattern[matched] { matched = borders[matched - 1] }
      if unit == pattern[matched] { matched += 1 }
      if matched == pattern.count {
        found.append(index + 1 - matched)
        matched = 0
      }
    }
    return found
  }

  func contains(_ part: MarkedText) -> Bool {
    part.isEmpty || !occurrences(of: part, limit: 1).isEmpty
  }

  func hasPrefix(_ part: MarkedText) -> Bool {
    part.count <= count && self[0..<part.count] == part
  }

  func hasSuffix(_ part: MarkedText) -> Bool {
    part.count <= count && self[count - part.count..<count] == part
  }

  /// Without `characters`, or white space, at the ends that are asked for.
  func stripped(
    of characters: MarkedText? = nil, start: Bool = true, end: Bool = true
  ) -> MarkedText {
    let set = characters.map { Set($0.plain) }
    func goes(_ unit: UInt32) -> Bool {
      set?.contains(unit & MarkedText.scalarBits) ?? MarkedText.isSpace(unit)
    }
    var range = 0..<count
    while start, let first = range.first, goes(units[first]) { range.removeFirst() }
    while end, let last = range.last, goes(units[last]) { range.removeLast() }
    return self[range]
  }
}
