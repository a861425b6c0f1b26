import ModelFiles
import TensorKernels

/// How a checkpoint stores the weights of linear layers.
public enum LinearOrientation: Sendable, Equatable, CaseIterable {
  /// (in, out), as `Conv1D` of transformers.
  case conv1D
  /// (out, in), as `torch.nn.Linear`.
  case linear
  /// By the shape of the first block's fused query, key and value matrix, which is never square. All
  /// other matrices must then agree.
  case detected
}

extension GPT2 {
  /// Reads a Hugging Face folder: config.json, and the weights as model.safetensors or
  /// pytorch_model.bin, whole or sharded, any of them possibly compressed (.zst), with `transformer.`
  /// in front of the names or without.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - readsOutput: whether the output over the vocabulary is wanted, which an editor is not.
  ///   - orientation: how the weights of linear layers are stored.
  ///   - pool: the threads to run on.
  ///   - instructionSet: the kernels to run.
  public convenience init(
    huggingFaceFolder path: String, readsOutput: Bool = false,
    orientation: LinearOrientation = .detected, pool: ThreadPool,
    instructionSet: InstructionSet = .best
  ) throws(LanguageModelError) {
    let configuration = try GPT2Configuration(
      huggingFaceConfiguration: path + "/config.json", readsOutput: readsOutput)
    let tensors: CheckpointTensors
    do { tensors = try CheckpointTensors(huggingFaceFolder: path) } catch { throw .file(error) }
    try self.init(
      configuration, from: GPT2CheckpointSource(tensors), orientation, pool, instructionSet)
  }

  /// Reads a GGUF file of the architecture gpt2; blocks of any format become f32.
  public convenience init(
    _ file: GGUFFile, readsOutput: Bool = false, pool: ThreadPool,
    instructionSet: InstructionSet = .best
  ) throws(LanguageModelError) {
    try self.init(
      try GPT2Configuration(file, readsOutput: readsOutput), from: GPT2FileSource(file: file),
      .linear, pool, instructionSet)
  }

  /// Shapes are checked before any memory is asked for.
  private convenience init(
    _ configuration: GPT2Configuration, from source: some GPT2Source,
    _ orientation: LinearOrientation, _ pool: ThreadPool, _ instructionSet: InstructionSet
  ) throws(LanguageModelError) {
    let layout = configuration.parameterLayout
    let isConv1D =
      switch orientation {
      case .conv1D: true
      case .linear: false
      case .detected:
        source.shape(GPT2Parameter.Block(0).projections + ".weight")
          == [configuration.width, 3 * configuration.width]
      }
    func isTransposed(_ name: String) -> Bool { isConv1D && GPT2Configuration.isConv1D(name) }

    for entry in layout.entries {
      let name = source.fileName(entry.name)
      guard let found = source.shape(entry.name) else {
        throw .file(.missingTensor(path: source.path, tensor: name))
      }
      let dimensions = entry.shape.dimensions
      let wanted = isTransposed(entry.name) ? dimensions.reversed() : dimensions
      guard found == wanted else {
        throw .wrongShape(path: source.path, tensor: name, found: found, wanted: wanted)
      }
    }
    if let unknown = source.unknown(Set(layout.entries.map(\.name))) {
      throw .unknownTensor(path: source.path, tensor: unknown)
    }
    try self.init(zeros: configuration, pool: pool, instructionSet: instructionSet)
    for entry in layout.entries {
      try read(entry, from: source, transposed: isTransposed(entry.name))
    }
  }

  /// A matrix by way of a copy in the order of the file, everything else in place.
  private func read(
    _ entry: ParameterLayout.Entry, from source: some GPT2Source, transposed: Bool
  ) throws(LanguageModelError) {
    let count = entry.shape.elementCount
    func checked(_ values: UnsafeMutableBufferPointer<Float>) throws(LanguageModelError) {
      try source.read(entry.name, into: values)
      let bad = kernels.quantization.firstNotFinite(values.baseAddress!, count)
      guard bad < 0 else {
        let width = count / (source.shape(entry.name)?.first ?? 1)
        throw .notFinite(
          path: source.path, tensor: source.fileName(entry.name), row: bad / max(1, width))
      }
    }
    guard case .matrix = entry.shape else {
      return try checked(
        UnsafeMutableBufferPointer(rebasing: parameters.floats(of: entry.name)[..<count]))
    }
    do {
      let copy = try PageBuffer(byteCount: count * 4)
      let values = UnsafeMutableBufferPointer<Float>(start: copy.elements(), count: count)
      defer { withExtendedLifetime(copy) {} }
      try checked(values)
      try parameters.setValues(
        of: entry.name, to: UnsafeBufferPointer(values), transposed: transposed)
    } catch let error as LanguageModelError {
      throw error
    } catch let error as KernelError {
      throw .memory(error)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
