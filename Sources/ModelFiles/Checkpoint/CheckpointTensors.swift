/// The tensors of a checkpoint, in the order of its files, where they lie in the mapped files.
/// Nothing of them is in memory but the pages that were touched and not yet released.
public struct CheckpointTensors: Sendable, RandomAccessCollection {
  /// The checkpoint, as the caller named it.
  public let path: String
  /// The files, one unless the checkpoint is sharded.
  public let files: [MappedFile]
  private let tensors: [CheckpointTensor]
  private let indexOfName: [String: Int]

  /// `tensors` lie inside `files`. Throws `duplicateTensor`, or `tensorInTwoShards` where the same
  /// name is in two files.
  init(
    path: String, files: [MappedFile], tensors: [CheckpointTensor]
  ) throws(ModelFileError) {
    self.path = path
    self.files = files
    self.tensors = tensors
    var indices: [String: Int] = [:]
    for (index, tensor) in tensors.enumerated() {
      guard let other = indices.updateValue(index, forKey: tensor.name) else { continue }
      let file = files[tensor.part].path
      guard tensors[other].part == tensor.part else {
        throw .tensorInTwoShards(
          path: file, tensor: tensor.name, other: files[tensors[other].part].path)
      }
      throw .duplicateTensor(path: file, tensor: tensor.name)
    }
    indexOfName = indices
  }

  /// The same tensors under the names that `rename` gives them. Throws as `init` where two get the same.
  public func renamed(
    _ rename: (String) -> String
  ) throws(ModelFileError) -> CheckpointTensors {
    try CheckpointTensors(
      path: path, files: files, tensors: tensors.map { $0.named(rename($0.name)) })
  }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// The number of tensors.
  public var endIndex: Int { tensors.count }
  /// The tensor at `position`.
  public subscript(position: Int) -> CheckpointTensor { tensors[position] }

  /// The tensor called `name`. Throws `missingTensor`.
  public func tensor(named name: String) throws(ModelFileError) -> CheckpointTensor {
    guard let tensor = tensorIfPresent(named: name) else {
      throw .missingTensor(path: path, tensor: name)
    }
    return tensor
  }

  /// The tensor called `name`, or nil where there is none.
  public func tensorIfPresent(named name: String) -> CheckpointTensor? {
    indexOfName[name].map { tensors[$0] }
  }

  /// The bytes of a tensor of this checkpoint, where they are mapped; they need not be aligned.
  /// Valid while this value, or a copy of it, lives.
  public func bytes(of tensor: CheckpointTensor) -> UnsafeRawBufferPointer {
    let bytes = files[tensor.part].bytes
    precondition(tensor.byteRange.upperBound <= bytes.count, "the tensor is of another file")
    return UnsafeRawBufferPointer(rebasing: bytes[tensor.byteRange])
  }

  /// Calls `body` with the bytes of a tensor of this checkpoint, which are valid during the call.
  public func withBytes<Result, Failure: Error>(
    of tensor: CheckpointTensor,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes(of: tensor))
  }

  /// Gives back the memory of a tensor's pages, once its bytes were used.
  public func releasePages(of tensor: CheckpointTensor) {
    files[tensor.part].releasePages(tensor.byteRange)
  }

  /// Gives back the memory of the pages that hold only the given elements of a tensor.
  public func releasePages(of tensor: CheckpointTensor, elements: Range<Int>) {
    let size = tensor.type.byteCount
    let start = tensor.offset
    files[tensor.part].releasePages(
      start + elements.lowerBound * size..<start + elements.upperBound * size)
  }

  /// Lets the system read a tensor's bytes ahead.
  public func willNeed(_ tensor: CheckpointTensor) {
    files[tensor.part].willNeed(tensor.byteRange)
  }
}
