import BlockFormats

/// Where a tensor of a GGUF file is, and what it is.
public struct GGUFTensor: Sendable, Equatable {
  /// The tensor's name, as "blk.0.attn_q.weight".
  public let name: String
  /// Number of elements along each of 1 to 4 dimensions, in ggml's order: the one that is contiguous
  /// in memory comes first. A matrix of PyTorch's shape (rows, columns) is `[columns, rows]` here.
  public let shape: [Int]
  /// How the elements are stored.
  public let format: BlockFormat
  /// Size in bytes.
  public let byteCount: Int
  /// Which file of a split model it is in, from 0; 0 where there is one file.
  public let part: Int
  /// Where its bytes begin, from the start of that file; a multiple of the file's alignment.
  public let offset: Int
  /// Whether its rows are interleaved in groups of 16 (`PackedLayout`), as matrices of a packed file
  /// are, and not one after the other.
  public let isPacked: Bool

  /// The product of the shape.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Where its bytes are in its file.
  var byteRange: Range<Int> { offset..<offset + byteCount }
}
