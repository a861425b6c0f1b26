/// The vocabulary of a llama2.c model (tokenizer.bin): a piece and its score for each id. The file
/// does not say how many there are: it ends behind the last.
///
/// Ids 0, 1 and 2 are the unknown token, BOS and EOS. The pieces are those of the SentencePiece
/// model it was made from, but for "▁" being a space, and for "\n<s>\n" and "\n</s>\n".
///
/// Source: `Tokenizer.export` of tokenizer.py of llama2.c.
public struct Llama2CTokenizer: Sendable {
  /// The longest piece's bytes.
  public let longestPiece: Int
  /// The pieces in the order of their ids: bytes, as some are parts of a character.
  public let pieces: [[UInt8]]
  /// SentencePiece's score of each: the greater, the earlier it is merged.
  public let scores: [Float]

  /// Opens the file at `path`, which may be compressed with zstd. Throws `invalidField` where it has
  /// not `count` pieces, if that is given.
  public init(path: String, expecting count: Int? = nil) throws(ModelFileError) {
    try self.init(MappedFile.contents(path: path), expecting: count)
  }

  /// Reads a file that is mapped already.
  package init(_ file: MappedFile, expecting count: Int? = nil) throws(ModelFileError) {
    var cursor = ByteCursor(file)
    func wrong(_ field: String, _ found: Int, _ wanted: String) -> ModelFileError {
      .invalidField(path: file.path, field: field, found: "\(found)", wanted: wanted)
    }
    let longest = Int(try cursor.read(Int32.self, "the longest piece's length"))
    guard longest >= 1, longest <= cursor.left else {
      throw wrong("the longest piece's length", longest, "from 1 to \(cursor.left)")
    }
    var pieces: [[UInt8]] = []
    var scores: [Float] = []
    while cursor.left > 0 {
      let id = pieces.count
      let score = Float(bitPattern: try cursor.read(UInt32.self, "the score of piece \(id)"))
      guard score.isFinite else {
        throw .invalidField(
          path: file.path, field: "the score of piece \(id)", found: "\(score)",
          wanted: "a finite number")
      }
      let length = Int(try cursor.read(Int32.self, "the length of piece \(id)"))
      guard (0...longest).contains(length) else {
        throw wrong("the length of piece \(id)", length, "from 0 to \(longest)")
      }
      let range = try cursor.take(UInt64(length), "piece \(id)")
      pieces.append(Array(file.bytes[range]))
      scores.append(score)
    }
    if let count, count != pieces.count {
      throw wrong("the number of pieces", pieces.count, "\(count), the model's")
    }
    longestPiece = longest
    self.pieces = pieces
    self.scores = scores
  }
}
