import KernelInterface
import TensorKernels

/// H = Σ x xᵀ over the inputs x of a linear layer, `[size][size]`, and its factor: what
/// `CompensatedRounding` needs to know about the layer's inputs (arXiv 2210.17323).
///
/// Only the lower triangle is summed. `factor` puts A there, where H = Sᵀ S, S lower triangular, and
/// A_jk = S_jk / S_jj; H stays in the upper triangle, so that `restore` brings it back. (Whole tiles
/// are written, so the squares on the diagonal are kept apart meanwhile.)
///
/// Memory: size² + (2 · chunkRows + panel) · size floats.
package final class GramMatrix {
  /// Columns of the layer; a multiple of 32.
  package let size: Int
  /// Row-major.
  package let values: UnsafeMutablePointer<Float>
  /// S_jj² for each j, once factored.
  package private(set) var costs: [Float]
  /// Inputs summed so far.
  package internal(set) var count = 0
  /// Fraction of the mean of H's diagonal that was added to it by `factor`.
  package private(set) var damping: Float = 0

  /// Inputs that are taken at a time.
  private static let chunkRows = 256
  /// Rows of a panel of the factorization, and columns of a task of the sum.
  private static let panel = 64

  private let kernels: KernelTable
  private let pool: ThreadPool
  private let storage: PageBuffer
  private let packed: PageBuffer
  private let squares: PageBuffer
  private var diagonal: [Float]
  private var isFactored = false

  package init(size: Int, pool: ThreadPool, instructionSet: InstructionSet = .best)
    throws(KernelError)
  {
    precondition(size > 0 && size % 32 == 0, "\(size) columns do not fill blocks of 32")
    self.size = size
    self.pool = pool
    kernels = instructionSet.kernels
    storage = try PageBuffer(byteCount: size * size * 4)
    packed = try PageBuffer(
      byteCount: (2 * GramMatrix.chunkRows * size
        + pool.threadCount * PackedMatrix.panelScratch) * 4)
    squares = try PageBuffer(byteCount: GramMatrix.panel * size * 4)
    values = storage.elements()
    costs = [Float](repeating: 0, count: size)
    diagonal = costs
  }

  /// Bytes of a matrix of that size.
  package static func byteCount(size: Int) -> Int {
    (size * size + (2 * chunkRows + panel) * size) * 4
  }

  /// Starts again from zero.
  package func reset() {
    count = 0
    isFactored = false
    pool.parallel(size) { rows in
      (values + rows.lowerBound * size).update(repeating: 0, count: rows.count * size)
    }
  }

  /// Adds x xᵀ for `rows` rows x, `[rows][size]`.
  package func accumulate(_ x: UnsafePointer<Float>, rows: Int) {
    precondition(!isFactored)
    count += rows
    var first = 0
    while first < rows {
      let some = min(GramMatrix.chunkRows, rows - first)
      addProducts(x + first * size, rows: some, columns: size, negated: false)
      first += some
    }
  }

  /// Hands over the lower triangle piece by piece, rows one after the other: `exchange` changes the first `count` of the
  /// floats at `piece`, `capacity` at most, and they are put back.
  package func exchange<Failure>(
    capacity: Int, _ piece: UnsafeMutablePointer<Float>,
    _ exchange: (_ count: Int) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(!isFactored && capacity >= size)
    var first = 0
    while first < size {
      var end = first
      var count = 0
      while end < size, count + end + 1 <= capacity {
        (piece + count).update(from: values + end * size, count: end + 1)
        end += 1
        count += end
      }
      try exchange(count)
      count = 0
      for row in first..<end {
        (values + row * size).update(from: piece + count, count: row + 1)
        count += row + 1
      }
      first = end
    }
  }

  /// H_ik ± Σ_n x_ni x_nk for k ≤ i < `columns`; x is `[rows][size]`. Every element is one chain over
  /// n, so results do not depend on the number of threads.
  private func addProducts(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, negated: Bool
  ) {
    guard columns > 0 else { return }
    let groups: UnsafeMutablePointer<Float> = packed.elements()  // [columns / 16][rows][16]
    let tiles = groups + GramMatrix.chunkRows * size  // [columns / 8][rows][8]
    let scratch = tiles + GramMatrix.chunkRows * size
    let tasks = (columns + GramMatrix.panel - 1) / GramMatrix.panel
    pool.run { worker in
      for group in worker.each(columns / 16) {
        for row in 0..<rows {
          (groups + (group * rows + row) * 16).update(from: x + row * size + group * 16, count: 16)
        }
      }
      for tile in worker.each(columns / 8) {
        for row in 0..<rows {
          let source = x + row * size + tile * 8
          let target = tiles + (tile * rows + row) * 8
          for i in 0..<8 { target[i] = negated ? -source[i] : source[i] }
        }
      }
      worker.barrier()
      // Long rows first, so that the threads finish together.
      worker.deal(tasks) { number in
        let task = tasks - 1 - number
        let first = task * GramMatrix.panel
        let end = min(columns, first + GramMatrix.panel)
        kernels.linear.linearF32(
          PackedLayout.number(.f32), groups, rows, tiles + first * rows, end - first, 0, end / 16,
          end, values + first * size, size, 1,
          scratch + worker.index * PackedMatrix.panelScratch)
      }
    }
  }

  /// Factors H + λ · mean(diagonal) · I, with λ = `damping`, ten times as much where rounding errors
  /// leave that without a factor, and so on; inputs that never occur need some.
  package func factor(damping: Float) {
    precondition(!isFactored && damping > 0)
    pool.parallel(size) { rows in
      for row in rows {
        for column in 0..<row { values[column * size + row] = values[row * size + column] }
      }
    }
    copySquares(saving: true)
    for i in 0..<size { diagonal[i] = values[i * size + i] }
    let mean = diagonal.reduce(0.0) { $0 + Double($1) } / Double(size)
    self.damping = damping
    isFactored = true
    // All inputs zero: any factor does, and rounding is to the nearest.
    let unit = mean > 0 ? Float(mean) : 1
    for i in 0..<size { diagonal[i] += self.damping * unit }
    setDiagonal()
    while !factorLower() {
      for i in 0..<size { diagonal[i] += 9 * self.damping * unit }
      self.damping *= 10
      mirrorUpper()
    }
  }

  /// The whole of H, damped, in both triangles.
  package func restore() {
    precondition(isFactored)
    mirrorUpper()
  }

  private func setDiagonal() {
    for i in 0..<size { values[i * size + i] = diagonal[i] }
  }

  /// Row i of the square it is in, `[size][panel]`.
  private func copySquares(saving: Bool) {
    let saved: UnsafeMutablePointer<Float> = squares.elements()
    for row in 0..<size {
      let first = row / GramMatrix.panel * GramMatrix.panel
      let count = min(GramMatrix.panel, size - first)
      let here = values + row * size + first
      let there = saved + row * GramMatrix.panel
      if saving {
        there.update(from: here, count: count)
      } else {
        here.update(from: there, count: count)
      }
    }
  }

  private func mirrorUpper() {
    copySquares(saving: false)
    pool.parallel(size) { rows in
      for row in rows {
        for column in 0..<row { values[row * size + column] = values[column * size + row] }
      }
    }
    setDiagonal()
  }

  /// From the last panel of rows to the first: factors its part on the diagonal, solves for the rows
  /// to the left of it, and takes their products off all that is above. False when H is not positive.
  private func factorLower() -> Bool {
    var end = size
    while end > 0 {
      let first = max(0, (end - 1) / GramMatrix.panel * GramMatrix.panel)
      guard factorDiagonal(first, end) else { return false }
      pool.run { worker in
        for columns in worker.portions(of: first, unit: 32) {
          for row in (first..<end).reversed() {
            let target = values + row * size
            for later in row + 1..<max(end, row + 1) {
              let factor = values[later * size + row]
              let source = values + later * size
              for k in columns { target[k] -= factor * source[k] }
            }
            let inverse = 1 / target[row]
            for k in columns { target[k] *= inverse }
          }
        }
      }
      addProducts(values + first * size, rows: end - first, columns: first, negated: true)
      end = first
    }
    for j in 0..<size {
      let s = values[j * size + j]
      costs[j] = s * s
    }
    pool.parallel(size) { rows in
      for row in rows {
        let inverse = 1 / values[row * size + row]
        for k in 0...row { values[row * size + k] *= inverse }
      }
    }
    return true
  }

  private func factorDiagonal(_ first: Int, _ end: Int) -> Bool {
    for row in (first..<end).reversed() {
      let target = values + row * size
      for k in first...row {
        var rest = Double(target[k])
        for later in row + 1..<max(end, row + 1) {
          rest -= Double(values[later * size + row]) * Double(values[later * size + k])
        }
        target[k] = Float(rest)
      }
      let pivot = target[row]
      guard pivot > 0, pivot < .infinity else { return false }
      let root = pivot.squareRoot()
      for k in first...row { target[k] /= root }
    }
    return true
  }
}
