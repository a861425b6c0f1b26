import KernelInterface

extension MatrixView {
  /// This worker's share of dx[n, k] (+)= sum_m W[m, k] g[n, m] with both factors rounded to eight bits, as
  /// `ByteGradientKernels` has it, of weights in blocks; otherwise as the f32 method of this name.
  ///
  /// Row n and output m are rounded by `seed`, n and m, so that neither threads nor the run's history change a bit.
  /// The shared scratch is less than f32 tiles take. `slices` is the bytes of a gradient, 1 or 2; each product has a
  /// `seed` of its own, so that their errors are independent.
  package func applyTransposed(
    _ worker: Worker, _ kernels: ByteGradientKernels, _ g: UnsafePointer<Float>, stride: Int,
    count: Int, slices: Int = 1, seed: UInt32, dx: UnsafeMutablePointer<Float>, dxStride: Int,
    accumulate: Bool, packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    precondition(format.elementsPerBlock > 1, "weights are in no blocks")
    let tile = ByteGradientKernels.tileRows
    let tileFloats = ByteGradientKernels.tileFloats(outputs: rows, slices: slices)
    for i in worker.each((count + tile - 1) / tile) {
      kernels.round(
        g + i * tile * stride, stride, min(tile, count - i * tile), rows, slices, seed, i * tile,
        packed + i * tileFloats)
    }
    worker.barrier()
    for share in columnShares(worker) {
      kernels.linearTransposed(
        PackedLayout.number(format), groups, columns, rows, slices, packed, count,
        share.lowerBound, share.upperBound, dx, dxStride, accumulate ? 1 : 0, scratch)
    }
  }
}
