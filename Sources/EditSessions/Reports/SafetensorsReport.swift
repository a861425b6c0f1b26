import LatentEditing
import ModelFiles

/// What a safetensors file contains: an object of JSON as `emend inspect --json` writes it.
public struct SafetensorsReport: Sendable, Encodable {
  /// A tensor.
  public struct Tensor: Sendable, Encodable {
    /// Its name in the file.
    public let name: String
    /// Its lengths, the slowest first.
    public let shape: [Int]
    /// The type of its numbers.
    public let type: String
    /// Its size.
    public let bytes: Int
  }

  /// Where it lies.
  public let file: String
  /// What it is: a compiled edit, or any tensors.
  public let kind: String
  /// By the key.
  public let metadata: [String: String]
  /// In the file's order.
  public let tensors: [Tensor]

  /// A report on `source`.
  public init(_ source: SafetensorsFile, path: String) {
    file = path
    kind =
      source.metadata["format"] == "emend.compiled-edit" ? "a compiled edit" : "a safetensors file"
    metadata = source.metadata
    tensors = source.tensors.map {
      Tensor(name: $0.name, shape: $0.shape, type: $0.type.rawValue, bytes: $0.byteCount)
    }
  }
}
