/// Writes a GGUF file field by field, so that any field can lie. Knows nothing of the reader: the
/// numbers are those of the specification (docs/gguf.md of ggml).
///
///     var file = GGUFBuilder()
///     file.header(tensors: 1, keys: 1)
///     file.key("general.alignment", type: 4); file.u32(64)
///     file.tensor("a", [32, 2], type: 0, offset: 0)
///     file.pad(to: 64)
///     file.zeros(256)
public struct GGUFBuilder {
  /// What was written so far.
  public var bytes: [UInt8] = []

  /// Nothing, not even a header.
  public init() {}

  /// Metadata values, for files that are meant to be right.
  public enum Value {
    case u32(UInt32)
    case i32(Int32)
    case f32(Float)
    case bool(Bool)
    case string(String)
    case strings([String])
    case byteStrings([[UInt8]])
    case i32s([Int32])
    case f32s([Float])
  }

  /// A tensor with its data; `type` is ggml's number, `shape` has the contiguous dimension first.
  public struct Tensor {
    var name: String
    var shape: [UInt64]
    var type: UInt32
    var data: [UInt8]

    /// A tensor of F32 unless `type` says otherwise.
    public init(_ name: String, _ shape: [UInt64], type: UInt32 = 0, data: [UInt8]) {
      self.name = name
      self.shape = shape
      self.type = type
      self.data = data
    }
  }

  /// A whole file without lies.
  public static func file(
    version: UInt32 = 3, metadata: [(String, Value)] = [], tensors: [Tensor] = []
  ) -> [UInt8] {
    var file = GGUFBuilder()
    file.header(
      version: version, tensors: UInt64(tensors.count), keys: UInt64(metadata.count))
    for (key, value) in metadata { file.entry(key, value) }
    var offset = 0
    for tensor in tensors {
      file.tensor(tensor.name, tensor.shape, type: tensor.type, offset: UInt64(offset))
      offset = (offset + tensor.data.count + 31) / 32 * 32
    }
    for tensor in tensors {
      file.pad(to: 32)
      file.bytes += tensor.data
    }
    return file.bytes
  }

  // MARK: Parts of a file

  /// Magic, version and counts.
  public mutating func header(
    magic: String = "GGUF", version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0
  ) {
    bytes += magic.utf8
    u32(version)
    u64(tensors)
    u64(keys)
  }

  /// A key and the type of its value; the value is to follow.
  public mutating func key(_ name: String, type: UInt32) {
    string(name)
    u32(type)
  }

  /// What follows `key(_:type: 9)`: the elements are to follow.
  public mutating func array(of type: UInt32, count: UInt64) {
    u32(type)
    u64(count)
  }

  /// A key with its value.
  public mutating func entry(_ name: String, _ value: Value) {
    func list<Element>(
      _ type: UInt32, _ elements: [Element], _ write: (inout Self, Element) -> Void
    ) {
      key(name, type: 9)
      array(of: type, count: UInt64(elements.count))
      for element in elements { write(&self, element) }
    }
    switch value {
    case .u32(let value):
      key(name, type: 4)
      u32(value)
    case .i32(let value):
      key(name, type: 5)
      u32(UInt32(bitPattern: value))
    case .f32(let value):
      key(name, type: 6)
      u32(value.bitPattern)
    case .bool(let value):
      key(name, type: 7)
      u8(value ? 1 : 0)
    case .string(let value):
      key(name, type: 8)
      string(value)
    case .strings(let values): list(8, values) { $0.string($1) }
    case .byteStrings(let values): list(8, values) { $0.string($1) }
    case .i32s(let values): list(5, values) { $0.u32(UInt32(bitPattern: $1)) }
    case .f32s(let values): list(6, values) { $0.u32($1.bitPattern) }
    }
  }

  /// A tensor's info; `dimensions` is what the file says their number is.
  public mutating func tensor(
    _ name: String, _ shape: [UInt64], dimensions: UInt32? = nil, type: UInt32 = 0,
    offset: UInt64 = 0
  ) {
    string(name)
    u32(dimensions ?? UInt32(shape.count))
    for size in shape { u64(size) }
    u32(type)
    u64(offset)
  }

  // MARK: Fields

  /// One byte.
  public mutating func u8(_ value: UInt8) { bytes.append(value) }
  /// Four bytes, little-endian.
  public mutating func u32(_ value: UInt32) { append(value) }
  /// Eight bytes, little-endian.
  public mutating func u64(_ value: UInt64) { append(value) }

  /// A length and the bytes; `length` is what the file says it is.
  public mutating func string(_ text: some Sequence<UInt8>, length: UInt64? = nil) {
    let text = Array(text)
    u64(length ?? UInt64(text.count))
    bytes += text
  }

  /// A length and the text in UTF-8; `length` is what the file says it is.
  public mutating func string(_ text: String, length: UInt64? = nil) {
    string(text.utf8, length: length)
  }

  /// Bytes of zero.
  public mutating func zeros(_ count: Int) { bytes += [UInt8](repeating: 0, count: count) }

  /// Zeros up to a multiple of `alignment`.
  public mutating func pad(to alignment: Int) { zeros(-bytes.count & (alignment - 1)) }

  private mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }
}
