/// An array value of a GGUF file. Its elements, all of one type, stay in the file.
public struct GGUFArray: Sendable, RandomAccessCollection {
  /// The type of every element.
  public let elementType: GGUFValueType
  private let storage: Storage

  private indirect enum Storage {
    /// `count` numbers or bools from byte `offset`.
    case numbers(MappedFile, offset: Int, count: Int)
    case strings(GGUFStringArray)
    case arrays([GGUFArray])
  }

  /// `count` numbers or bools of `file` from byte `offset`, known to lie inside it.
  init(numbers type: GGUFValueType, file: MappedFile, offset: Int, count: Int) {
    elementType = type
    storage = .numbers(file, offset: offset, count: count)
  }

  init(_ strings: GGUFStringArray) {
    elementType = .string
    storage = .strings(strings)
  }

  init(_ arrays: [GGUFArray]) {
    elementType = .array
    storage = .arrays(arrays)
  }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of elements.
  public var endIndex: Int {
    switch storage {
    case .numbers(_, _, let count): count
    case .strings(let strings): strings.count
    case .arrays(let arrays): arrays.count
    }
  }

  /// The elements, where they are strings.
  public var strings: GGUFStringArray? {
    if case .strings(let strings) = storage { strings } else { nil }
  }

  /// The element at `position`, in constant time.
  public subscript(position: Int) -> GGUFValue {
    switch storage {
    case .strings(let strings):
      return .string(strings[position])
    case .arrays(let arrays):
      return .array(arrays[position])
    case .numbers(let file, let offset, let count):
      precondition(position >= 0 && position < count, "index out of range")
      let place = offset + position * elementType.leastBytes
      switch elementType {
      case .uint8: return .uint8(file.load(UInt8.self, at: place))
      case .int8: return .int8(file.load(Int8.self, at: place))
      case .uint16: return .uint16(file.load(UInt16.self, at: place))
      case .int16: return .int16(file.load(Int16.self, at: place))
      case .uint32: return .uint32(file.load(UInt32.self, at: place))
      case .int32: return .int32(file.load(Int32.self, at: place))
      case .uint64: return .uint64(file.load(UInt64.self, at: place))
      case .int64: return .int64(file.load(Int64.self, at: place))
      case .float32: return .float32(Float(bitPattern: file.load(UInt32.self, at: place)))
      case .float64: return .float64(Double(bitPattern: file.load(UInt64.self, at: place)))
      case .bool: return .bool(file.load(UInt8.self, at: place) != 0)
      case .string, .array: preconditionFailure("not a number")
      }
    }
  }

  /// The type: "[float32]"; of nested arrays with the type of the first: "[[string]]".
  var typeName: String {
    if case .arrays(let arrays) = storage, let first = arrays.first {
      "[" + first.typeName + "]"
    } else {
      "[" + elementType.name + "]"
    }
  }
}

extension GGUFArray: CustomStringConvertible {
  /// The type, the count and the first three elements.
  public var description: String {
    let type = typeName.dropFirst().dropLast()
    let elements = prefix(3).map(\.description).joined(separator: ", ")
    return "[\(type) x \(count)]" + (isEmpty ? "" : " ") + elements + (count > 3 ? ", …" : "")
  }
}
