import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels

/// What a model's file contains and what running it takes: an object of JSON as `emend inspect --json` writes
/// it. Nothing is loaded for it.
public struct ModelFileReport: Sendable, Encodable {
  /// A tensor.
  public struct Tensor: Sendable, Encodable {
    /// Its name in the file.
    public let name: String
    /// Its lengths, the fastest first.
    public let shape: [Int]
    /// How its numbers are stored.
    public let format: String
    /// Its size.
    public let bytes: Int
    /// Whether it lies as the kernels read it.
    public let packed: Bool
  }

  /// All tensors of one format.
  public struct Total: Sendable, Encodable {
    /// The format.
    public let format: String
    /// How many, with how many numbers and bytes.
    public let tensors, elements, bytes: Int
  }

  /// What running takes.
  public struct Needed: Sendable, Encodable {
    /// Tokens of the context.
    public let contextSize: Int
    /// How keys and values are kept.
    public let cacheType: String
    /// Bytes, by what they are for.
    public let weightsBytes, cacheBytes, workspaceBytes, totalBytes: Int
    /// The same in words.
    public let summary: String

    private enum CodingKeys: String, CodingKey {
      case contextSize, cacheType, weightsBytes, cacheBytes, workspaceBytes, totalBytes
    }
  }

  /// What the model is, whatever its quantization: what editors are made for.
  public struct Identity: Sendable, Encodable {
    /// Lengths of the residual stream, and numbers of blocks and tokens.
    public let width, layers, vocabulary: Int
    /// Of its norms and its vocabulary.
    public let digest: String
  }

  /// Where it lies.
  public let file: String
  /// The version of the format.
  public let version: Int
  /// Whether it is a packed file.
  public let packed: Bool
  /// Its size.
  public let bytes: Int
  /// By the key.
  public let metadata: [String: MetadataSummary]
  /// In the file's order.
  public let tensors: [Tensor]
  /// The totals of each format, the most bytes first.
  public let formats: [Total]
  /// What the model is; nil where it is none that editors could be made for.
  public let processor: Identity?
  /// What running it takes; nil where it cannot be run.
  public let memory: Needed?
  /// Why it cannot.
  public let memoryError: String?

  /// A report on `file`, run with a context of `contextLength` tokens: 0 for what the model was trained for,
  /// nil for 2048, or what it was trained for where that is less.
  public init(_ file: GGUFFile, contextLength: Int? = nil, cacheType: CacheType = .f16) {
    self.file = file.path
    version = file.version
    packed = file.isPacked
    bytes = file.totalBytes
    metadata = MetadataSummary.all(file.metadata)
    tensors = file.tensors.map {
      Tensor(
        name: $0.name, shape: $0.shape, format: $0.format.name, bytes: $0.byteCount,
        packed: $0.isPacked)
    }
    formats = Dictionary(grouping: file.tensors, by: \.format.name).map { name, tensors in
      Total(
        format: name, tensors: tensors.count,
        elements: tensors.reduce(0) { $0 + $1.elementCount },
        bytes: tensors.reduce(0) { $0 + $1.byteCount })
    }.sorted { ($1.bytes, $0.format) < ($0.bytes, $1.format) }
    processor = (try? ProcessorIdentity(file)).map {
      Identity(
        width: $0.width, layers: $0.layerCount, vocabulary: $0.vocabularySize, digest: $0.digest)
    }
    do {
      memory = try Self.needed(file, contextLength, cacheType)
      memoryError = nil
    } catch {
      memory = nil
      memoryError = "\(error)"
    }
  }

  private static func needed(
    _ file: GGUFFile, _ contextLength: Int?, _ cacheType: CacheType
  ) throws -> Needed {
    let trained = try ProcessorConfiguration(file).contextLength
    let length = contextLength == 0 ? trained : contextLength ?? min(trained, 2048)
    guard length <= trained else {
      throw EditSessionError.contextTooLong(asked: length, trained: trained)
    }
    let plan = try ProcessorState.plan(
      file, activations: .int8, threads: ThreadPool.defaultThreadCount, contextLength: length,
      cacheType: cacheType)
    return Needed(
      contextSize: length, cacheType: cacheType.rawValue, weightsBytes: plan.weights,
      cacheBytes: plan.cache, workspaceBytes: plan.workspace, totalBytes: plan.total,
      summary: plan.summary)
  }
}

/// What can be said of a GGUF file with a type that is not read: its header.
public struct ModelOutlineReport: Sendable, Encodable {
  /// A tensor.
  public struct Tensor: Sendable, Encodable {
    /// Its name in the file.
    public let name: String
    /// Its lengths, the fastest first.
    public let shape: [UInt64]
    /// How its numbers are stored.
    public let format: String
  }

  /// Where it lies.
  public let file: String
  /// The version of the format, and the file's size.
  public let version, bytes: Int
  /// By the key.
  public let metadata: [String: MetadataSummary]
  /// In the file's order.
  public let tensors: [Tensor]
  /// Why it cannot be run.
  public let memoryError: String

  /// A report on a file that cannot be read for that reason.
  public init(_ outline: GGUFOutline, reason: String) {
    file = outline.path
    version = outline.version
    bytes = outline.byteCount
    metadata = MetadataSummary.all(outline.metadata)
    tensors = outline.tensors.map {
      Tensor(name: $0.name, shape: $0.shape, format: $0.type.lowercased())
    }
    memoryError = reason
  }
}

/// A metadata value in JSON: numbers, booleans and strings as such; of an array its type and count,
/// since vocabularies are long.
public struct MetadataSummary: Sendable, Encodable {
  private let value: GGUFValue

  /// All values of a file.
  static func all(_ metadata: GGUFMetadata) -> [String: MetadataSummary] {
    Dictionary(
      uniqueKeysWithValues: metadata.keys.compactMap { key in
        metadata[key].map { (key, MetadataSummary(value: $0)) }
      })
  }

  private struct ArraySummary: Encodable {
    let type: String
    let count: Int
  }

  /// Writes it.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .uint8(let number): try container.encode(number)
    case .int8(let number): try container.encode(number)
    case .uint16(let number): try container.encode(number)
    case .int16(let number): try container.encode(number)
    case .uint32(let number): try container.encode(number)
    case .int32(let number): try container.encode(number)
    case .uint64(let number): try container.encode(number)
    case .int64(let number): try container.encode(number)
    // JSON has no infinities.
    case .float32(let number) where number.isFinite: try container.encode(number)
    case .float64(let number) where number.isFinite: try container.encode(number)
    case .float32, .float64: try container.encode(value.description)
    case .bool(let bool): try container.encode(bool)
    case .string(let string): try container.encode(string.lossyText)
    case .array(let array):
      try container.encode(ArraySummary(type: value.typeName, count: array.count))
    }
  }
}
