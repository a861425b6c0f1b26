/// A model in GGUF, version 2 or 3, little-endian: its metadata, and its tensors where they lie in
/// the mapped file. A model split over several files is presented as one. Who can make use of packed
/// matrices may also open Emend's packed files (`PackedHeader`).
///
/// Opening reads and checks everything but the tensors' data: that every count and length is within
/// the file, that every tensor has a format that is read here, lies inside the file, and shares no
/// byte with another. What the values are is for the caller to check.
///
///     let file = try GGUFFile(path: "model.gguf")
///     let layers = try file.metadata.integer("llama.block_count", in: 1...1000)
///     let embedding = try file.tensor(named: "token_embd.weight")
///     pack(file.bytes(of: embedding))
///     file.releasePages(of: embedding)
public struct GGUFFile: Sendable {
  /// The file, as the caller named it.
  public let path: String
  /// The version of the format, 2 or 3; of a packed file, the packed layout's.
  public let version: Int
  /// Whether it is a packed file, whose matrices may be packed.
  public let isPacked: Bool
  /// The metadata; of a split model, the first part's.
  public let metadata: GGUFMetadata
  /// The tensors, in the order of the file or files.
  public let tensors: [GGUFTensor]
  /// The files, one unless the model is split.
  public let files: [MappedFile]

  private let indexOfName: [String: Int]

  /// Opens the model at `path`; of a split model, any of its parts, the others beside it. A packed
  /// file is refused unless `acceptingPacked`: its matrices mean nothing to who expects rows.
  public init(path: String, acceptingPacked: Bool = false) throws(ModelFileError) {
    try self.init(path: path, acceptingPacked: acceptingPacked) { path throws(ModelFileError) in
      try MappedFile(path: path)
    }
  }

  /// As above, with `open` in place of mapping: for tests and fuzzing in memory.
  package init(
    path: String, acceptingPacked: Bool = false,
    opening open: (String) throws(ModelFileError) -> MappedFile
  ) throws(ModelFileError) {
    let parts = try GGUFSplit.parts(
      path: path, acceptingPacked: acceptingPacked, opening: open)
    self.path = path
    version = Int(parts[0].version)
    isPacked = parts[0].isPacked
    metadata = parts[0].metadata
    files = parts.map(\.file)
    tensors = parts.flatMap(\.tensors)

    var indices: [String: Int] = [:]
    for (index, tensor) in tensors.enumerated() {
      guard indices.updateValue(index, forKey: tensor.name) == nil else {
        throw .duplicateTensor(path: parts[tensor.part].file.path, tensor: tensor.name)
      }
    }
    indexOfName = indices
  }

  /// Size of the file, or of all parts together, in bytes.
  public var totalBytes: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// The tensor called `name`. Throws `missingTensor`.
  public func tensor(named name: String) throws(ModelFileError) -> GGUFTensor {
    guard let tensor = tensorIfPresent(named: name) else {
      throw .missingTensor(path: path, tensor: name)
    }
    return tensor
  }

  /// The tensor called `name`, or nil where there is none.
  public func tensorIfPresent(named name: String) -> GGUFTensor? {
    indexOfName[name].map { tensors[$0] }
  }

  /// The bytes of a tensor of this file, where they are mapped, aligned as the file says. Valid while
  /// this file, or a copy of it, lives.
  public func bytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    // Its place was checked at opening, so that only another file's tensor can be outside. Slicing
    // does not check in release builds.
    let bytes = files[tensor.part].bytes
    precondition(tensor.byteRange.upperBound <= bytes.count, "the tensor is of another file")
    return UnsafeRawBufferPointer(rebasing: bytes[tensor.byteRange])
  }

  /// Gives back the memory of a tensor's pages, once its bytes were used.
  public func releasePages(of tensor: GGUFTensor) {
    files[tensor.part].releasePages(tensor.byteRange)
  }

  /// Gives back the memory of whole pages within some of a tensor's bytes.
  public func releasePages(of tensor: GGUFTensor, bytes: Range<Int>) {
    precondition(bytes.lowerBound >= 0 && bytes.upperBound <= tensor.byteCount)
    let start = tensor.byteRange.lowerBound
    files[tensor.part].releasePages(start + bytes.lowerBound..<start + bytes.upperBound)
  }

  /// Lets the system read a tensor's bytes ahead.
  public func willNeed(_ tensor: GGUFTensor) {
    files[tensor.part].willNeed(tensor.byteRange)
  }
}
