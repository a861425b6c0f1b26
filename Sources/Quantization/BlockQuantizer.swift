import BlockFormats
import KernelInterface
import Synchronization
import TensorKernels

/// How the scale (and minimum) of a block is chosen.
public enum Rounding: String, Sendable, CaseIterable {
  /// As ggml's reference quantizers do, byte for byte.
  case reference
  /// The block with the least weighted square error that a search finds; never more than the
  /// reference's. Unlike llama.cpp's quantizers without an importance matrix, which take the
  /// reference's scale.
  case best
}

/// Writes rows of a matrix in a block format:
/// minimises Σ importance[column] (x − decoded)² over each block, or does what ggml's reference does.
///
/// A row is a whole number of blocks. Each row's bytes depend on that row alone, so a tensor may
/// come in pieces and on any number of threads.
public struct BlockQuantizer: Sendable {
  /// What is written.
  public let format: BlockFormat
  /// How.
  public let rounding: Rounding

  /// Whether values are refused that no scale in half precision reaches. Otherwise the search saturates its
  /// scales, and the reference's become infinite, as ggml's do.
  public let refusesOverflow: Bool

  private let kernels: KernelTable

  /// A quantizer to `format`, which must be one that `BlockFormat.hasQuantizer` says is written. For
  /// the plain formats F32, F16 and BF16, values are rounded to the nearest whatever `rounding` is.
  public init(
    _ format: BlockFormat, rounding: Rounding, refusesOverflow: Bool = false,
    instructionSet: InstructionSet = .best
  ) {
    precondition(format.hasQuantizer, "\(format.name) is only read")
    self.format = format
    self.rounding = rounding
    self.refusesOverflow = refusesOverflow
    kernels = instructionSet.kernels
  }

  /// Encodes whole rows on all threads of `pool`.
  ///
  /// - Parameters:
  ///   - source: rows of `columns` elements of `sourceFormat`, one after the other.
  ///   - sourceFormat: how the source's elements are stored.
  ///   - columns: elements of one row.
  ///   - importance: a weight of the square error for each column, not negative and finite, as the
  ///     mean square of what multiplies the column; nil for equal ones. Only `Rounding.best` looks.
  ///   - destination: exactly the bytes that the rows take in `format`.
  ///   - tensor: the tensor's name, for errors.
  ///   - firstRow: the number of the first row in the tensor, for errors.
  ///   - pool: the threads that share the rows.
  ///
  /// Throws `partialBlocks` when a row does not fill whole blocks, `notFinite` when the source holds an
  /// infinity or NaN, and with `refusesOverflow` `tooLarge` when a block's values are beyond what its scale can reach; the
  /// destination is then partly written.
  public func quantize(
    _ source: UnsafeRawBufferPointer, _ sourceFormat: BlockFormat, columns: Int,
    importance: [Float]? = nil, into destination: UnsafeMutableRawBufferPointer,
    tensor: String, firstRow: Int = 0, pool: ThreadPool
  ) throws(QuantizationError) {
    guard let rowBytes = format.byteCount(elements: columns) else {
      throw .partialBlocks(tensor: tensor, columns: columns, format: format)
    }
    guard let sourceRowBytes = sourceFormat.byteCount(elements: columns) else {
      throw .partialBlocks(tensor: tensor, columns: columns, format: sourceFormat)
    }
    guard columns > 0, !source.isEmpty else { return }
    let rows = source.count / sourceRowBytes
    precondition(source.count == rows * sourceRowBytes && destination.count == rows * rowBytes)
    let weights = importance.map { BlockQuantizer.normalized($0, columns: columns) }

    nonisolated(unsafe) let from = source.baseAddress!
    nonisolated(unsafe) let to = destination.baseAddress!
    let failure = FirstFailure()
    let beyond = FirstFailure()
    // A few rows at a time, so that their floats stay in the second-level cache.
    let batch = max(1, 8192 / columns)
    let parts = (rows + batch - 1) / batch
    // Dealt as they are done: another thread, which writes, takes its time from some of these.
    let next = Atomic<Int>(0)
    pool.run { _ in
      let buffer = UnsafeMutablePointer<Float>.allocate(
        capacity: batch * columns + KernelTable.quantizeScratch)
      defer { buffer.deallocate() }
      while true {
        let part = next.add(1, ordering: .relaxed).oldValue
        guard part < parts else { return }
        let first = part * batch
        let count = min(batch, rows - first)
        kernels.load(
          sourceFormat,
          UnsafeRawBufferPointer(
            start: from + first * sourceRowBytes, count: count * sourceRowBytes),
          count * columns, into: buffer)
        let bad = kernels.quantization.firstNotFinite(buffer, count * columns)
        if bad >= 0 {
          // Parts before this one are with other threads already, which will tell.
          failure.record(row: first + bad / columns, column: bad % columns)
          return
        }
        if refusesOverflow, let row = firstRowBeyond(buffer, rows: count, columns: columns) {
          beyond.record(row: first + row, column: 0)
          return
        }
        encode(
          buffer, rows: count, columns: columns, weights, to + first * rowBytes,
          scratch: buffer + batch * columns)
      }
    }
    if let (row, column) = failure.place {
      throw .notFinite(tensor: tensor, row: firstRow + row, column: column)
    }
    if beyond.place != nil { throw .tooLarge(tensor: tensor, format: format) }
  }

  /// The first row with a block that the format cannot hold.
  func firstRowBeyond(_ values: UnsafePointer<Float>, rows: Int, columns: Int) -> Int? {
    let size = format.elementsPerBlock
    guard size > 1, largestMagnitude(values, rows * columns) > BlockFormat.largestHalf else {
      return nil
    }
    for block in 0..<rows * columns / size
    where !format.canHold(UnsafeBufferPointer(start: values + block * size, count: size)) {
      return block * size / columns
    }
    return nil
  }

  private func largestMagnitude(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var largest = SIMD16<Float>.zero
    var index = 0
    while index + 16 <= count {
      let vector = UnsafeRawPointer(values + index).loadUnaligned(as: SIMD16<Float>.self)
      largest = pointwiseMax(largest, pointwiseMax(vector, -vector))
      index += 16
    }
    var result = largest.max()
    while index < count {
      result = max(result, abs(values[index]))
      index += 1
    }
    return result
  }

  private func encode(
    _ values: UnsafePointer<Float>, rows: Int, columns: Int, _ importance: [Float]?,
    _ out: UnsafeMutableRawPointer, scratch: UnsafeMutablePointer<Float>
  ) {
    let number = PackedLayout.number(format)
    switch format {
    case .f32, .f16, .bf16: kernels.quantization.fromFloats(number, values, rows * columns, out)
    case .q5_0 where rounding == .reference, .q5_1 where rounding == .reference:
      ReferenceBlocks.quantize(
        format, UnsafeBufferPointer(start: values, count: rows * columns),
        into: UnsafeMutableRawBufferPointer(
          start: out, count: rows * columns / 32 * format.bytesPerBlock))
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K:
      let shape = Superblock.Shape(format)!
      for block in 0..<rows * columns / 256 {
        let x = values + 256 * block
        let column = 256 * block % columns
        let found =
          rounding == .reference
          ? Superblock.reference(shape, x)
          : SuperblockSearch(
            x, weights: importance.map { Array($0[column..<column + 256]) }
          ).best(shape)
        found.store(out + block * format.bytesPerBlock)
      }
    default:
      let blocks = columns / format.elementsPerBlock
      let best = rounding == .best ? 1 : 0
      if let importance {
        importance.withUnsafeBufferPointer {
          kernels.quantization.quantizeBlocks(
            number, best, values, $0.baseAddress, blocks, rows * blocks, out, scratch)
        }
      } else {
        kernels.quantization.quantizeBlocks(
          number, best, values, nil, blocks, rows * blocks, out, scratch)
      }
    }
  }

  /// With mean 1, so that no product of weights and squares overflows that would not without them.
  static func normalized(_ importance: [Float], columns: Int) -> [Float] {
    precondition(importance.count == columns, "\(importance.count) weights, \(columns) columns")
    precondition(importance.allSatisfy { $0 >= 0 && $0 < .infinity }, "a weight is unusable")
    let mean = importance.reduce(0.0) { $0 + Double($1) } / Double(columns)
    guard mean > 0 else { return [Float](repeating: 1, count: columns) }
    return importance.map { Float(Double($0) / mean) }
  }
}

extension BlockFormat {
  /// The largest number that half precision has.
  static let largestHalf: Float = 65504

  /// Whether scale and minimum of a block, in half precision, reach all of `values`, which are finite.
  func canHold(_ values: UnsafeBufferPointer<Float>) -> Bool {
    var (least, most) = (Float.infinity, -Float.infinity)
    for value in values { (least, most) = (min(least, value), max(most, value)) }
    // Up to here numbers are rounded to the largest half, and not to infinity.
    let limit = Double(Self.largestHalf) + 16
    let magnitude = Double(max(most, -least))
    return switch self {
    case .q4_0: magnitude < 8 * limit
    case .q8_0: magnitude < 127 * limit
    case .q4_1: Double(most) - Double(least) < 15 * limit && abs(Double(least)) < limit
    default: true
    }
  }
}

extension KernelTable {
  /// The floats of `count` elements of any readable format.
  func load(
    _ format: BlockFormat, _ source: UnsafeRawBufferPointer, _ count: Int,
    into values: UnsafeMutablePointer<Float>
  ) {
    switch format {
    case .f32, .f16, .bf16:
      quantization.toFloats(PackedLayout.number(format), source.baseAddress!, count, values)
    default:
      ReferenceBlocks.dequantize(
        format, source, into: UnsafeMutableBufferPointer(start: values, count: count))
    }
  }
}
