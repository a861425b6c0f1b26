import BlockFormats
import TensorKernels

/// Algorithm 1 of arXiv 2210.17323 in double precision, dense, one row at a time, with the scales of
/// blocks that are given: a witness for `CompensatedRounding` that shares none of its formulas.
enum TextbookGPTQ {
  static func round(
    _ problem: CompensatedRoundingTests.Problem, _ format: BlockFormat, scalesOf blocks: [UInt8],
    damping: Double
  ) -> [Float] {
    let n = problem.columns
    var hessian = problem.hessian
    let mean = (0..<n).reduce(0) { $0 + hessian[$1][$1] } / Double(n)
    for i in 0..<n { hessian[i][i] += damping * mean }
    let upper = transposed(cholesky(inverse(hessian)))

    var out = [Float](repeating: 0, count: problem.rows * n)
    for row in 0..<problem.rows {
      var w = (0..<n).map { Double(problem.weights[row * n + $0]) }
      for j in 0..<n {
        let start = (row * (n / 32) + j / 32) * format.bytesPerBlock
        let value = nearest(w[j], format, Array(blocks[start..<start + 4]))
        out[row * n + j] = Float(value)
        let error = (w[j] - value) / upper[j][j]
        for k in j..<n { w[k] -= error * upper[j][k] }
      }
    }
    return out
  }

  /// The value that a block with that header has nearest to `x`.
  private static func nearest(_ x: Double, _ format: BlockFormat, _ header: [UInt8]) -> Double {
    func half(_ at: Int) -> Double {
      Double(Float(Half(bits: UInt16(header[at]) | UInt16(header[at + 1]) << 8)))
    }
    let d = half(0)
    switch format {
    case .q4_0: return d == 0 ? 0 : d * min(max((x / d).rounded(), -8), 7)
    case .q4_1:
      return d == 0 ? half(2) : half(2) + d * min(max(((x - half(2)) / d).rounded(), 0), 15)
    default: return d == 0 ? 0 : d * min(max((x / d).rounded(), -127), 127)
    }
  }

  /// Gauss-Jordan.
  private static func inverse(_ matrix: [[Double]]) -> [[Double]] {
    let n = matrix.count
    var a = matrix
    var result = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0 } }
    for column in 0..<n {
      let pivot = (column..<n).max { abs(a[$0][column]) < abs(a[$1][column]) }!
      a.swapAt(column, pivot)
      result.swapAt(column, pivot)
      let scale = 1 / a[column][column]
      for k in 0..<n {
        a[column][k] *= scale
        result[column][k] *= scale
      }
      for row in 0..<n where row != column {
        let factor = a[row][column]
        for k in 0..<n {
          a[row][k] -= factor * a[column][k]
          result[row][k] -= factor * result[column][k]
        }
      }
    }
    return result
  }

  /// L of L Lᵀ.
  private static func cholesky(_ matrix: [[Double]]) -> [[Double]] {
    let n = matrix.count
    var l = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for i in 0..<n {
      for j in 0...i {
        let sum = (0..<j).reduce(matrix[i][j]) { $0 - l[i][$1] * l[j][$1] }
        l[i][j] = i == j ? sum.squareRoot() : sum / l[j][j]
      }
    }
    return l
  }

  private static func transposed(_ matrix: [[Double]]) -> [[Double]] {
    (0..<matrix.count).map { i in matrix.map { $0[i] } }
  }
}
