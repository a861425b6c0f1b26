import BlockFormats
import KernelInterface

/// One float for every element of a `ParameterLayout`: a model's weights, or their gradients, or a
/// moment of an optimizer.
///
/// Here in TensorKernels and not beside a model, because the layout is that of the kernels and
/// because optimizers, editors' heads and files use it without knowing any model. Two threads may
/// use different parameters at once; who writes what, and when, is the owner's affair.
public final class ParameterStore: @unchecked Sendable {
  /// What is where.
  public let layout: ParameterLayout
  private let storage: PageBuffer

  /// Zeros everywhere. Throws `KernelError.outOfMemory`.
  public init(_ layout: ParameterLayout) throws(KernelError) {
    self.layout = layout
    storage = try PageBuffer(byteCount: layout.byteCount)
  }

  /// Bytes in memory.
  public var byteCount: Int { storage.byteCount }

  /// All floats, in the order of the layout, those that fill up included.
  package var floats: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: storage.elements(), count: layout.floatCount)
  }

  /// A parameter's floats as they lie in memory, those that fill up included; valid while the store
  /// lives. The parameter must exist.
  package func floats(of name: String) -> UnsafeMutableBufferPointer<Float> {
    let entry = existing(name)
    return UnsafeMutableBufferPointer(
      rebasing: floats[entry.offset..<entry.offset + entry.floatCount])
  }

  /// A matrix as linear layers read it; valid while the store lives.
  package func matrix(_ name: String) -> MatrixView {
    guard case .matrix(let rows, let columns) = existing(name).shape else {
      preconditionFailure("\(name) is no matrix")
    }
    return MatrixView(
      format: .f32, rows: rows, columns: columns,
      groups: UnsafeRawPointer(floats(of: name).baseAddress!))
  }

  // MARK: Values in the order of files

  /// Sets a parameter from its elements in row-major order: of a matrix `[rows][columns]`, that is
  /// (out, in) as `torch.nn.Linear` has it, or `[columns][rows]`, as `Conv1D` of transformers has it,
  /// when `transposed`. Throws `KernelError.noSuchParameter` or `.wrongParameterSize`.
  public func setValues(
    of name: String, to values: UnsafeBufferPointer<Float>, transposed: Bool = false
  ) throws(KernelError) {
    let (entry, target) = try place(name, values.count)
    guard case .matrix(let rows, let columns) = entry.shape else {
      target.update(from: values.baseAddress!, count: values.count)
      return
    }
    Self.forEachElement(rows, columns, transposed) { packed, plain in
      target[packed] = values[plain]
    }
  }

  /// As above, from an array.
  public func setValues(
    of name: String, to values: [Float], transposed: Bool = false
  ) throws(KernelError) {
    try values.withUnsafeBufferPointer { values throws(KernelError) in
      try setValues(of: name, to: values, transposed: transposed)
    }
  }

  /// Writes a parameter's elements to `values` in the order that `setValues` takes them in. Throws
  /// `KernelError.noSuchParameter` or `.wrongParameterSize`.
  public func copyValues(
    of name: String, to values: UnsafeMutableBufferPointer<Float>, transposed: Bool = false
  ) throws(KernelError) {
    let (entry, source) = try place(name, values.count)
    guard case .matrix(let rows, let columns) = entry.shape else {
      values.baseAddress!.update(from: source, count: values.count)
      return
    }
    Self.forEachElement(rows, columns, transposed) { packed, plain in
      values[plain] = source[packed]
    }
  }

  /// A parameter's elements in the order that `setValues` takes them in. Throws
  /// `KernelError.noSuchParameter`.
  public func values(of name: String, transposed: Bool = false) throws(KernelError) -> [Float] {
    guard let entry = layout.entry(named: name) else { throw .noSuchParameter(name: name) }
    let count = entry.shape.elementCount
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBufferPointer { values throws(KernelError) in
      try copyValues(of: name, to: values, transposed: transposed)
    }
    return values
  }

  /// Zeros everywhere.
  public func clear() { floats.update(repeating: 0) }

  private func place(
    _ name: String, _ count: Int
  ) throws(KernelError) -> (ParameterLayout.Entry, UnsafeMutablePointer<Float>) {
    guard let entry = layout.entry(named: name) else { throw .noSuchParameter(name: name) }
    guard count == entry.shape.elementCount else {
      throw .wrongParameterSize(name: name, found: count, wanted: entry.shape.dimensions)
    }
    return (entry, floats.baseAddress! + entry.offset)
  }

  private func existing(_ name: String) -> ParameterLayout.Entry {
    guard let entry = layout.entry(named: name) else {
      preconditionFailure("there is no parameter \(name)")
    }
    return entry
  }

  /// Where each element of a matrix is in its packed and in its row-major form, in the order of the
  /// former.
  @inline(__always) private static func forEachElement(
    _ rows: Int, _ columns: Int, _ transposed: Bool, _ body: (_ packed: Int, _ plain: Int) -> Void
  ) {
    let size = PackedLayout.groupRows
    for first in stride(from: 0, to: rows, by: size) {
      let count = min(size, rows - first)
      for column in 0..<columns {
        let packed = first * columns + column * size
        for lane in 0..<count {
          let row = first + lane
          body(packed + lane, transposed ? column * rows + row : row * columns + column)
        }
      }
    }
  }
}
