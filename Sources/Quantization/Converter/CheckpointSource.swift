import BlockFormats
import ModelFiles
import TensorKernels

/// A tensor as a source presents it, under its name in GGUF.
public struct SourceTensor: Sendable, Equatable {
  /// Its name in GGUF, as "blk.0.attn_q.weight".
  public let name: String
  /// Its dimensions in ggml's order: a matrix is `[columns, rows]`.
  public let shape: [Int]
  /// How its rows are handed over.
  public let format: BlockFormat
  /// What the source calls its elements: a format's name, "i8" for llama2.c's groups, or what quantized them.
  public let storedAs: String
  /// Rows can only be read in multiples of this many, but for the last.
  public let rowUnit: Int
  /// Whether its elements were rounded to a few bits, whatever they are handed over as.
  public let isQuantized: Bool

  init(
    name: String, shape: [Int], format: BlockFormat, storedAs: String? = nil, rowUnit: Int = 1,
    isQuantized: Bool? = nil
  ) {
    self.name = name
    self.shape = shape
    self.format = format
    self.storedAs = storedAs ?? format.name
    self.rowUnit = rowUnit
    self.isQuantized = isQuantized ?? (format.elementsPerBlock > 1)
  }

  /// Elements of a row; all of a vector's.
  public var columns: Int { shape.first ?? 1 }
  /// Rows; 1 for a vector.
  public var rows: Int { shape.dropFirst().reduce(1, *) }
  /// Bytes of a row as it is handed over.
  var rowBytes: Int { format.byteCount(elements: columns) ?? 1 }

  /// Rows to take at a time, so that neither what is read nor what is written, `writtenRowBytes` for
  /// each row, is much more than 16 MB.
  func rowsOfSlice(writtenRowBytes: Int = 0) -> Int {
    let fitting = max(1, (16 << 20) / max(rowBytes, writtenRowBytes))
    return min(rows, max(rowUnit, fitting / rowUnit * rowUnit))
  }
}

/// A checkpoint of any kind, as the converter sees it: metadata and tensors in GGUF's terms, rows on
/// demand. Nothing but the rows that are asked for is in memory.
public protocol CheckpointSource: Sendable {
  /// The file or folder, as the caller named it.
  var path: String { get }
  /// The files it is made of.
  var files: [String] { get }
  /// What the file will say of the model and its tokenizer; not what the converter adds.
  var metadata: [(key: String, value: GGUFEntry)] { get }
  /// All tensors, in the order they are written.
  var tensors: [SourceTensor] { get }

  /// The bytes of `rows` of tensor `index` in its `format`: where they lie in the mapped file, or put
  /// together in `scratch`, which has room for them. Valid until the next call, while the source
  /// lives.
  func read(
    _ rows: Range<Int>, of index: Int, scratch: UnsafeMutableRawBufferPointer, pool: ThreadPool
  ) throws(ConversionError) -> UnsafeRawBufferPointer

  /// Memory that it holds besides the slices: an adapter's matrices.
  var heldBytes: Int { get }

  /// Lets the system read the rows ahead.
  func willRead(_ rows: Range<Int>, of index: Int)

  /// Gives back the memory of the rows' pages.
  func release(_ rows: Range<Int>, of index: Int)
}

extension CheckpointSource {
  /// None.
  public var heldBytes: Int { 0 }

  /// The last part of the path: what may be said about where a file came from.
  var name: String {
    path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? path
  }
}
