import BlockFormats
import KernelInterface
import Synchronization

/// How a linear layer takes its activations.
public enum ActivationPrecision: String, Sendable, CaseIterable {
  /// In int8, a scale for every 32, where the weights are in blocks; f32 where they are not.
  case int8
  /// In f32 everywhere: exact, and what correctness is tested against.
  case f32
}

/// A frozen weight matrix W `[rows, columns]`, packed for the CPU (see `PackedLayout`) and read by
/// `linear` as y = W x. Rows past the last full group of 16 are zeros.
public final class PackedMatrix: Sendable {
  /// The format of the elements, as in the file they came from.
  public let format: BlockFormat
  /// Outputs.
  public let rows: Int
  /// Inputs.
  public let columns: Int
  /// Bytes in memory, its own or a file's.
  public let byteCount: Int

  /// What the groups lie in, kept alive: memory of this matrix, or a mapped file.
  private let owner: any AnyObject & Sendable
  private nonisolated(unsafe) let groups: UnsafeRawPointer

  /// The matrix as the kernels read it; valid while this object lives.
  package var view: MatrixView {
    MatrixView(
      format: format, rows: rows, columns: columns, groups: groups)
  }

  /// Packs `source`, rows one after the other as in a GGUF file, on all threads of `pool`.
  ///
  /// `source` must hold `rows` rows of `columns` elements; `columns` must fill whole blocks.
  /// `release` hears which bytes of it are no longer needed, a few megabytes at a time. Throws
  /// `KernelError.notFinite` when a scale (or a plain element) is infinite or no number.
  public convenience init(
    _ format: BlockFormat, rows: Int, columns: Int, source: UnsafeRawBufferPointer,
    kernels: KernelTable, pool: ThreadPool, release: (Range<Int>) -> Void = { _ in }
  ) throws(KernelError) {
    var arena = PageArena(regionBytes: 0)
    try self.init(
      format, rows: rows, columns: columns, source: source, in: &arena, kernels: kernels,
      pool: pool,
      release: release)
  }

  /// The same, into memory of `arena`.
  package init(
    _ format: BlockFormat, rows: Int, columns: Int, source: UnsafeRawBufferPointer,
    in arena: inout PageArena, kernels: KernelTable, pool: ThreadPool,
    release: (Range<Int>) -> Void = { _ in }
  ) throws(KernelError) {
    guard let rowBytes = format.byteCount(elements: columns) else {
      preconditionFailure("\(columns) columns do not fill blocks of \(format.name)")
    }
    precondition(rows > 0 && columns > 0 && source.count >= rows * rowBytes)
    self.format = format
    self.rows = rows
    self.columns = columns
    let groupCount = PackedLayout.groupCount(rows: rows)
    let groupBytes = PackedLayout.groupBytes(format, columns: columns)
    byteCount = groupCount * groupBytes
    let memory = try arena.allocate(byteCount: byteCount)
    owner = memory.owner
    groups = UnsafeRawPointer(memory.address)

    nonisolated(unsafe) let from = source.baseAddress!
    nonisolated(unsafe) let to = memory.address
    let badRow = Atomic<Int>(-1)
    let slice = max(pool.threadCount, PackedMatrix.sliceBytes / groupBytes)
    for start in stride(from: 0, to: groupCount, by: slice) {
      let count = min(slice, groupCount - start)
      pool.parallel(count) { share in
        for group in start + share.lowerBound..<start + share.upperBound {
          let first = group * PackedLayout.groupRows
          let bad = kernels.linear.packGroup(
            PackedLayout.number(format), from + first * rowBytes, rowBytes,
            min(PackedLayout.groupRows, rows - first), columns, to + group * groupBytes)
          if bad != 0 { badRow.store(first + bad - 1, ordering: .relaxed) }
        }
      }
      let endRow = min(rows, (start + count) * PackedLayout.groupRows)
      release(start * PackedLayout.groupRows * rowBytes..<endRow * rowBytes)
    }
    let row = badRow.load(ordering: .relaxed)
    if row >= 0 { throw KernelError.notFinite(row: row) }
  }

  /// A matrix that is packed already, where it lies: the bytes of its groups, which `owner` keeps valid
  /// and unchanged. They are trusted to have been packed by this class.
  package init(
    _ format: BlockFormat, rows: Int, columns: Int, packed bytes: UnsafeRawBufferPointer,
    owner: any AnyObject & Sendable
  ) {
    precondition(
      bytes.count == PackedLayout.byteCount(format, rows: rows, columns: columns),
      "\(bytes.count) bytes are no matrix of \(rows) x \(columns)")
    self.format = format
    self.rows = rows
    self.columns = columns
    self.owner = owner
    groups = bytes.baseAddress!
    byteCount = bytes.count
  }

  /// One row as f32, for an embedding that shares its matrix with the output.
  package func dequantize(
    row: Int, kernels: KernelTable, panel: UnsafeMutablePointer<Float>,
    into out: UnsafeMutablePointer<Float>
  ) {
    precondition(row >= 0 && row < rows)
    let group = view.groups + row / PackedLayout.groupRows * view.groupBytes
    let lane = row % PackedLayout.groupRows
    var start = 0
    while start < columns {
      let count = min(PackedMatrix.panelColumns, columns - start)
      kernels.linear.dequantizePanel(
        PackedLayout.number(format), group, columns, start, count, panel, PackedLayout.groupRows)
      for i in 0..<count { out[start + i] = panel[i * PackedLayout.groupRows + lane] }
      start += count
    }
  }

  /// Bytes packed between two calls of `release`.
  private static let sliceBytes = 8 << 20

  /// Columns that `dequantize` and the exact path take at a time.
  package static let panelColumns = 256
  /// Floats of scratch that a thread needs for panels of 32 rows.
  package static let panelScratch = 32 * panelColumns

}

/// A packed matrix without its owner: plain pointers and numbers, so that the hot path counts no
/// references.
package struct MatrixView {
  package let format: BlockFormat
  package let rows: Int
  package let columns: Int
  package let groups: UnsafeRawPointer

  /// Groups of rows.
  package var groupCount: Int { PackedLayout.groupCount(rows: rows) }
  package var groupBytes: Int { PackedLayout.groupBytes(format, columns: columns) }

  /// How this matrix wants its activations.
  package func layout(_ precision: ActivationPrecision) -> ActivationLayout {
    precision.layout(format)
  }
}

extension ActivationPrecision {
  /// How a matrix of `format` wants its activations.
  package func layout(_ format: BlockFormat) -> ActivationLayout {
    guard self == .int8, let kind = OffsetKind(format) else { return .f32 }
    return .int8(kind)
  }
}

/// How activations lie in memory for a matrix.
package enum ActivationLayout: Equatable, Sendable {
  case int8(OffsetKind)
  case f32
}
