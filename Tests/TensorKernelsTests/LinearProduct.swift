import KernelInterface
import TensorKernels
import TestSupport

/// One product as the model asks for it: activations converted tile by tile, then every thread's
/// share of the rows.
struct LinearProduct {
  let matrix: PackedMatrix
  let set: InstructionSet
  let precision: ActivationPrecision

  /// Floats between the results of one row of activations and the next.
  var stride: Int { matrix.rows + 3 }

  /// What stands where nothing may be written.
  static let untouched: Float = -12345

  /// x W^T for the rows of `x`, `[n][stride]`; added to `onto`, of the same shape, where it is given.
  func run(_ x: [Float], onto: [Float]? = nil, pool: ThreadPool = Pools.one) throws -> [Float] {
    let kernels = set.kernels
    let columns = matrix.columns
    let n = x.count / columns
    let layout = matrix.view.layout(precision)
    let memory = try PageBuffer(
      byteCount: ActivationTiles.byteCount(rows: n, columns: columns, exact: true))
    let scratch = try PageBuffer(byteCount: pool.threadCount * PackedMatrix.panelScratch * 4)
    let tiles = ActivationTiles(memory.address, rows: n, columns: columns)
    let tileRows = n == 1 ? 1 : ActivationTiles.tileRows
    x.withUnsafeBufferPointer { x in
      for tile in 0..<(n + tileRows - 1) / tileRows {
        tiles.fill(
          kernels, layout: layout, tile: tile, tileRows: tileRows,
          x: x.baseAddress! + tile * tileRows * columns, stride: columns,
          validRows: min(tileRows, n - tile * tileRows), columns: columns)
      }
    }
    var out = onto ?? [Float](repeating: LinearProduct.untouched, count: n * stride)
    out.withUnsafeMutableBufferPointer { out in
      let results = out.baseAddress!
      pool.run { worker in
        matrix.view.apply(
          worker, kernels, tiles, count: n, layout: layout, out: results, stride: stride,
          accumulate: onto != nil,
          scratch: scratch.elements(Float.self) + worker.index * PackedMatrix.panelScratch)
      }
    }
    return out
  }

  /// The first result that is off by more than `roundings` units of its terms' magnitudes, or a
  /// place between the rows that was written.
  func firstError(
    _ out: [Float], n: Int, roundings: Int, onto: [Float]? = nil,
    _ reference: (_ row: Int, _ output: Int) -> ReferenceSum
  ) -> String? {
    for i in 0..<n {
      for m in 0..<stride {
        let found = out[i * stride + m]
        guard m < matrix.rows else {
          let wanted = onto?[i * stride + m] ?? LinearProduct.untouched
          if found != wanted { return "wrote \(found) past the end of row \(i)" }
          continue
        }
        var (wanted, magnitude) = reference(i, m)
        if let onto {
          wanted += Double(onto[i * stride + m])
          magnitude += abs(Double(onto[i * stride + m]))
        }
        let tolerance = Double(roundings) * unit * magnitude
        if !(abs(Double(found) - wanted) <= tolerance) {
          return "row \(i), output \(m): \(found), wanted \(wanted) +- \(tolerance)"
        }
      }
    }
    return nil
  }
}

extension RandomMatrix {
  func packed(_ set: InstructionSet, _ pool: ThreadPool = Pools.one) throws -> PackedMatrix {
    try bytes.withUnsafeBytes { source in
      try PackedMatrix(
        format, rows: rows, columns: columns, source: source, kernels: set.kernels, pool: pool)
    }
  }
}
