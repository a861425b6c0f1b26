import KernelInterface

/// Copies states out of a residual stream while a processor runs.
final class StateReader: ResidualStreamVisitor {
  private(set) var states: HiddenStates
  /// The row of the batch at which the sequence that runs begins.
  var firstRow = 0

  private let blockCount: Int
  private let finalNorm: [Float]
  private let epsilon: Float
  private let kernels: KernelTable

  init(
    _ states: HiddenStates, blockCount: Int, finalNorm: [Float], epsilon: Float,
    kernels: KernelTable
  ) {
    self.states = states
    self.blockCount = blockCount
    self.finalNorm = finalNorm
    self.epsilon = epsilon
    self.kernels = kernels
  }

  func visits(layer: Int) -> Bool { states.blocks.contains(layer) }

  func visit(_ rows: ResidualRows) {
    let first = firstRow + rows.firstPosition
    for (i, block) in states.blocks.enumerated() where block == rows.layer {
      for (j, row) in states.rows.enumerated() where (first..<first + rows.count).contains(row) {
        let target = states.range(i, j)
        rows.withRow(row - first) { values in
          for k in 0..<rows.width { states.values[target.lowerBound + k] = values[k] }
        }
        if block == blockCount { normalize(target) }
      }
    }
  }

  private func normalize(_ range: Range<Int>) {
    states.values.withUnsafeMutableBufferPointer { values in
      let row = values.baseAddress! + range.lowerBound
      kernels.rmsNorm(row, finalNorm, epsilon, finalNorm.count, row)
    }
  }
}
