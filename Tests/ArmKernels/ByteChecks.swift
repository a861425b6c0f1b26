import BlockFormats
import KernelInterface
import TestSupport

/// The gradient of a linear layer's input in eight bits: the bits of the definition, and of the portable kernels.
func checkByteGradients(_ c: Checker) {
  for format in BlockFormat.all where format.elementsPerBlock > 1 {
    for (rows, least) in [(1, 32), (17, 64), (150, 96), (785, 32)] {
      let columns = format.wholeColumns(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &c.random)
      let weights = c.packed(matrix)
      let (gStride, dxStride) = (rows + 5, columns)
      for (n, slices) in [(1, 1), (8, 2), (13, 1)] {
        let g = c.floats(n * gStride, 3)
        let old = c.floats(n * dxStride, 5)
        let found = c.same("linearTransposedBytes", old) { table, out in
          let kernels = table.gradients.bytes
          let tileFloats = ByteGradientKernels.tileFloats(outputs: rows, slices: slices)
          let tiles = (n + 7) / 8
          let packed = Bytes(tiles * tileFloats * 4, fill: 99)
          for t in 0..<tiles {
            kernels.round(
              g.input + 8 * t * gStride, gStride, min(8, n - 8 * t), rows, slices, 7, 8 * t,
              packed.floats + t * tileFloats)
          }
          let scratch = Bytes(ByteGradientKernels.scratchFloats * 4, fill: 0xFF)
          // Two shares of the columns.
          let middle = format.elementsPerBlock == 256 ? columns : columns / 64 * 32
          for (first, end) in [(0, middle), (middle, columns)] where first < end {
            kernels.linearTransposed(
              PackedLayout.number(format), weights.address, columns, rows, slices, packed.input, n,
              first, end, out.floats, dxStride, 1, scratch.floats)
          }
        }
        guard n == 13 else { continue }
        let wanted = ByteGradientReference(matrix: matrix, slices: slices, seed: 7).inputGradient(
          (0..<n * gStride).map { g.floats[$0] }, stride: gStride, n: n,
          onto: (0..<n * dxStride).map { old.floats[$0] })
        for i in 0..<n * dxStride {
          c.equal(
            "linearTransposedBytes in integers", i, Int(found.floats[i].bitPattern),
            Int(wanted[i].bitPattern))
        }
      }
    }
  }
}
