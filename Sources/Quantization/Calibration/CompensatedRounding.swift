import BlockFormats
import KernelInterface
import TensorKernels

/// A matrix W `[rows, columns]` on its way to a block format, such that what the rounding of one
/// column changes in the layer's output is made good by the columns after it: Σ over rows of
/// e H eᵀ, e = w − q, is kept low (GPTQ, arXiv 2210.17323).
///
/// Holds one float for each element: the weight until its column is rounded, its error after.
/// Memory: rows (padded to 16) · columns floats and 64 · columns.
package final class CompensatedRounding {
  package let format: BlockFormat
  package let rows: Int
  package let columns: Int

  private let kernels: KernelTable
  private let pool: ThreadPool
  private let storage: PageBuffer
  private let panels: PageBuffer
  private let values: UnsafeMutablePointer<Float>  // [group][columns][16]
  private var blockBytes: Int { format.bytesPerBlock }
  private var rowBytes: Int { columns / 32 * blockBytes }
  private var groupCount: Int { PackedLayout.groupCount(rows: rows) }

  /// Allocates; all rows must be loaded before `round`.
  package init(
    _ format: BlockFormat, rows: Int, columns: Int, pool: ThreadPool,
    instructionSet: InstructionSet = .best
  ) throws(KernelError) {
    precondition(rows > 0 && columns > 0 && columns % 32 == 0)
    precondition(
      [.q4_0, .q4_1, .q5_0, .q5_1, .q8_0].contains(format), "\(format.name) is not rounded so")
    self.format = format
    self.rows = rows
    self.columns = columns
    self.pool = pool
    kernels = instructionSet.kernels
    storage = try PageBuffer(
      byteCount: PackedLayout.groupCount(rows: rows) * 16 * columns * 4)
    panels = try PageBuffer(
      byteCount: (32 * columns + pool.threadCount * CompensatedRounding.threadScratch) * 4)
    values = storage.elements()
  }

  /// Takes the weights of some rows: `fill` writes the `columns` floats of one, on any thread.
  package func load(
    _ some: Range<Int>, _ fill: (_ row: Int, _ into: UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(some.lowerBound >= 0 && some.upperBound <= rows)
    pool.parallel(some.count) { share in
      let buffer = UnsafeMutablePointer<Float>.allocate(capacity: columns)
      defer { buffer.deallocate() }
      for row in share.lowerBound + some.lowerBound..<share.upperBound + some.lowerBound {
        fill(row, buffer)
        let target = values + row / 16 * columns * 16 + row % 16
        for k in 0..<columns { target[k * 16] = buffer[k] }
      }
    }
  }

  private static let threadScratch =
    PackedMatrix.panelScratch + 512 + KernelTable.roundScratch

  /// Rounds all columns in order, by the factor in `gram`; writes the blocks, rows one after the
  /// other, to `out`.
  package func round(_ gram: GramMatrix, into out: UnsafeMutableRawPointer) {
    precondition(gram.size == columns)
    let number = PackedLayout.number(format)
    gram.costs.withUnsafeBufferPointer { buffer in
      let costs = buffer.baseAddress!
      forEachBlock(rowsOf: gram, prefixOnly: true) { block, group, feedback, scratch in
        let first = block * 32
        kernels.quantization.roundCompensated(
          number, values + (group * columns + first) * 16, feedback,
          gram.values + first * columns + first, columns, costs + first,
          min(16, rows - group * 16), out + group * 16 * rowBytes + block * blockBytes, rowBytes,
          scratch)
      }
    }
  }

  /// Looks at every code and scale again in the light of all others; `gram` is restored, `blocks` are
  /// what `round` wrote. Can be repeated.
  package func refine(_ gram: GramMatrix, _ blocks: UnsafeMutableRawPointer) {
    precondition(gram.size == columns)
    let number = PackedLayout.number(format)
    forEachBlock(rowsOf: gram, prefixOnly: false) { block, group, gradient, scratch in
      let first = block * 32
      kernels.quantization.refineBlocks(
        number, values + (group * columns + first) * 16, gradient,
        gram.values + first * columns + first, columns, min(16, rows - group * 16),
        blocks + group * 16 * rowBytes + block * blockBytes, rowBytes, scratch)
    }
  }

  /// For each block of columns in order and each group of rows, shared among the threads:
  /// product[j][r] = Σ_k e_rk M_jk over the columns k before the block (or all of them), with M the
  /// rows of `gram` that the block's columns are.
  private func forEachBlock(
    rowsOf gram: GramMatrix, prefixOnly: Bool,
    _ body: (
      _ block: Int, _ group: Int, _ product: UnsafeMutablePointer<Float>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let tiles: UnsafeMutablePointer<Float> = panels.elements()  // [4][width][8]
    let own = tiles + 32 * columns
    pool.run { worker in
      let panel = own + worker.index * CompensatedRounding.threadScratch
      let product = panel + PackedMatrix.panelScratch
      let scratch = product + 512
      for block in 0..<columns / 32 {
        let width = prefixOnly ? block * 32 : columns
        for tile in worker.each(width == 0 ? 0 : 4) {
          kernels.linear.packActivationsF32(
            gram.values + (block * 32 + tile * 8) * columns, columns, 8, 8, width,
            tiles + tile * width * 8)
        }
        worker.barrier()
        for group in worker.each(groupCount) {
          if width == 0 {
            product.update(repeating: 0, count: 512)
          } else {
            kernels.linear.linearF32(
              PackedLayout.number(.f32), values + group * columns * 16, width, tiles, 32, 0, 1, 16,
              product, 16, 0, panel)
          }
          body(block, group, product, scratch)
        }
        worker.barrier()
      }
    }
  }
}
