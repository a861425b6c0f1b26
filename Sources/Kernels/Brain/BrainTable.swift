import KernelInterface

/// This module's kernels.
@inline(never) public func brainKernelTable() -> BrainKernelTable {
  BrainKernelTable(
    packInputs: { packBrainInputs($0, $1, $2, $3, $4) },
    linear: { format, weights, k, x, n, first, end, rows, out, stride, accumulate, scratch in
      linearBF16(
        PackedLayout.format(format), weights, k, x, n, first, end, rows, out, stride,
        accumulate != 0, scratch)
    },
    packGradients: { packBrainGradients($0, $1, $2, $3, $4) },
    linearTransposed: {
      format, weights, k, outputs, g, n, first, end, dx, stride, accumulate, scratch in
      linearTransposedBF16(
        PackedLayout.format(format), weights, k, outputs, g, n, first, end, dx, stride,
        accumulate != 0, scratch)
    },
    packInputPairs: { packBrainInputPairs($0, $1, $2, $3, $4, $5, $6) },
    linearGradient: {
      linearGradientBF16($0, $1, $2, $3, $4, $5, $6, $7, $8, $9 != 0, $10)
    })
}
