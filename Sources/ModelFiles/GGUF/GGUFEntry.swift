/// A metadata value to be written to a GGUF file. What a file has that was read can be written again
/// as `.value`; the other cases are for values that come from elsewhere.
public enum GGUFEntry: Sendable {
  case uint8(UInt8)
  case uint32(UInt32)
  case int32(Int32)
  case uint64(UInt64)
  case float32(Float)
  case bool(Bool)
  case string(String)
  case strings([String])
  /// Strings that need not be UTF-8, such as the pieces of a vocabulary.
  case byteStrings([[UInt8]])
  case uint32s([UInt32])
  case int32s([Int32])
  case float32s([Float])
  case bools([Bool])
  /// A value of another file, written with its type and every byte of it as they are.
  case value(GGUFValue)

  /// The value, where it is a uint32.
  var uint32: UInt32? {
    switch self {
    case .uint32(let number), .value(.uint32(let number)): number
    default: nil
    }
  }
}

/// Bytes of a GGUF header as they are put together.
struct GGUFEntryBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  /// A 64-bit length and the text.
  mutating func append(_ text: String) { append(string: Array(text.utf8)) }

  /// Zeros up to a multiple of `alignment`.
  mutating func pad(to alignment: Int) {
    bytes += [UInt8](repeating: 0, count: -bytes.count & (alignment - 1))
  }

  /// A key with the type of its value and the value.
  mutating func append(_ key: String, _ entry: GGUFEntry) {
    append(key)
    switch entry {
    case .uint8(let value): append(.uint8(value))
    case .uint32(let value): append(.uint32(value))
    case .int32(let value): append(.int32(value))
    case .uint64(let value): append(.uint64(value))
    case .float32(let value): append(.float32(value))
    case .bool(let value): append(.bool(value))
    case .value(let value): append(value)
    case .string(let text):
      append(GGUFValueType.string.rawValue)
      append(text)
    case .strings(let texts): append(.string, texts) { $0.append($1) }
    case .byteStrings(let texts): append(.string, texts) { $0.append(string: $1) }
    case .uint32s(let values): append(.uint32, values) { $0.append($1) }
    case .int32s(let values): append(.int32, values) { $0.append($1) }
    case .float32s(let values): append(.float32, values) { $0.append($1.bitPattern) }
    case .bools(let values): append(.bool, values) { $0.append($1 ? UInt8(1) : 0) }
    }
  }

  private mutating func append(string: some Collection<UInt8>) {
    append(UInt64(string.count))
    bytes += string
  }

  private mutating func append<Element>(
    _ type: GGUFValueType, _ elements: [Element], _ write: (inout Self, Element) -> Void
  ) {
    append(GGUFValueType.array.rawValue)
    append(type.rawValue)
    append(UInt64(elements.count))
    for element in elements { write(&self, element) }
  }

  /// A value with its type.
  private mutating func append(_ value: GGUFValue) {
    append(value.type.rawValue)
    append(contents: value)
  }

  private mutating func append(contents value: GGUFValue) {
    switch value {
    case .uint8(let value): append(value)
    case .int8(let value): append(value)
    case .uint16(let value): append(value)
    case .int16(let value): append(value)
    case .uint32(let value): append(value)
    case .int32(let value): append(value)
    case .uint64(let value): append(value)
    case .int64(let value): append(value)
    case .float32(let value): append(value.bitPattern)
    case .float64(let value): append(value.bitPattern)
    case .bool(let value): append(value ? UInt8(1) : 0)
    case .string(let text): text.withBytes { append(string: $0) }
    case .array(let array):
      append(array.elementType.rawValue)
      append(UInt64(array.count))
      // Arrays were read with a limit to their nesting.
      for element in array { append(contents: element) }
    }
  }
}
