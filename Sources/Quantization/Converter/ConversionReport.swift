/// What becomes of each tensor of a checkpoint: an object of JSON as `emend convert --json` writes it.
public struct ConversionReport: Sendable, Encodable {
  /// A tensor.
  public struct Tensor: Sendable, Encodable {
    /// Its name in the result.
    public let name: String
    /// Its lengths, the fastest first.
    public let shape: [Int]
    /// How its numbers were stored, and will be.
    public let from, to: String
    /// Its size in the result.
    public let bytes: Int
    /// Whether it will lie as the kernels read it.
    public let packed: Bool
    /// Why it is not what was asked for; nil where it is.
    public let note: String?
  }

  /// In the result's order.
  public let tensors: [Tensor]
  /// All of their sizes.
  public let tensorBytes: Int
  /// Of the file that was written; nil where none was.
  public let bytes: Int?
  /// The same.
  public let sha256: String?
  /// What rounding tensors again cost that were quantized already; nil where there were none, or nothing was written.
  public let requantized: Requantized?

  /// A loss by rounding what was rounded before.
  public struct Requantized: Sendable, Encodable {
    /// How many tensors it is over.
    public let tensors: Int
    /// The root mean square error of their numbers, as a part of the numbers' own root mean square.
    public let relativeError: Double
  }

  /// A report on `conversion`, and on what it wrote.
  public init(_ conversion: Conversion, _ result: ConversionResult? = nil) {
    tensors = conversion.plan.map {
      Tensor(
        name: $0.name, shape: $0.shape, from: $0.from, to: $0.format.name, bytes: $0.byteCount,
        packed: $0.isPacked, note: $0.note)
    }
    tensorBytes = conversion.byteCount
    bytes = result?.byteCount
    sha256 = result?.sha256
    requantized = result?.requantization.map {
      Requantized(tensors: $0.tensors, relativeError: $0.relativeError)
    }
  }
}
