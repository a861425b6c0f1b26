import BlockFormats
import KernelInterface
import TestSupport

/// Products of numbers rounded to bf16, where there are kernels for them, against sums in Double of the rounded
/// numbers: products are exact; each pair of them is added up, and added, with an error of up to a unit in the last
/// place (bfdot rounds to odd).
func checkBrain(_ c: Checker) {
  guard let brain = c.kernels.brain else { return }
  for format in BlockFormat.all {
    for (rows, least) in [(1, 32), (17, 45), (40, 96), (70, 288)] {
      let columns = format.wholeColumns(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &c.random)
      let values = matrix.values.map(rounded)
      let weights = c.packed(matrix)
      let groups = PackedLayout.groupCount(rows: rows)
      let (xStride, gStride) = (columns + 3, rows + 5)
      for n in [1, 3, 8, 9, 17, 33] {
        let x = c.floats(n * xStride, 3)
        let g = c.floats(n * gStride, 3)
        let tiles = (n + 7) / 8
        let inputs = Bytes(tiles * (columns + 1) / 2 * 8 * 4 + tiles * 32, fill: 99)
        for t in 0..<tiles {
          brain.packInputs(
            x.input + 8 * t * xStride, xStride, min(8, n - 8 * t), columns,
            inputs.words + t * ((columns + 1) / 2 * 8))
        }
        let wide = (n + 31) / 32
        let gradients = Bytes(wide * groups * 256 * 4, fill: 99)
        for t in 0..<wide {
          brain.packGradients(
            g.input + 32 * t * gStride, gStride, min(32, n - 32 * t), rows,
            gradients.words + t * groups * 256)
        }
        for accumulate in 0..<2 {
          let out = c.floats(n * gStride, 5)
          let old = out.copy()
          let panel = Bytes(32 * 256 * 4, fill: 0xFF)
          brain.linear(
            PackedLayout.number(format), weights.address, columns, inputs.words, n, 0, groups,
            rows, out.floats, gStride, accumulate, panel.floats)
          for i in 0..<n {
            for m in 0..<rows {
              var value = accumulate == 1 ? Double(old.floats[i * gStride + m]) : 0
              var size = magnitude(value)
              for k in 0..<columns {
                let term =
                  Double(values[m * columns + k]) * Double(rounded(x.floats[i * xStride + k]))
                value += term
                size += magnitude(term)
              }
              c.near(
                "bf16 linear", i * gStride + m, out.floats[i * gStride + m], value,
                Double(2 * columns + 4) * 0x1p-24 * size)
            }
          }
          let dx = c.floats(n * xStride, 5)
          let before = dx.copy()
          let scratch = Bytes(KernelTable.transposedScratch * 4, fill: 0xFF)
          brain.linearTransposed(
            PackedLayout.number(format), weights.address, columns, rows, gradients.words, n, 0,
            columns, dx.floats, xStride, accumulate, scratch.floats)
          for i in 0..<n {
            for k in 0..<columns {
              var value = accumulate == 1 ? Double(before.floats[i * xStride + k]) : 0
              var size = magnitude(value)
              for m in 0..<rows {
                let term =
                  Double(values[m * columns + k]) * Double(rounded(g.floats[i * gStride + m]))
                value += term
                size += magnitude(term)
              }
              c.near(
                "bf16 gradient of inputs", i * xStride + k, dx.floats[i * xStride + k], value,
                Double(2 * rows + 4) * 0x1p-24 * size)
            }
          }
        }
      }
    }
  }
  for (rows, columns, n) in [(1, 1, 1), (16, 8, 3), (17, 32, 33), (40, 45, 7), (33, 259, 20)] {
    let groups = PackedLayout.groupCount(rows: rows)
    let (xStride, gStride) = (columns + 3, rows + 5)
    let pairs = (n + 1) / 2
    let x = c.floats(n * xStride, 2)
    let g = c.floats(n * gStride, 3)
    let inputs = Bytes((columns + 7) / 8 * pairs * 8 * 4, fill: 99)
    brain.packInputPairs(x.input, xStride, 0, pairs, n, columns, inputs.words)
    for accumulate in 0..<2 {
      let out = c.floats(groups * columns * 16, 5)
      let old = out.copy()
      let scratch = Bytes(KernelTable.gradientScratch * 4, fill: 0xFF)
      brain.linearGradient(
        g.input, gStride, inputs.words, n, 0, groups, rows, columns, out.floats, accumulate,
        scratch.floats)
      for m in 0..<rows {
        for k in 0..<columns {
          let at = (m / 16 * columns + k) * 16 + m % 16
          var value = accumulate == 1 ? Double(old.floats[at]) : 0
          var size = magnitude(value)
          for i in 0..<n {
            let term =
              Double(rounded(g.floats[i * gStride + m]))
              * Double(rounded(x.floats[i * xStride + k]))
            value += term
            size += magnitude(term)
          }
          c.near(
            "bf16 gradient of weights", at, out.floats[at], value,
            Double(2 * n + 4) * 0x1p-24 * size)
        }
      }
    }
  }
}

/// To bf16 and back.
private func rounded(_ x: Float) -> Float { Float(BFloat16(x)) }
