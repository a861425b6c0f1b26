/// One safetensors file: its tensors where they lie in the mapped file, and its metadata.
///
/// Opening reads and checks the header: that it is JSON, that no name stands there twice, that each
/// tensor's bytes are as many as its type and shape need, and that the tensors fill the file without
/// gap or overlap.
///
///     let file = try SafetensorsFile(path: "model.safetensors")
///     let embedding = try file.tensors.tensor(named: "model.embed_tokens.weight")
///     use(file.tensors.bytes(of: embedding))
///     file.tensors.releasePages(of: embedding)
///
/// Source: the safetensors format (8 bytes of header length, a JSON header, the data).
public struct SafetensorsFile: Sendable {
  /// The tensors, in the order of their data.
  public let tensors: CheckpointTensors
  /// What `__metadata__` says, as `["format": "pt"]`.
  public let metadata: [String: String]

  /// Opens the file at `path`, which may be compressed with zstd.
  public init(path: String) throws(ModelFileError) {
    try self.init(MappedFile.contents(path: path))
  }

  /// Reads a file that is mapped already.
  package init(_ file: MappedFile) throws(ModelFileError) {
    let header = try SafetensorsHeader(file)
    metadata = header.metadata
    tensors = try CheckpointTensors(path: file.path, files: [file], tensors: header.tensors)
  }
}
