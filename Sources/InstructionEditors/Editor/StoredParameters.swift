import BlockFormats
import LanguageModels
import LatentEditing
import ModelFiles
import Synchronization
import TensorKernels

/// The values of parameters, and where they stand in an editor's file.
struct StoredParameters {
  private let layout: StoredLayout
  private let store: ParameterStore
  private let adapted: AdaptedGPT2?

  /// A store of the layout's parameters, or a GPT-2's with the adapters of `adapted` in them.
  init(_ layout: StoredLayout, _ store: ParameterStore, merging adapted: AdaptedGPT2? = nil) {
    self.layout = layout
    self.store = store
    self.adapted = adapted
  }

  /// The declarations, in the order of `write`.
  func tensors(_ storage: EditorStorage) -> [SafetensorsWriter.Tensor] { layout.tensors(storage) }

  func write(
    to writer: inout SafetensorsWriter, _ storage: EditorStorage
  ) throws(ModelFileError) {
    for entry in store.layout.entries {
      if layout.type(entry, storage) == .f32, let floats = floatsInOrder(of: entry) {
        try writer.append(floats.span)
        continue
      }
      let values = values(of: entry)
      switch layout.type(entry, storage) {
      case .f32: try writer.append(values.span)
      case .bf16:
        let halves = values.map { BFloat16($0).bits.littleEndian }
        try writer.append(halves.span.bytes)
      case .int8:
        let width = values.count / layout.shape(entry)[0]
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

  /// What lies in memory as it stands in files, which is the largest table; nil for matrices.
  private func floatsInOrder(of entry: ParameterLayout.Entry) -> UnsafeBufferPointer<Float>? {
    if case .matrix = entry.shape { return nil }
    return UnsafeBufferPointer(
      rebasing: store.floats(of: entry.name)[..<entry.shape.elementCount])
  }

  /// Names, shapes and values in the order of files.
  var all: [(String, [Int], [Float])] {
    store.layout.entries.map { (layout.name($0), layout.shape($0), values(of: $0)) }
  }

  private func values(of entry: ParameterLayout.Entry) -> [Float] {
    let isTransposed = layout.isTransposed(entry)
    do {
      return try adapted?.mergedValues(of: entry.name, transposed: isTransposed)
        ?? store.values(of: entry.name, transposed: isTransposed)
    } catch {
      preconditionFailure("\(error)")  // the name is the layout's own
    }
  }

  /// Fills the store from the file's tensors, several at once. Throws `tensorShape`, `tensorNotFinite` and `file`, of the
  /// first tensor that is not as it must be.
  func read(from file: SafetensorsFile, on pool: ThreadPool) throws(LatentEditingError) {
    let entries = store.layout.entries
    let failures = Mutex<[Int: LatentEditingError]>([:])
    pool.parallel(entries.count) { share in
      for index in share {
        do throws(LatentEditingError) { try read(entries[index], from: file) } catch {
          failures.withLock { $0[index] = error }
        }
      }
    }
    if let first = failures.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
  }

  private func read(
    _ entry: ParameterLayout.Entry, from file: SafetensorsFile
  ) throws(LatentEditingError) {
    let name = layout.name(entry)
    let shape = layout.shape(entry)
    let values: [Float]
    if let tensor = file.tensors.tensorIfPresent(named: name), tensor.type == .i8 {
      let scales = try file.floats(name + ".scale", shape: [shape[0]])
      values = try file.codes(tensor, shape: shape, scales: scales)
    } else {
      values = try file.floats(name, shape: shape)
    }
    do {
      try store.setValues(of: entry.name, to: values, transposed: layout.isTransposed(entry))
    } catch {
      preconditionFailure("\(error)")  // the name and the size are the layout's own
    }
  }
}
