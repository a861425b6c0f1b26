import BlockFormats
import KernelInterface
import ModelFiles
import TensorKernels

/// Turns the data of a packed file's tensors, rows one after the other and in pieces of any size, into
/// what the file holds: groups of 16 rows for those that are packed, the same bytes for the others.
struct GroupPacker {
  private let tensors: [GGUFWriter.Tensor]
  private let kernels = InstructionSet.best.kernels
  /// The tensor whose data comes next, and how many of its rows' bytes were taken.
  private var current = 0
  private var done = 0
  /// Rows of a group that is not complete yet.
  private var pending: [UInt8] = []
  private var group: [UInt8] = []

  /// A packer for tensors of these declarations, in the order of the file.
  init(_ tensors: [GGUFWriter.Tensor]) { self.tensors = tensors }

  /// Takes the next bytes. Throws `notFinite`, or what writing comes to.
  mutating func append(
    _ bytes: UnsafeRawBufferPointer, to writer: inout GGUFWriter
  ) throws(ConversionError) {
    var rest = bytes
    while !rest.isEmpty {
      let tensor = tensors[current]
      let rowBytes = tensor.format.byteCount(elements: tensor.shape.first ?? 1) ?? 1
      let size = rowBytes * tensor.shape.dropFirst().reduce(1, *)
      let some = UnsafeRawBufferPointer(rebasing: rest[..<min(rest.count, size - done)])
      rest = UnsafeRawBufferPointer(rebasing: rest[some.count...])
      if tensor.isPacked {
        try pack(some, of: tensor, rowBytes, size, &writer)
      } else {
        try write(some, &writer)
      }
      done += some.count
      if done == size { (current, done) = (current + 1, 0) }
    }
  }

  private mutating func pack(
    _ bytes: UnsafeRawBufferPointer, of tensor: GGUFWriter.Tensor, _ rowBytes: Int, _ size: Int,
    _ writer: inout GGUFWriter
  ) throws(ConversionError) {
    let whole = rowBytes * PackedLayout.groupRows
    group = Array(
      repeating: 0, count: PackedLayout.groupBytes(tensor.format, columns: tensor.shape[0]))
    var at = 0
    while at < bytes.count {
      let start = done + at  // of the tensor; groups begin at multiples of `whole`
      let groupEnd = min(size, (start / whole + 1) * whole)
      let some = UnsafeRawBufferPointer(
        rebasing: bytes[at..<min(bytes.count, at + groupEnd - start)])
      at += some.count
      let first = start / whole * PackedLayout.groupRows
      if some.count == groupEnd - start, pending.isEmpty {
        try packGroup(some, of: tensor, rowBytes, firstRow: first, &writer)
        continue
      }
      pending += some
      guard start + some.count == groupEnd else { continue }
      let rows = pending
      pending.removeAll(keepingCapacity: true)
      try rows.span.bytes.withUnsafeBytes { bytes throws(ConversionError) in
        try packGroup(bytes, of: tensor, rowBytes, firstRow: first, &writer)
      }
    }
  }

  private mutating func packGroup(
    _ rows: UnsafeRawBufferPointer, of tensor: GGUFWriter.Tensor, _ rowBytes: Int, firstRow: Int,
    _ writer: inout GGUFWriter
  ) throws(ConversionError) {
    let bad = group.withUnsafeMutableBytes { target in
      kernels.linear.packGroup(
        PackedLayout.number(tensor.format), rows.baseAddress!, rowBytes, rows.count / rowBytes,
        tensor.shape[0], target.baseAddress!)
    }
    guard bad == 0 else { throw .notFinite(tensor: tensor.name, row: firstRow + bad - 1) }
    do throws(ModelFileError) { try writer.append(group.span.bytes) } catch { throw .file(error) }
  }

  private func write(
    _ bytes: UnsafeRawBufferPointer, _ writer: inout GGUFWriter
  ) throws(ConversionError) {
    do throws(ModelFileError) { try writer.append(bytes.bytes) } catch { throw .file(error) }
  }
}
