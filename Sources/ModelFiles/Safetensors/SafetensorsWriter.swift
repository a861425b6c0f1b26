/// Writes tensors to a safetensors file, streamed: the shapes are declared first, then the data
/// comes in any number of pieces, one tensor after the other.
///
/// Source: the safetensors format (8 bytes of header length, a JSON header, the data).
public struct SafetensorsWriter: ~Copyable {
  /// A tensor to be written.
  public struct Tensor: Sendable {
    /// Its name.
    public var name: String
    /// The type of its elements.
    public var type: ElementType
    /// Its dimensions, outermost first.
    public var shape: [Int]

    /// A tensor's declaration.
    public init(name: String, type: ElementType, shape: [Int]) {
      self.name = name
      self.type = type
      self.shape = shape
    }
  }

  private var file: AtomicFileWriter
  private let end: Int

  /// Starts the file at `path`, which will hold `tensors`, their data in that order, and `metadata`
  /// in front.
  ///
  /// The sizes must fit in an `Int`: they are those of data the caller has.
  public init(
    path: String, tensors: [Tensor], metadata: [(key: String, value: String)] = []
  ) throws(ModelFileError) {
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.map { "\($0.key.quotedAsJSON):\($0.value.quotedAsJSON)" }
      entries.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.shape.reduce(tensor.type.byteCount, *)
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(tensor.name.quotedAsJSON):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = "{" + entries.joined(separator: ",") + "}"
    // The data begins at a multiple of 8; spaces are allowed at the header's end for that.
    while header.utf8.count % 8 != 0 { header += " " }
    var file = try AtomicFileWriter(
      path: path, expectedBytes: UInt64(8 + header.utf8.count + offset))
    try file.append(UInt64(header.utf8.count))
    try file.append(header)
    end = file.byteCount + offset
    self.file = file
  }

  /// Adds bytes of the tensor that is not complete yet.
  public mutating func append(_ bytes: RawSpan) throws(ModelFileError) {
    try file.append(bytes)
  }

  /// Adds elements of the tensor that is not complete yet.
  public mutating func append(_ elements: Span<Float>) throws(ModelFileError) {
    try file.append(elements.bytes)
  }

  /// Adds elements of the tensor that is not complete yet.
  public mutating func append(_ elements: Span<Int32>) throws(ModelFileError) {
    try file.append(elements.bytes)
  }

  /// Puts the finished file in its place; everything declared must have been added.
  public mutating func commit() throws(ModelFileError) {
    precondition(file.byteCount == end, "the data does not fill the tensors declared")
    try file.commit()
  }
}
