/// The header of a safetensors file, read and checked.
struct SafetensorsHeader {
  /// The tensors in the order of their data.
  private(set) var tensors: [CheckpointTensor] = []
  private(set) var metadata: [String: String] = [:]

  /// The library's own limit (`MAX_HEADER_SIZE`).
  private static let mostBytes = 100_000_000
  private static let mostDimensions = 8

  /// One entry as it stands there, with offsets from the start of the data.
  private struct Entry {
    var type: String?
    var shape: [Int]?
    var dimensions = 0
    var offsets: [Int]?
  }

  init(_ file: MappedFile) throws(ModelFileError) {
    let kind = FileKind(firstBytes: file.bytes)
    // A damaged header must not be taken for another kind of file: either its length fits the file, or an
    // object begins behind it.
    let beginsHeader =
      file.byteCount <= 8 || file.bytes[8] == UInt8(ascii: "{")
      || UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self)) <= file.byteCount - 8
    switch kind {
    case .safetensors: break
    case .unknown where beginsHeader: break
    default: throw .wrongKind(path: file.path, wanted: .safetensors, found: kind)
    }
    var start = ByteCursor(file)
    let length = try start.read(UInt64.self, "the header's length")
    guard length <= UInt64(Self.mostBytes) else {
      throw .invalidField(
        path: file.path, field: "the header's length", found: "\(length)",
        wanted: "at most \(Self.mostBytes)")
    }
    let header = try start.take(length, "the header")
    guard !header.isEmpty, file.load(UInt8.self, at: header.lowerBound) == UInt8(ascii: "{") else {
      throw .invalidJSON(path: file.path, offset: header.lowerBound, wanted: "object")
    }

    var json = JSONCursor(file, header)
    var names: Set<String> = []
    var found: [CheckpointTensor] = []
    var metadata: [String: String] = [:]
    try json.readObject { json, name throws(ModelFileError) in
      guard names.insert(name).inserted else {
        throw .duplicateTensor(path: file.path, tensor: name)
      }
      if name == "__metadata__" {
        metadata = try Self.readMetadata(&json, file)
      } else {
        found.append(
          try Self.readTensor(&json, name, file: file, dataStart: header.upperBound))
      }
    }
    try json.expectEnd()
    self.metadata = metadata
    tensors = try Self.inOrder(found, file: file, dataStart: header.upperBound)
  }

  private static func readMetadata(
    _ json: inout JSONCursor, _ file: MappedFile
  ) throws(ModelFileError) -> [String: String] {
    var metadata: [String: String] = [:]
    try json.readObject { json, key throws(ModelFileError) in
      guard metadata.updateValue(try json.readString(), forKey: key) == nil else {
        throw .duplicateKey(path: file.path, key: key)
      }
    }
    return metadata
  }

  private static func readTensor(
    _ json: inout JSONCursor, _ name: String, file: MappedFile, dataStart: Int
  ) throws(ModelFileError) -> CheckpointTensor {
    var entry = Entry()
    try json.readObject { json, key throws(ModelFileError) in
      func once(_ isFirst: Bool) throws(ModelFileError) {
        guard isFirst else { throw .duplicateKey(path: file.path, key: "\(key) of \(name)") }
      }
      switch key {
      case "dtype":
        try once(entry.type == nil)
        entry.type = try json.readString()
      case "shape":
        try once(entry.shape == nil)
        (entry.shape, entry.dimensions) = try Self.readNumbers(&json, atMost: mostDimensions)
      case "data_offsets":
        try once(entry.offsets == nil)
        entry.offsets = try Self.readNumbers(&json, atMost: 3).numbers
      default: try json.skipValue()
      }
    }
    return try check(entry, name, file: file, dataStart: dataStart)
  }

  /// The first `limit` numbers of an array, and how many it has.
  private static func readNumbers(
    _ json: inout JSONCursor, atMost limit: Int
  ) throws(ModelFileError) -> (numbers: [Int], count: Int) {
    var numbers: [Int] = []
    var count = 0
    try json.readArray { json throws(ModelFileError) in
      let number = try json.readCount()
      if count < limit { numbers.append(number) }
      count += 1
    }
    return (numbers, count)
  }

  private static func check(
    _ entry: Entry, _ name: String, file: MappedFile, dataStart: Int
  ) throws(ModelFileError) -> CheckpointTensor {
    func present<Value>(_ value: Value?, _ key: String) throws(ModelFileError) -> Value {
      guard let value else { throw .missingKey(path: file.path, key: "\(key) of \(name)") }
      return value
    }
    let typeName = try present(entry.type, "dtype")
    let shape = try present(entry.shape, "shape")
    let offsets = try present(entry.offsets, "data_offsets")
    guard let type = ElementType(rawValue: typeName) else {
      throw .unknownElementType(path: file.path, tensor: name, type: typeName)
    }
    guard entry.dimensions <= mostDimensions else {
      throw .tooManyDimensions(
        path: file.path, tensor: name, found: UInt32(clamping: entry.dimensions),
        most: mostDimensions)
    }
    guard let byteCount = type.byteCount(shape: shape) else {
      throw .invalidShape(path: file.path, tensor: name, shape: shape.map { UInt64($0) })
    }
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw .invalidField(
        path: file.path, field: "data_offsets of \(name)", found: "\(offsets)",
        wanted: "a start and an end behind it")
    }
    guard offsets[1] <= file.byteCount - dataStart else {
      throw .tensorPastEnd(
        path: file.path, tensor: name, end: UInt64(dataStart) + UInt64(offsets[1]),
        byteCount: file.byteCount)
    }
    guard offsets[1] - offsets[0] == byteCount else {
      throw .sizeMismatch(
        path: file.path, tensor: name, found: UInt64(offsets[1] - offsets[0]),
        wanted: UInt64(byteCount))
    }
    return CheckpointTensor(
      name: name, shape: shape, type: type, byteCount: byteCount, offset: dataStart + offsets[0])
  }

  /// The tensors in the order of their data, which they must fill.
  private static func inOrder(
    _ tensors: [CheckpointTensor], file: MappedFile, dataStart: Int
  ) throws(ModelFileError) -> [CheckpointTensor] {
    let ordered = tensors.enumerated().sorted {
      ($0.element.offset, $0.element.byteCount, $0.offset)
        < ($1.element.offset, $1.element.byteCount, $1.offset)
    }
    .map(\.element)
    var end = dataStart
    var last = ""
    for tensor in ordered {
      guard tensor.offset >= end else {
        throw .overlappingTensors(path: file.path, first: last, second: tensor.name)
      }
      guard tensor.offset == end else {
        throw .unusedBytes(path: file.path, from: end, to: tensor.offset)
      }
      end += tensor.byteCount
      last = tensor.name
    }
    guard end == file.byteCount else {
      throw .unusedBytes(path: file.path, from: end, to: file.byteCount)
    }
    return ordered
  }
}
