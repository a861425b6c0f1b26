import BlockFormats
import Foundation
import KernelInterface
import TensorKernels

/// What weights lost that were quantized, and were quantized again to another format.
public struct RequantizationLoss: Sendable, Equatable {
  /// How many tensors.
  public internal(set) var tensors = 0
  /// Sum of (element before - element after)^2.
  private var squaredError = 0.0
  /// Sum of (element before)^2.
  private var squares = 0.0

  init() {}

  /// Root of the mean square error, of that of the elements: sqrt(sum (x - y)^2 / sum x^2).
  public var relativeError: Double {
    squares > 0 ? (squaredError / squares).squareRoot() : 0
  }

  /// A sentence that says it.
  public var summary: String {
    let percent = String(format: "%.2f", 100 * relativeError)
    return
      "\(tensors) tensors were quantized already, and were rounded again: root mean square error "
      + "\(percent) % of theirs"
  }

  /// Adds rows as they were and as they were written. The sum does not depend on the number of threads.
  mutating func add(
    _ source: UnsafeRawBufferPointer, _ sourceFormat: BlockFormat,
    written: UnsafeRawBufferPointer, _ format: BlockFormat, rows: Int, columns: Int,
    pool: ThreadPool
  ) {
    let kernels = InstructionSet.best.kernels
    nonisolated(unsafe) let (from, to) = (source, written)
    let (fromBytes, toBytes) = (source.count / rows, written.count / rows)
    let sums = UnsafeMutablePointer<(Double, Double)>.allocate(capacity: rows)
    defer { sums.deallocate() }
    nonisolated(unsafe) let results = sums
    pool.parallel(rows) { share in
      let values = UnsafeMutablePointer<Float>.allocate(capacity: 2 * columns)
      defer { values.deallocate() }
      for row in share {
        kernels.load(
          sourceFormat, .init(rebasing: from[row * fromBytes..<(row + 1) * fromBytes]), columns,
          into: values)
        kernels.load(
          format, .init(rebasing: to[row * toBytes..<(row + 1) * toBytes]), columns,
          into: values + columns)
        var (error, square) = (0.0, 0.0)
        for column in 0..<columns {
          let (before, after) = (Double(values[column]), Double(values[columns + column]))
          error += (before - after) * (before - after)
          square += before * before
        }
        results[row] = (error, square)
      }
    }
    for row in 0..<rows {
      squaredError += sums[row].0
      squares += sums[row].1
    }
  }
}
