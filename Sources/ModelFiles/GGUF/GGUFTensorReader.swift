import BlockFormats
import KernelInterface

/// Reads the tensor infos of a GGUF file and checks that the tensors fit in its data.
enum GGUFTensorReader {
  /// The fewest bytes a tensor's info takes: a length, no name, no dimensions, a type, an offset.
  static let leastBytes = 24
  /// ggml's own bound is 63; some programs write longer names.
  static let longestName = 65535
  static let mostDimensions = 4

  /// A tensor's info as it stands in the file, its offset still counted from the data's start.
  private struct Info {
    var name: String
    var shape: [Int]
    var format: BlockFormat
    var byteCount: Int
    var offset: UInt64
    var isPacked: Bool
  }

  /// Reads `count` infos; the data begins behind the last of them, at a multiple of `alignment`.
  /// `packed` says whether the file may hold packed matrices.
  static func read(
    count: Int, from cursor: inout ByteCursor, alignment: Int, part: Int, packed: Bool
  ) throws(ModelFileError) -> [GGUFTensor] {
    var infos: [Info] = []
    for index in 0..<count {
      infos.append(try readInfo(index, from: &cursor, packed: packed))
    }
    // Cannot overflow: a mapped file ends far below Int.max.
    let dataStart = (cursor.offset + alignment - 1) / alignment * alignment

    var tensors: [GGUFTensor] = []
    var names: Set<String> = []
    for info in infos {
      guard names.insert(info.name).inserted else {
        throw .duplicateTensor(path: cursor.file.path, tensor: info.name)
      }
      tensors.append(
        try place(info, in: cursor.file, from: dataStart, alignment: alignment, part: part))
    }
    try checkDisjoint(tensors, path: cursor.file.path)
    return tensors
  }

  /// What a tensor's info begins with, whatever it says.
  static func readHead(
    _ index: Int, from cursor: inout ByteCursor
  ) throws(ModelFileError) -> (name: String, dimensions: [UInt64], type: UInt32) {
    let path = cursor.file.path
    let name = try cursor.readName(atMost: longestName, "the name of tensor \(index)")
    let dimensionCount = try cursor.read(UInt32.self, "the number of dimensions of \(name)")
    guard dimensionCount <= mostDimensions else {
      throw .tooManyDimensions(
        path: path, tensor: name, found: dimensionCount, most: mostDimensions)
    }
    var dimensions: [UInt64] = []
    for _ in 0..<dimensionCount {
      dimensions.append(try cursor.read(UInt64.self, "the shape of \(name)"))
    }
    return (name, dimensions, try cursor.read(UInt32.self, "the type of \(name)"))
  }

  private static func readInfo(
    _ index: Int, from cursor: inout ByteCursor, packed: Bool
  ) throws(ModelFileError) -> Info {
    let path = cursor.file.path
    var (name, dimensions, type) = try readHead(index, from: &cursor)
    let isPacked = packed && type & PackedHeader.packedType != 0
    if isPacked { type &= ~PackedHeader.packedType }
    let offset = try cursor.read(UInt64.self, "the offset of \(name)")

    guard let format = BlockFormat(rawValue: type) else {
      if let known = GGMLType.name(type) {
        throw .unsupportedTensorType(
          path: path, tensor: name, type: known, read: GGMLType.namesRead)
      }
      throw .unknownTensorType(path: path, tensor: name, type: type)
    }
    // As in ggml, a tensor without dimensions is one element.
    if dimensions.isEmpty { dimensions = [1] }
    guard let shape = checkedShape(dimensions) else {
      throw .invalidShape(path: path, tensor: name, shape: dimensions)
    }
    guard shape[0] % format.elementsPerBlock == 0 else {
      throw .partialBlock(
        path: path, tensor: name, rowLength: shape[0], format: format.name,
        elementsPerBlock: format.elementsPerBlock)
    }
    if isPacked, shape.count != 2 {
      throw .invalidField(
        path: path, field: "the shape of \(name)", found: "\(shape)",
        wanted: "that of a matrix, because the tensor is packed")
    }
    let size =
      isPacked
      ? PackedLayout.byteCount(format, rows: shape[1], columns: shape[0])
      : format.byteCount(elements: shape.reduce(1, *))
    guard let size else {
      throw .invalidShape(path: path, tensor: name, shape: dimensions)
    }
    return Info(
      name: name, shape: shape, format: format, byteCount: size, offset: offset,
      isPacked: isPacked)
  }

  /// The dimensions as `Int`s, or nil where one is zero or too large, or their product is.
  private static func checkedShape(_ dimensions: [UInt64]) -> [Int]? {
    var shape: [Int] = []
    var product = 1
    for dimension in dimensions {
      guard let size = Int(exactly: dimension), size > 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      product = next
      shape.append(size)
    }
    return shape
  }

  private static func place(
    _ info: Info, in file: MappedFile, from dataStart: Int, alignment: Int, part: Int
  ) throws(ModelFileError) -> GGUFTensor {
    guard info.offset % UInt64(alignment) == 0 else {
      throw .misalignedTensor(
        path: file.path, tensor: info.name, offset: info.offset, alignment: alignment)
    }
    let (start, startOverflow) = info.offset.addingReportingOverflow(UInt64(dataStart))
    let (end, endOverflow) = start.addingReportingOverflow(UInt64(info.byteCount))
    guard !startOverflow, !endOverflow, end <= UInt64(file.byteCount) else {
      throw .tensorPastEnd(
        path: file.path, tensor: info.name, end: startOverflow || endOverflow ? .max : end,
        byteCount: file.byteCount)
    }
    return GGUFTensor(
      name: info.name, shape: info.shape, format: info.format, byteCount: info.byteCount,
      part: part, offset: Int(start), isPacked: info.isPacked)
  }

  private static func checkDisjoint(
    _ tensors: [GGUFTensor], path: String
  ) throws(ModelFileError) {
    // By place in the file as well, so that the same file gives the same error everywhere.
    let inOrder = tensors.enumerated().sorted {
      ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset)
    }
    .map(\.element)
    for (first, second) in zip(inOrder, inOrder.dropFirst())
    where second.offset < first.byteRange.upperBound {
      throw .overlappingTensors(path: path, first: first.name, second: second.name)
    }
  }
}
