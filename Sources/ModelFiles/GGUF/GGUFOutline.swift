/// What stands in the header of a GGUF file, whether or not its tensors have types that are read here: for
/// looking at files that do not run. The parts of a split model are not joined.
public struct GGUFOutline: Sendable {
  /// A tensor as the file describes it.
  public struct Tensor: Sendable {
    /// Its name.
    public let name: String
    /// Its dimensions in ggml's order.
    public let shape: [UInt64]
    /// ggml's name for its type, or the number where there is none.
    public let type: String
  }

  /// The file, as the caller named it.
  public let path: String
  /// The version of the format.
  public let version: Int
  /// Size of the file.
  public let byteCount: Int
  /// The metadata.
  public let metadata: GGUFMetadata
  /// The tensors, in the order of the file.
  public let tensors: [Tensor]

  /// Reads the header of the file at `path`. Throws as `GGUFFile` where it is damaged.
  public init(path: String) throws(ModelFileError) {
    let file = try MappedFile(path: path)
    self.path = path
    byteCount = file.byteCount
    var cursor = ByteCursor(file)
    version = Int(try GGUFPart.readVersion(&cursor))
    let tensorCount = try cursor.checkCount(
      try cursor.read(UInt64.self, "the number of tensors"), ofSize: GGUFTensorReader.leastBytes,
      "the number of tensors")
    let keyCount = try cursor.checkCount(
      try cursor.read(UInt64.self, "the number of metadata keys"),
      ofSize: GGUFMetadataReader.leastBytes, "the number of metadata keys")
    metadata = try GGUFMetadataReader.read(count: keyCount, from: &cursor)
    var tensors: [Tensor] = []
    for index in 0..<tensorCount {
      let info = try GGUFTensorReader.readHead(index, from: &cursor)
      tensors.append(
        Tensor(
          name: info.name, shape: info.dimensions, type: GGMLType.name(info.type) ?? "\(info.type)")
      )
      _ = try cursor.read(UInt64.self, "the offset of \(info.name)")
    }
    self.tensors = tensors
  }
}
