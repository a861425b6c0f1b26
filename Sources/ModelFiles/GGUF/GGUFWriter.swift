import BlockFormats
import KernelInterface

/// Writes a GGUF file, version 3, streamed: metadata and the tensors' shapes first, then their data
/// in that order, in pieces of any size. Nothing but what it is given goes into the file: the same
/// input gives the same bytes.
///
///     var writer = try GGUFWriter(path: out, metadata: metadata, tensors: tensors)
///     for tensor in tensors { while let piece = … { try writer.append(piece) } }
///     try writer.commit()
///
/// It also writes packed files (`PackedHeader`), in which tensors may be packed.
///
/// Source: docs/gguf.md of ggml.
public struct GGUFWriter: ~Copyable {
  /// A tensor to be written.
  public struct Tensor: Sendable {
    /// Its name, of at most 63 bytes, as ggml has it.
    public var name: String
    /// Its dimensions in ggml's order: the one that is contiguous in memory comes first.
    public var shape: [Int]
    /// How its elements are stored.
    public var format: BlockFormat
    /// Whether its data is a matrix as `PackedLayout` has it; only in packed files.
    public var isPacked: Bool

    /// A tensor's declaration.
    public init(name: String, shape: [Int], format: BlockFormat, isPacked: Bool = false) {
      self.name = name
      self.shape = shape
      self.format = format
      self.isPacked = isPacked
    }
  }

  private var file: AtomicFileWriter
  private let alignment: Int
  private let sizes: [Int]
  /// The tensor whose data comes next, and how much of it is there.
  private var current = 0
  private var done = 0

  /// `GGML_MAX_NAME` less its final zero.
  private static let longestName = 63
  private static let mostDimensions = 4
  private static let version: UInt32 = 3

  /// Starts the file at `path`. Data is aligned to the uint32 `general.alignment` of `metadata`, or
  /// to 32 bytes; in a packed file, which is written where `packed`, it must be stated, and a multiple
  /// of 64.
  ///
  /// `onAppend` sees all bytes of the file in their order: for checksums.
  ///
  /// Throws, before anything is written, `duplicateKey`, `invalidAlignment`, `duplicateTensor`,
  /// `nameTooLong`, `tooManyDimensions`, `invalidShape` or `partialBlock` for what no reader would
  /// accept, and the errors of `AtomicFileWriter`, `noSpace` among them.
  public init(
    path: String, metadata: [(key: String, value: GGUFEntry)], tensors: [Tensor],
    packed: Bool = false, onAppend: ((UnsafeRawBufferPointer) -> Void)? = nil
  ) throws(ModelFileError) {
    precondition(
      packed || !tensors.contains(where: \.isPacked), "only packed files have packed tensors")
    let alignment = try Self.alignment(metadata, path: path)
    guard !packed || alignment % PackedHeader.leastAlignment == 0 else {
      throw .invalidAlignment(path: path, found: "\(alignment)")
    }
    let sizes = try Self.sizes(of: tensors, path: path)

    var header = GGUFEntryBytes()
    if packed {
      header.append([UInt8](repeating: 0, count: PackedHeader.byteCount))
    } else {
      header.append(Array("GGUF".utf8))
      header.append(Self.version)
    }
    header.append(UInt64(tensors.count))
    header.append(UInt64(metadata.count))
    for (key, value) in metadata { header.append(key, value) }
    var offset = 0
    for (tensor, size) in zip(tensors, sizes) {
      header.append(tensor.name)
      header.append(UInt32(tensor.shape.count))
      for dimension in tensor.shape { header.append(UInt64(dimension)) }
      header.append(tensor.format.rawValue | (tensor.isPacked ? PackedHeader.packedType : 0))
      header.append(UInt64(offset))
      offset += Self.padded(size, to: alignment)
    }
    header.pad(to: alignment)
    var bytes = header.bytes
    let size = bytes.count + offset
    if packed { PackedHeader.complete(&bytes, size: size) }

    var file = try AtomicFileWriter(
      path: path, expectedBytes: UInt64(size), onAppend: onAppend)
    try file.append(bytes.span.bytes)
    self.alignment = alignment
    self.sizes = sizes
    self.file = file
  }

  /// Bytes written so far.
  public var byteCount: Int { file.byteCount }

  /// Adds bytes of the tensor that is not complete yet; they must not go beyond it.
  public mutating func append(_ bytes: RawSpan) throws(ModelFileError) {
    guard !bytes.isEmpty else { return }
    precondition(
      current < sizes.count && bytes.byteCount <= sizes[current] - done,
      "the data goes beyond the tensor")
    try file.append(bytes)
    done += bytes.byteCount
    guard done == sizes[current] else { return }
    // The last tensor is padded too, as ggml and its Python package do.
    let padding = [UInt8](repeating: 0, count: Self.padded(done, to: alignment) - done)
    try file.append(padding.span.bytes)
    current += 1
    done = 0
  }

  /// Puts the finished file in its place; the data of all tensors must have been added.
  public mutating func commit() throws(ModelFileError) {
    precondition(current == sizes.count, "the data of a tensor is missing")
    try file.commit()
  }

  private static func padded(_ size: Int, to alignment: Int) -> Int {
    (size + alignment - 1) / alignment * alignment
  }

  private static func alignment(
    _ metadata: [(key: String, value: GGUFEntry)], path: String
  ) throws(ModelFileError) -> Int {
    var keys: Set<String> = []
    var alignment = 32
    for (key, value) in metadata {
      guard keys.insert(key).inserted else { throw .duplicateKey(path: path, key: key) }
      guard key == "general.alignment" else { continue }
      guard let number = value.uint32, number.nonzeroBitCount == 1, (8...1 << 20).contains(number)
      else { throw .invalidAlignment(path: path, found: "\(value)") }
      alignment = Int(number)
    }
    return alignment
  }

  /// The tensors' sizes in bytes; their sum, with padding, fits in an `Int`.
  private static func sizes(
    of tensors: [Tensor], path: String
  ) throws(ModelFileError) -> [Int] {
    var names: Set<String> = []
    var sizes: [Int] = []
    var total = 0
    for tensor in tensors {
      let (name, shape, format) = (tensor.name, tensor.shape, tensor.format)
      guard names.insert(name).inserted else { throw .duplicateTensor(path: path, tensor: name) }
      guard name.utf8.count <= longestName else {
        throw .nameTooLong(
          path: path, field: "the tensor name \(name)", length: UInt64(name.utf8.count),
          most: longestName)
      }
      guard shape.count <= mostDimensions else {
        throw .tooManyDimensions(
          path: path, tensor: name, found: UInt32(shape.count), most: mostDimensions)
      }
      let invalid = ModelFileError.invalidShape(
        path: path, tensor: name, shape: shape.map { UInt64(clamping: $0) })
      var elements = 1
      for dimension in shape {
        let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
        guard dimension > 0, !overflow else { throw invalid }
        elements = product
      }
      let rowLength = shape.first ?? 1
      guard rowLength % format.elementsPerBlock == 0 else {
        throw .partialBlock(
          path: path, tensor: name, rowLength: rowLength, format: format.name,
          elementsPerBlock: format.elementsPerBlock)
      }
      precondition(!tensor.isPacked || shape.count == 2, "only matrices are packed")
      let bytes =
        tensor.isPacked
        ? PackedLayout.byteCount(format, rows: shape[1], columns: shape[0])
        : format.byteCount(elements: elements)
      // Far below the end of the numbers, so that padding cannot pass it.
      guard let size = bytes, size <= (Int.max >> 1) - total else { throw invalid }
      sizes.append(size)
      total += size + (1 << 20)
    }
    return sizes
  }
}
