/// Finds special tokens in text as llama.cpp does: longer ones first over the whole text, then each
/// shorter one in what is left, from left to right.
struct SpecialTokenMatcher: Sendable {
  /// A stretch of text, or a token that was found between two.
  enum Part: Equatable {
    case text(Range<Int>)
    case token(Int)
  }

  private struct SameLength: Sendable {
    var length: Int
    /// Which bytes the tokens of this length begin with.
    var firstBytes = [Bool](repeating: false, count: 256)
    var tokens: PieceIndex
    var parsedAlways: Set<Int> = []
  }

  /// Longest first.
  private var lengths: [SameLength] = []
  private let pieces: PieceTable

  /// Tokens of type control and unknown are found on request, those of type user-defined always.
  init(_ vocabulary: Vocabulary, types: [TokenType], userDefined: Bool) {
    pieces = vocabulary.pieces
    var byLength: [Int: [Int]] = [:]
    for id in pieces.indices {
      switch types[id] {
      case .control, .unknown: byLength[pieces[id].count, default: []].append(id)
      case .userDefined where userDefined: byLength[pieces[id].count, default: []].append(id)
      default: continue
      }
    }
    for (length, ids) in byLength.sorted(by: { $0.key > $1.key }) {
      var entry = SameLength(length: length, tokens: PieceIndex(capacity: ids.count))
      for id in ids {
        _ = entry.tokens.insert(id, of: pieces)
        if let first = pieces[id].first { entry.firstBytes[Int(first)] = true }
        if types[id] == .userDefined { entry.parsedAlways.insert(id) }
      }
      lengths.append(entry)
    }
  }

  /// Cuts `text` at the special tokens in it.
  func split(_ text: UnsafeBufferPointer<UInt8>, parseSpecial: Bool) -> [Part] {
    guard !text.isEmpty else { return [] }
    var parts = [Part.text(0..<text.count)]
    for entry in lengths where parseSpecial || !entry.parsedAlways.isEmpty {
      var finer: [Part] = []
      for part in parts {
        guard case .text(let range) = part else {
          finer.append(part)
          continue
        }
        split(text, range, at: entry, parseSpecial: parseSpecial, into: &finer)
      }
      parts = finer
    }
    return parts
  }

  private func split(
    _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, at entry: SameLength,
    parseSpecial: Bool, into parts: inout [Part]
  ) {
    var start = range.lowerBound
    var position = start
    while position + entry.length <= range.upperBound {
      guard entry.firstBytes[Int(text[position])],
        let id = entry.tokens.find(
          UnsafeBufferPointer(rebasing: text[position..<position + entry.length]), in: pieces),
        parseSpecial || entry.parsedAlways.contains(id)
      else {
        position += 1
        continue
      }
      if start < position { parts.append(.text(start..<position)) }
      parts.append(.token(id))
      position += entry.length
      start = position
    }
    if start < range.upperBound { parts.append(.text(start..<range.upperBound)) }
  }
}
