import KernelInterface

// The gradients of `MatrixView.apply`, y = W x.

extension MatrixView {
  /// This worker's share of dx[n, k] (+)= sum_m W[m, k] g[n, m]; every worker of the run calls it, and
  /// the result is complete after the next barrier.
  ///
  /// Columns are shared out, so each result has one owner and the number of threads changes no bit.
  /// Weights are exact, of any format. The sum over m is a chain of fused multiply-adds in f32; of
  /// weights in blocks it is one of whole numbers where the instruction set has
  /// `KernelTable.linearTransposedSlices`, which says how exact. There may be no barrier inside: `g` must
  /// be complete for all workers before, and `dx` must not overlap it.
  ///
  /// - Parameters:
  ///   - worker: The calling thread.
  ///   - kernels: The instruction set.
  ///   - g: Gradients of the outputs, `[count][stride]`.
  ///   - stride: Floats from one row of `g` to the next, at least `rows`.
  ///   - count: Rows of activations.
  ///   - dx: Gradients of the inputs, `[count][dxStride]`.
  ///   - dxStride: Floats from one row of `dx` to the next, at least `columns`.
  ///   - accumulate: Whether to add to what is in `dx`.
  ///   - packed: Shared by the workers: `packedGradientCount` floats, free again after the next
  ///     barrier; not used where gradients are sliced.
  ///   - scratch: This worker's own: `KernelTable.transposedScratch` floats.
  package func applyTransposed(
    _ worker: Worker, _ kernels: KernelTable, _ g: UnsafePointer<Float>, stride: Int, count: Int,
    dx: UnsafeMutablePointer<Float>, dxStride: Int, accumulate: Bool,
    packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    if let multiply = kernels.linearGradients.linearTransposedSlices, format.elementsPerBlock > 1 {
      for share in columnShares(worker) {
        multiply(
          PackedLayout.number(format), groups, columns, rows, g, stride, count, share.lowerBound,
          share.upperBound, dx, dxStride, accumulate ? 1 : 0, scratch)
      }
      return
    }
    let tile = MatrixView.gradientTileRows
    let tileCount = (count + tile - 1) / tile
    let paddedRows = PackedLayout.groupCount(rows: rows) * PackedLayout.groupRows
    for i in worker.each(tileCount) {
      kernels.linearGradients.packGradients(
        g + i * tile * stride, stride, min(tile, count - i * tile), rows,
        packed + i * tile * paddedRows)
    }
    worker.barrier()
    for share in columnShares(worker) {
      kernels.linearGradients.linearTransposedF32(
        PackedLayout.number(format), groups, columns, rows, packed, count, share.lowerBound,
        share.upperBound, dx, dxStride, accumulate ? 1 : 0, scratch)
    }
  }

  /// Floats of `applyTransposed`'s shared scratch for `count` rows of activations.
  package func packedGradientCount(rows count: Int) -> Int {
    let tile = MatrixView.gradientTileRows
    return (count + tile - 1) / tile * tile * PackedLayout.groupCount(rows: rows)
      * PackedLayout.groupRows
  }

  /// This worker's share of dW[m, k] (+)= sum_n g[n, m] x[n, k], the gradient of a plain f32 matrix of
  /// this one's shape; every worker of the run calls it, and the result is complete after the next
  /// barrier.
  ///
  /// Groups of rows of W are shared out, so each result has one owner and the number of threads
  /// changes no bit. The chain over n is fused multiply-adds in f32. Rows that pad the last group
  /// receive zeros.
  ///
  /// - Parameters:
  ///   - worker: The calling thread.
  ///   - kernels: The instruction set.
  ///   - g: Gradients of the outputs, `[count][gStride]`.
  ///   - gStride: Floats from one row of `g` to the next, at least `rows`.
  ///   - x: Inputs, `[count][xStride]`.
  ///   - xStride: Floats from one row of `x` to the next, at least `columns`.
  ///   - count: Rows of activations.
  ///   - dw: The gradient in the packed layout of F32: `[group of 16 rows][columns][16]`.
  ///   - accumulate: Whether to add to what is in `dw`.
  ///   - packed: Shared by the workers: `packedInputCount` floats, free again after the next barrier.
  ///   - scratch: This worker's own: `KernelTable.gradientScratch` floats.
  package func addGradient(
    _ worker: Worker, _ kernels: KernelTable, _ g: UnsafePointer<Float>, gStride: Int,
    _ x: UnsafePointer<Float>, xStride: Int, count: Int, to dw: UnsafeMutablePointer<Float>,
    accumulate: Bool, packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    for some in worker.portions(of: count) {
      kernels.linearGradients.packInputs(
        x, xStride, some.lowerBound, some.upperBound, count, columns, packed)
    }
    worker.barrier()
    for share in rowShares(worker) {
      kernels.linearGradients.linearGradientF32(
        g, gStride, packed, count, share.lowerBound, share.upperBound, rows, columns, dw,
        accumulate ? 1 : 0, scratch)
    }
  }

  /// Floats of `addGradient`'s shared scratch for `count` rows of activations.
  package func packedInputCount(rows count: Int) -> Int { count * ((columns + 7) / 8 * 8) }

  /// Rows of activations in a tile of gradients.
  static let gradientTileRows = 32

  /// Groups of rows; pairs of groups stay together, because tiles are two groups high.
  func rowShares(_ worker: Worker) -> Portions {
    let groupCount = PackedLayout.groupCount(rows: rows)
    return worker.portions(of: groupCount, unit: groupCount >= 2 * worker.count ? 2 : 1)
  }

  /// Columns, in whole blocks of the format.
  func columnShares(_ worker: Worker) -> Portions {
    worker.portions(of: columns, unit: max(32, format.elementsPerBlock))
  }
}
