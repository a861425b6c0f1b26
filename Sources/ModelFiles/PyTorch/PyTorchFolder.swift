/// A folder as transformers wrote it before safetensors: pytorch_model.bin, or
/// pytorch_model.bin.index.json and the files it names. Any of them may be compressed (".zst").
///
/// Opening checks each file as `PyTorchArchive` does, that every file the index names is there and
/// has the tensors the index says, and that no tensor is in two of them.
public struct PyTorchFolder: Sendable {
  /// The tensors of all files.
  public let tensors: CheckpointTensors

  /// Opens the folder at `path`. Throws `noWeights` where it has neither of the two files.
  public init(path: String) throws(ModelFileError) {
    try self.init(path: path, opening: .contents)
  }

  /// As `init(path:)`, for tests and fuzzing in memory.
  package init(path: String, opening: Opening) throws(ModelFileError) {
    tensors = try ShardedTensors.read(path: path, name: "pytorch_model.bin", opening: opening) {
      file throws(ModelFileError) in try PyTorchArchive(file).tensors
    }
  }
}
