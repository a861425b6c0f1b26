/// Which numbers of a head rotary embedding turns together: the order in which a file has the rows of queries and keys.
public enum RotaryOrder: Sendable {
  /// Numbers 2i and 2i + 1, as in GGUF's architecture llama.
  case pairs
  /// Numbers i and i + rotated / 2, as in Hugging Face's folders and in GGUF's architecture qwen2.
  case halves

  /// Where the row is that is row `row` in the order of pairs: rows of all heads one after the other, of which each has
  /// `headSize`, the first `rotatedSize` of them rotated.
  package func row(ofPaired row: Int, headSize: Int, rotatedSize: Int) -> Int {
    guard self == .halves else { return row }
    let (head, place) = row.quotientAndRemainder(dividingBy: headSize)
    guard place < rotatedSize else { return row }
    return head * headSize + place % 2 * (rotatedSize / 2) + place / 2
  }

  /// `values`, one for each row, in the order of pairs.
  package func paired<Value>(_ values: [Value], headSize: Int, rotatedSize: Int) -> [Value] {
    values.indices.map { values[row(ofPaired: $0, headSize: headSize, rotatedSize: rotatedSize)] }
  }
}
