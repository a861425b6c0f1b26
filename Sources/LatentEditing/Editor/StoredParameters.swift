import BlockFormats
import LanguageModels
import ModelFiles
import TensorKernels

/// Parameters as tensors of an editor's file: row-major, (out, in), or (in, out) for what
/// transformers stores so.
struct StoredParameters {
  let store: ParameterStore
  /// In front of every name.
  let prefix: String
  /// Whether transformers stores these matrices as its Conv1D does, (in, out).
  let isGPT2: Bool

  /// The heads' parameters.
  init(heads store: ParameterStore) {
    self.store = store
    prefix = ""
    isGPT2 = false
  }

  /// What is trained of a backbone: a GPT-2, as transformers has it, or the adapters of a processor.
  init(backbone store: ParameterStore, isGPT2: Bool) {
    self.store = store
    prefix = "backbone."
    self.isGPT2 = isGPT2
  }

  private func isTransposed(_ name: String) -> Bool {
    isGPT2 && GPT2Configuration.isConv1D(name)
  }

  /// The names of the tensors.
  var names: [String] { store.layout.entries.map { prefix + $0.name } }

  private func shape(_ entry: ParameterLayout.Entry) -> [Int] {
    isTransposed(entry.name) ? entry.shape.dimensions.reversed() : entry.shape.dimensions
  }

  /// Vectors stay in f32, whatever matrices are stored in, and so do gates: they are small.
  private func type(_ entry: ParameterLayout.Entry, _ storage: EditorStorage) -> EditorStorage {
    if case .vector = entry.shape { return .f32 }
    return entry.name == "gates" ? .f32 : storage
  }

  /// The declarations, in the order of `write`.
  func tensors(_ storage: EditorStorage) -> [SafetensorsWriter.Tensor] {
    store.layout.entries.flatMap { entry -> [SafetensorsWriter.Tensor] in
      let name = prefix + entry.name
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

  func write(
    to writer: inout SafetensorsWriter, _ storage: EditorStorage
  ) throws(ModelFileError) {
    for entry in store.layout.entries {
      let values = values(of: entry)
      switch type(entry, storage) {
      case .f32: try writer.append(values.span)
      case .bf16:
        let halves = values.map { BFloat16($0).bits.littleEndian }
        try writer.append(halves.span.bytes)
      case .int8:
        let width = values.count / shape(entry)[0]
        let scales = stride(from: 0, to: values.count, by: width).map { start in
          values[start..<start + width].reduce(0) { max($0, abs($1)) } / 127
        }
        let codes = values.enumerated().map { index, value -> Int8 in
          let scale = scales[index / width]
          return scale > 0 ? Int8((value / scale).rounded(.toNearestOrEven)) : 0
        }
        try writer.append(codes.span.bytes)
        try writer.append(scales.span)
      }
    }
  }

  /// Names, shapes and values in the order of files.
  var all: [(String, [Int], [Float])] {
    store.layout.entries.map { (prefix + $0.name, shape($0), values(of: $0)) }
  }

  private func values(of entry: ParameterLayout.Entry) -> [Float] {
    do { return try store.values(of: entry.name, transposed: isTransposed(entry.name)) } catch {
      preconditionFailure("\(error)")  // the name is the layout's own
    }
  }

  /// Fills the store from the file's tensors. Throws `tensorShape`, `tensorNotFinite` and `file`.
  func read(from file: SafetensorsFile) throws(LatentEditingError) {
    for entry in store.layout.entries {
      let name = prefix + entry.name
      let shape = shape(entry)
      let values: [Float]
      if let tensor = file.tensors.tensorIfPresent(named: name), tensor.type == .i8 {
        let scales = try file.floats(name + ".scale", shape: [shape[0]])
        values = try file.codes(tensor, shape: shape, scales: scales)
      } else {
        values = try file.floats(name, shape: shape)
      }
      do {
        try store.setValues(of: entry.name, to: values, transposed: isTransposed(entry.name))
      } catch {
        preconditionFailure("\(error)")  // the name and the size are the layout's own
      }
    }
  }
}
