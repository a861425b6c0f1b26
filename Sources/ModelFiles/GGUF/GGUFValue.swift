/// The types a metadata value can have; raw values are GGUF's numbers.
public enum GGUFValueType: UInt32, Sendable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// The fewest bytes a value of the type takes: a string's length; an array's type and count.
  var leastBytes: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }

  /// The name `inspect` and errors print: "uint32".
  public var name: String { String(describing: self) }
}

/// One metadata value of a GGUF file. Strings and arrays refer to the mapped file, and keep it
/// mapped: they take no memory of their own beyond the places of an array's strings.
public enum GGUFValue: Sendable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(GGUFString)
  case array(GGUFArray)
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)

  /// The value's type.
  public var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }

  /// The type with an array's element type: "uint32", "[string]", "[[uint8]]".
  public var typeName: String {
    if case .array(let array) = self { array.typeName } else { type.name }
  }

  /// The value, where it is an integer of any width.
  package var integer: (any BinaryInteger)? {
    switch self {
    case .uint8(let value): value
    case .int8(let value): value
    case .uint16(let value): value
    case .int16(let value): value
    case .uint32(let value): value
    case .int32(let value): value
    case .uint64(let value): value
    case .int64(let value): value
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// The value, where it is a float of either width; a `float64` is rounded.
  var float: Float? {
    switch self {
    case .float32(let value): value
    case .float64(let value): Float(value)
    default: nil
    }
  }
}

extension GGUFValue: CustomStringConvertible {
  /// One short line for `inspect`: strings in quotes, escaped and cut; of arrays the type, the count
  /// and the first three elements: `[string x 49152] "<s>", "</s>", "the", …`.
  public var description: String {
    switch self {
    case .uint8(let value): "\(value)"
    case .int8(let value): "\(value)"
    case .uint16(let value): "\(value)"
    case .int16(let value): "\(value)"
    case .uint32(let value): "\(value)"
    case .int32(let value): "\(value)"
    case .float32(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .string(let value): value.description
    case .array(let value): value.description
    case .uint64(let value): "\(value)"
    case .int64(let value): "\(value)"
    case .float64(let value): "\(value)"
    }
  }
}
