/// The merges of a byte-level BPE vocabulary between symbols.
///
/// A symbol is a token's id, or a number from the size of the vocabulary up for a text that merges
/// mention but no token has: such a text can be a step on the way to a token.
struct MergeTable: Sendable {
  /// A pair of symbols becomes `result`; the smallest rank goes first.
  struct Merge: Sendable {
    var rank: Int32
    var result: Int32
  }

  /// The symbol of each byte by itself.
  private(set) var byteSymbols: [Int32] = []
  private var merges: [UInt64: Merge] = [:]

  /// Reads `vocabulary.merges`; `index` finds every piece.
  init(_ vocabulary: Vocabulary, index: PieceIndex) throws(TokenizationError) {
    let limit = 1 << 24
    guard vocabulary.merges.count <= limit else {
      throw .tooManyMerges(found: vocabulary.merges.count, limit: limit)
    }
    merges.reserveCapacity(vocabulary.merges.count)
    var others: [ArraySlice<UInt8>: Int32] = [:]

    func symbol(_ text: ArraySlice<UInt8>) -> Int32 {
      if let id = index.find(text, in: vocabulary.pieces), MergeTable.isText(vocabulary.types[id]) {
        return Int32(id)
      }
      if let known = others[text] { return known }
      let new = Int32(vocabulary.pieces.count + others.count)
      others[text] = new
      return new
    }

    byteSymbols = ByteAlphabet.scalars.map { symbol(ArraySlice(String($0).utf8)) }
    for rank in 0..<vocabulary.merges.count {
      let (left, right) = try MergeTable.parts(ofMerge: rank, in: vocabulary)
      let key = MergeTable.key(symbol(left), symbol(right))
      // The first of equal merges counts, as in llama.cpp.
      if merges[key] == nil {
        merges[key] = Merge(rank: Int32(rank), result: symbol(left + right))
      }
    }
  }

  /// The two pieces of a merge. Throws `malformedMerge`.
  static func parts(
    ofMerge rank: Int, in vocabulary: Vocabulary
  ) throws(TokenizationError) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>) {
    guard let parts = parts(of: vocabulary.merges[rank]) else {
      throw .malformedMerge(index: rank, text: vocabulary.merges.text(rank))
    }
    return parts
  }

  /// The two pieces of a merge as it is written, nil where it is no two pieces with one space between.
  static func parts<Bytes: RandomAccessCollection<UInt8>>(
    of line: Bytes
  ) -> (left: Bytes.SubSequence, right: Bytes.SubSequence)? {
    guard let space = line.dropFirst().firstIndex(of: 0x20) else { return nil }
    let right = line[line.index(after: space)...]
    guard !right.isEmpty, !right.contains(0x20) else { return nil }
    return (line[..<space], right)
  }

  /// Whether text may become a token of this type without anybody asking for it.
  private static func isText(_ type: TokenType) -> Bool {
    switch type {
    case .normal, .userDefined, .unused: true
    case .unknown, .control, .byte: false
    }
  }

  /// How `left` and `right`, side by side, merge.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[MergeTable.key(left, right)] }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }
}
