/// Reads the metadata of a GGUF file.
enum GGUFMetadataReader {
  /// The fewest bytes a key and its value take: a length, no text, a type and one byte.
  static let leastBytes = 13
  /// The specification's bound on keys.
  static let longestKey = 65535
  /// Arrays in arrays are allowed by the specification; nothing writes more than one level.
  static let deepestArray = 4

  static func read(
    count: Int, from cursor: inout ByteCursor
  ) throws(ModelFileError) -> GGUFMetadata {
    var metadata = GGUFMetadata(path: cursor.file.path)
    for index in 0..<count {
      let key = try cursor.readName(atMost: longestKey, "metadata key \(index)")
      let type = try readType(of: key, from: &cursor)
      try metadata.append(key, readValue(type, of: key, from: &cursor))
    }
    return metadata
  }

  private static func readType(
    of key: String, from cursor: inout ByteCursor
  ) throws(ModelFileError) -> GGUFValueType {
    let number = try cursor.read(UInt32.self, "the type of \(key)")
    guard let type = GGUFValueType(rawValue: number) else {
      throw .unknownValueType(path: cursor.file.path, key: key, type: number)
    }
    return type
  }

  private static func readValue(
    _ type: GGUFValueType, of key: String, from cursor: inout ByteCursor
  ) throws(ModelFileError) -> GGUFValue {
    func integer<T: FixedWidthInteger & BitwiseCopyable>(
      _ type: T.Type
    ) throws(ModelFileError) -> T {
      try cursor.read(type, "the value of \(key)")
    }
    switch type {
    case .uint8: return .uint8(try integer(UInt8.self))
    case .int8: return .int8(try integer(Int8.self))
    case .uint16: return .uint16(try integer(UInt16.self))
    case .int16: return .int16(try integer(Int16.self))
    case .uint32: return .uint32(try integer(UInt32.self))
    case .int32: return .int32(try integer(Int32.self))
    case .uint64: return .uint64(try integer(UInt64.self))
    case .int64: return .int64(try integer(Int64.self))
    case .float32: return .float32(Float(bitPattern: try integer(UInt32.self)))
    case .float64: return .float64(Double(bitPattern: try integer(UInt64.self)))
    case .bool:
      let byte = try integer(UInt8.self)
      try checkBool(byte, of: key, in: cursor.file)
      return .bool(byte == 1)
    case .string:
      return .string(GGUFString(file: cursor.file, range: try readString(of: key, from: &cursor)))
    case .array:
      return .array(try readArray(of: key, depth: 1, from: &cursor))
    }
  }

  /// A 64-bit length and that many bytes, which may be anything.
  private static func readString(
    of key: String, from cursor: inout ByteCursor
  ) throws(ModelFileError) -> Range<Int> {
    let length = try cursor.read(UInt64.self, "the length of the value of \(key)")
    return try cursor.take(length, "the value of \(key)")
  }

  /// An element type, a 64-bit count and that many elements.
  private static func readArray(
    of key: String, depth: Int, from cursor: inout ByteCursor
  ) throws(ModelFileError) -> GGUFArray {
    guard depth <= deepestArray else {
      throw .arraysNestedTooDeeply(path: cursor.file.path, key: key, most: deepestArray)
    }
    let type = try readType(of: key, from: &cursor)
    let claimed = try cursor.read(UInt64.self, "the number of elements of \(key)")
    let count = try cursor.checkCount(
      claimed, ofSize: type.leastBytes, "the number of elements of \(key)")

    // Nothing is reserved for strings and arrays: their memory grows only as they prove to exist.
    switch type {
    case .string:
      var starts: [Int] = []
      for _ in 0..<count {
        starts.append(try readString(of: key, from: &cursor).lowerBound)
      }
      starts.append(cursor.offset + MemoryLayout<UInt64>.size)
      return GGUFArray(GGUFStringArray(file: cursor.file, starts: starts))
    case .array:
      var arrays: [GGUFArray] = []
      for _ in 0..<count {
        arrays.append(try readArray(of: key, depth: depth + 1, from: &cursor))
      }
      return GGUFArray(arrays)
    default:
      // Cannot overflow: the count was checked against the bytes left.
      let range = try cursor.take(UInt64(count * type.leastBytes), "the elements of \(key)")
      if type == .bool {
        for byte in cursor.file.bytes[range] {
          try checkBool(byte, of: key, in: cursor.file)
        }
      }
      return GGUFArray(numbers: type, file: cursor.file, offset: range.lowerBound, count: count)
    }
  }

  private static func checkBool(
    _ byte: UInt8, of key: String, in file: MappedFile
  ) throws(ModelFileError) {
    guard byte <= 1 else { throw .invalidBool(path: file.path, key: key, byte: byte) }
  }
}
