import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels

/// Where parameters stand in an editor's file: names, shapes and types of tensors, row-major, (out, in), or
/// (in, out) for what transformers stores so.
struct StoredLayout {
  /// The parameters.
  let parameters: ParameterLayout
  /// In front of every name.
  private let prefix: String
  /// Whether transformers stores these matrices as its Conv1D does, (in, out).
  private let isGPT2: Bool

  /// The heads' parameters.
  init(heads parameters: ParameterLayout) {
    self.parameters = parameters
    prefix = ""
    isGPT2 = false
  }

  /// What is trained of a backbone: a GPT-2, as transformers has it, or the adapters of a processor.
  init(backbone parameters: ParameterLayout, isGPT2: Bool) {
    self.parameters = parameters
    prefix = "backbone."
    self.isGPT2 = isGPT2
  }

  /// The tensor's name.
  func name(_ entry: ParameterLayout.Entry) -> String { prefix + entry.name }

  /// Whether rows and columns change places in the file.
  func isTransposed(_ entry: ParameterLayout.Entry) -> Bool {
    isGPT2 && GPT2Configuration.isConv1D(entry.name)
  }

  /// The tensor's shape.
  func shape(_ entry: ParameterLayout.Entry) -> [Int] {
    isTransposed(entry) ? entry.shape.dimensions.reversed() : entry.shape.dimensions
  }

  /// Vectors stay in f32, whatever matrices are stored in, and so do gates: they are small.
  func type(_ entry: ParameterLayout.Entry, _ storage: EditorStorage) -> EditorStorage {
    if case .vector = entry.shape { return .f32 }
    return entry.role == .gate ? .f32 : storage
  }

  /// The declarations, in the order in which they are written.
  func tensors(_ storage: EditorStorage) -> [SafetensorsWriter.Tensor] {
    parameters.entries.flatMap { entry -> [SafetensorsWriter.Tensor] in
      let name = name(entry)
      let shape = shape(entry)
      switch type(entry, storage) {
      case .f32: return [.init(name: name, type: .f32, shape: shape)]
      case .bf16: return [.init(name: name, type: .bf16, shape: shape)]
      case .int8:
        return [
          .init(name: name, type: .i8, shape: shape),
          .init(name: name + ".scale", type: .f32, shape: [shape[0]]),
        ]
      }
    }
  }

  /// The names of its tensors in `file`, scales included. Throws `file` where one is missing and
  /// `tensorShape` where one has another shape.
  func check(_ file: SafetensorsFile) throws(LatentEditingError) -> [String] {
    var names: [String] = []
    for entry in parameters.entries {
      let tensor: CheckpointTensor
      do { tensor = try file.tensors.tensor(named: name(entry)) } catch { throw .file(error) }
      guard tensor.shape == shape(entry) else {
        throw .tensorShape(
          path: file.tensors.path, tensor: tensor.name, found: tensor.shape, needed: shape(entry))
      }
      names.append(tensor.name)
      if tensor.type == .i8 { names.append(tensor.name + ".scale") }
    }
    return names
  }
}
