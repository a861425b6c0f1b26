extension CheckpointTensors {
  /// The weights in a Hugging Face folder: safetensors where there are any, as transformers has it,
  /// else pytorch_model.bin; whole or sharded. Throws `noWeights` where there is neither.
  public init(huggingFaceFolder path: String) throws(ModelFileError) {
    do throws(ModelFileError) {
      self = try SafetensorsFolder(path: path).tensors
      return
    } catch {
      guard case .noWeights = error else { throw error }
    }
    do throws(ModelFileError) {
      self = try PyTorchFolder(path: path).tensors
    } catch {
      guard case .noWeights = error else { throw error }
      throw .noWeights(
        path: path,
        wanted: "model.safetensors, pytorch_model.bin, or one of them with .index.json")
    }
  }
}
