import KernelInterface

// A linear layer and its gradients with both factors rounded to bf16 and sums in f32; shared scratch is
// counted in the f32 methods' floats, of which bf16 needs half or a little more. Each result has one
// owner and a chain of its own, so neither the number of threads nor its neighbours change a bit.

extension MatrixView {
  /// This worker's share of y[n, m] (+)= sum_k W[m, k] x[n, k]; every worker of the run calls it, and
  /// the result is complete after the next barrier.
  ///
  /// - Parameters:
  ///   - worker: The calling thread.
  ///   - kernels: The instruction set's bf16 kernels.
  ///   - x: Inputs, `[count][stride]`.
  ///   - stride: Floats from one row of `x` to the next, at least `columns`.
  ///   - count: Rows of activations.
  ///   - out: Outputs, `[count][outStride]`.
  ///   - outStride: Floats from one row of `out` to the next, at least `rows`.
  ///   - accumulate: Whether to add to what is in `out`.
  ///   - packed: Shared by the workers: `packedBrainCount` floats, free again after the next barrier.
  ///   - scratch: This worker's own: `PackedMatrix.panelScratch` floats.
  package func apply(
    _ worker: Worker, _ kernels: BrainKernelTable, _ x: UnsafePointer<Float>, stride: Int,
    count: Int, out: UnsafeMutablePointer<Float>, outStride: Int, accumulate: Bool,
    packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let words = MatrixView.words(packed)
    let tile = ActivationTiles.tileRows
    for i in worker.each((count + tile - 1) / tile) {
      kernels.packInputs(
        x + i * tile * stride, stride, min(tile, count - i * tile), columns,
        words + i * tile * ((columns + 1) / 2))
    }
    worker.barrier()
    for share in rowShares(worker) {
      kernels.linear(
        PackedLayout.number(format), groups, columns, words, count, share.lowerBound,
        share.upperBound, rows, out, outStride, accumulate ? 1 : 0, scratch)
    }
  }

  /// Floats of shared scratch that `apply` needs for `count` rows of activations.
  package func packedBrainCount(rows count: Int) -> Int {
    let tile = ActivationTiles.tileRows
    return (count + tile - 1) / tile * tile * ((columns + 1) / 2)
  }

  /// This worker's share of dx[n, k] (+)= sum_m W[m, k] g[n, m], as the f32 method of this name.
  package func applyTransposed(
    _ worker: Worker, _ kernels: BrainKernelTable, _ g: UnsafePointer<Float>, stride: Int,
    count: Int, dx: UnsafeMutablePointer<Float>, dxStride: Int, accumulate: Bool,
    packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let words = MatrixView.words(packed)
    let tile = MatrixView.gradientTileRows
    let tileWords = tile * PackedLayout.groupCount(rows: rows) * PackedLayout.groupRows / 2
    for i in worker.each((count + tile - 1) / tile) {
      kernels.packGradients(
        g + i * tile * stride, stride, min(tile, count - i * tile), rows, words + i * tileWords)
    }
    worker.barrier()
    for share in columnShares(worker) {
      kernels.linearTransposed(
        PackedLayout.number(format), groups, columns, rows, words, count, share.lowerBound,
        share.upperBound, dx, dxStride, accumulate ? 1 : 0, scratch)
    }
  }

  /// This worker's share of dW[m, k] (+)= sum_n g[n, m] x[n, k], as the f32 method of this name.
  package func addGradient(
    _ worker: Worker, _ kernels: BrainKernelTable, _ g: UnsafePointer<Float>, gStride: Int,
    _ x: UnsafePointer<Float>, xStride: Int, count: Int, to dw: UnsafeMutablePointer<Float>,
    accumulate: Bool, packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let words = MatrixView.words(packed)
    for pairs in worker.portions(of: (count + 1) / 2) {
      kernels.packInputPairs(
        x, xStride, pairs.lowerBound, pairs.upperBound, count, columns, words)
    }
    worker.barrier()
    for share in rowShares(worker) {
      kernels.linearGradient(
        g, gStride, words, count, share.lowerBound, share.upperBound, rows, columns, dw,
        accumulate ? 1 : 0, scratch)
    }
  }

  /// Scratch as words of two bf16 values. Memory straight from the system has no type to keep to.
  private static func words(_ floats: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt32.self)
  }
}
