#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Principal components of rows, by Jacobi's rotations of the smaller of their two products: of X with centred rows,
/// X X' = U S^2 U' where there are fewer rows than columns, and X' X = V S^2 V' else.
public struct PrincipalComponents: Sendable {
  /// The mean row, `[columns]`.
  public let mean: [Double]
  /// Singular values of the centred rows, the greatest first: as many as rows or columns, whichever are fewer.
  /// Squares are exact to rounding of the greatest, so that 0 may be 1e-8 of it.
  public let singularValues: [Double]
  /// The directions, each of length 1, `[values][columns]`; of values that are 0 to rounding there are none.
  public let directions: [[Double]]

  /// Components of `rows`, of which there are two at least, all as long.
  public init(_ rows: [[Double]]) {
    precondition(rows.count > 1 && rows.allSatisfy { $0.count == rows[0].count })
    let (n, d) = (rows.count, rows[0].count)
    var mean = [Double](repeating: 0, count: d)
    for row in rows { for j in 0..<d { mean[j] += row[j] / Double(n) } }
    let centred = rows.map { row in (0..<d).map { row[$0] - mean[$0] } }
    self.mean = mean
    let isWide = n <= d
    let size = isWide ? n : d
    var product = [Double](repeating: 0, count: size * size)
    if isWide {
      for i in 0..<n {
        for j in 0...i {
          let dot = Self.dot(centred[i], centred[j])
          product[i * size + j] = dot
          product[j * size + i] = dot
        }
      }
    } else {
      for row in centred {
        for i in 0..<d where row[i] != 0 {
          for j in 0..<d { product[i * size + j] += row[i] * row[j] }
        }
      }
    }
    let (values, vectors) = Self.eigen(product, size)
    let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    let greatest = max(values.max() ?? 0, 0)
    singularValues = order.map { max(values[$0], 0).squareRoot() }
    directions = order.compactMap { index in
      guard values[index] > greatest * 1e-12 else { return nil }
      let vector = (0..<size).map { vectors[$0 * size + index] }
      guard isWide else { return vector }
      var direction = [Double](repeating: 0, count: d)
      for (i, row) in centred.enumerated() {
        for j in 0..<d { direction[j] += vector[i] * row[j] }
      }
      let length = Self.dot(direction, direction).squareRoot()
      return direction.map { $0 / length }
    }
  }

  /// (sum s^2)^2 / sum s^4: how many dimensions of equal variance there would be.
  public var participationRatio: Double {
    let squares = singularValues.map { $0 * $0 }
    let total = squares.reduce(0, +)
    let fourth = squares.reduce(0) { $0 + $1 * $1 }
    return fourth > 0 ? total * total / fourth : 0
  }

  /// The least number of components that hold a `part` of the variance.
  public func dimensions(for part: Double) -> Int {
    let squares = singularValues.map { $0 * $0 }
    let wanted = part * squares.reduce(0, +)
    var sum = 0.0
    for (index, square) in squares.enumerated() {
      sum += square
      if sum >= wanted { return index + 1 }
    }
    return squares.count
  }

  /// The coordinates of `row` along the first `count` directions.
  public func coordinates(of row: [Double], count: Int) -> [Double] {
    let centred = zip(row, mean).map { $0 - $1 }
    return directions.prefix(count).map { Self.dot($0, centred) }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sum = 0.0
        for i in 0..<a.count { sum += a[i] * b[i] }
        return sum
      }
    }
  }

  /// Eigenvalues of a symmetric matrix and its eigenvectors, in columns (cyclic Jacobi; Golub and Van Loan, 8.5).
  private static func eigen(
    _ matrix: [Double], _ n: Int
  ) -> (values: [Double], vectors: [Double]) {
    var a = matrix
    var v = [Double](repeating: 0, count: n * n)
    for i in 0..<n { v[i * n + i] = 1 }
    let total = a.reduce(0) { $0 + $1 * $1 }
    for _ in 0..<60 {
      var off = 0.0
      for i in 0..<n { for j in 0..<i { off += 2 * a[i * n + j] * a[i * n + j] } }
      if off <= 1e-28 * total { break }
      for p in 0..<n - 1 {
        for q in p + 1..<n {
          let apq = a[p * n + q]
          guard apq != 0 else { continue }
          let theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
          let t = (theta >= 0 ? 1.0 : -1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<n {
            let (x, y) = (a[k * n + p], a[k * n + q])
            a[k * n + p] = c * x - s * y
            a[k * n + q] = s * x + c * y
          }
          for k in 0..<n {
            let (x, y) = (a[p * n + k], a[q * n + k])
            a[p * n + k] = c * x - s * y
            a[q * n + k] = s * x + c * y
            let (u, w) = (v[k * n + p], v[k * n + q])
            v[k * n + p] = c * u - s * w
            v[k * n + q] = s * u + c * w
          }
        }
      }
    }
    return ((0..<n).map { a[$0 * n + $0] }, v)
  }
}
