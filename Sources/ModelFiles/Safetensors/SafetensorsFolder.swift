/// A folder as `save_pretrained` of transformers writes it: model.safetensors, or
/// model.safetensors.index.json and the files it names. Any of them may be compressed (".zst").
///
/// Opening checks each file as `SafetensorsFile` does, that every file the index names is there and
/// has the tensors the index says, and that no tensor is in two of them.
public struct SafetensorsFolder: Sendable {
  /// The tensors of all files.
  public let tensors: CheckpointTensors

  /// Opens the folder at `path`. Throws `noWeights` where it has neither of the two files.
  public init(path: String) throws(ModelFileError) {
    try self.init(path: path, opening: .contents)
  }

  /// As `init(path:)`, for tests and fuzzing in memory.
  package init(path: String, opening: Opening) throws(ModelFileError) {
    tensors = try ShardedTensors.read(path: path, name: "model.safetensors", opening: opening) {
      file throws(ModelFileError) in try SafetensorsFile(file).tensors
    }
  }
}
