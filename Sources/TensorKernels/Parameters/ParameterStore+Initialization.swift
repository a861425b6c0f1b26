import KernelInterface

/// How a parameter begins.
public enum ParameterInitialization: Sendable, Equatable {
  /// Every element the same.
  case constant(Float)
  /// Drawn from the normal distribution of mean 0.
  case normal(deviation: Double)
}

extension ParameterStore {
  /// Sets every parameter to what `rule` says, drawing from `seed`.
  ///
  /// Element k of parameter number i, k counted in row-major order (of a matrix: outputs outermost)
  /// and i in the order of the layout, is deviation times number k of stream i of `NormalGenerator`:
  /// the same on any number of threads.
  public func initialize(
    seed: UInt64, pool: ThreadPool, _ rule: (ParameterLayout.Entry) -> ParameterInitialization
  ) {
    for (index, entry) in layout.entries.enumerated() {
      switch rule(entry) {
      case .constant(let value):
        fill(entry, pool) { _ in value }
      case .normal(let deviation):
        let generator = NormalGenerator(seed: seed, stream: UInt64(index))
        fill(entry, pool) { Float(generator[$0] * deviation) }
      }
    }
  }

  private func fill(
    _ entry: ParameterLayout.Entry, _ pool: ThreadPool, _ value: (Int) -> Float
  ) {
    let target = floats.baseAddress! + entry.offset
    guard case .matrix(let rows, let columns) = entry.shape else {
      pool.parallel(entry.shape.elementCount) { share in
        for k in share { target[k] = value(k) }
      }
      return
    }
    let size = PackedLayout.groupRows
    pool.parallel(PackedLayout.groupCount(rows: rows)) { share in
      for group in share {
        let first = group * size
        for row in first..<min(first + size, rows) {
          for column in 0..<columns {
            target[first * columns + column * size + row - first] = value(row * columns + column)
          }
        }
      }
    }
  }
}
