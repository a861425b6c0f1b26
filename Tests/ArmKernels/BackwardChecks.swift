import BlockFormats
import KernelInterface
import TestSupport

/// The gradients of a linear layer.
func checkLinearBackward(_ c: Checker) {
  for format in BlockFormat.all {
    for (rows, least) in [(1, 32), (17, 64), (40, 96), (150, 45)] {
      let columns = format.wholeColumns(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &c.random)
      let values = matrix.values
      let weights = c.packed(matrix)
      let groups = PackedLayout.groupCount(rows: rows)
      let (gStride, dxStride) = (rows + 5, columns + 3)
      for n in [1, 7, 16, 17, 33] {
        let g = c.floats(n * gStride, 3)
        let old = c.floats(n * dxStride, 5)
        for accumulate in 0..<2 {
          let found = c.same("linearTransposedF32", old) { table, out in
            let tiles = (n + 31) / 32
            let packed = Bytes(tiles * groups * 512 * 4, fill: 99)
            for t in 0..<tiles {
              table.linearGradients.packGradients(
                g.input + 32 * t * gStride, gStride, min(32, n - 32 * t), rows,
                packed.floats + t * groups * 512)
            }
            let scratch = Bytes(KernelTable.transposedScratch * 4, fill: 0xFF)
            // Two shares of the columns.
            let middle = format.elementsPerBlock == 256 ? columns : columns / 64 * 32
            for (first, end) in [(0, middle), (middle, columns)] where first < end {
              table.linearGradients.linearTransposedF32(
                PackedLayout.number(format), weights.address, columns, rows, packed.input, n,
                first, end, out.floats, dxStride, accumulate, scratch.floats)
            }
          }
          guard n == 17 else { continue }
          for i in 0..<n {
            for k in 0..<columns {
              var value = accumulate == 1 ? Double(old.floats[i * dxStride + k]) : 0
              var size = magnitude(value)
              for m in 0..<rows {
                let term = Double(values[m * columns + k]) * Double(g.floats[i * gStride + m])
                value += term
                size += magnitude(term)
              }
              c.near(
                "linearTransposedF32 in Double", i * dxStride + k,
                found.floats[i * dxStride + k], value, Double(rows + 2) * 0x1p-24 * size)
            }
          }
        }
      }
    }
  }
  for (rows, columns, n) in [(1, 1, 1), (16, 8, 3), (17, 32, 33), (40, 45, 7), (33, 259, 530)] {
    let groups = PackedLayout.groupCount(rows: rows)
    let (gStride, xStride) = (rows + 2, columns + 3)
    let g = c.floats(n * gStride, 3)
    let x = c.floats(n * xStride, 2)
    let old = c.floats(groups * columns * 16, 5)
    for accumulate in 0..<2 {
      let found = c.same("linearGradientF32", old) { table, out in
        let packed = Bytes((columns + 7) / 8 * n * 8 * 4, fill: 99)
        table.linearGradients.packInputs(x.input, xStride, 0, n / 2, n, columns, packed.floats)
        table.linearGradients.packInputs(x.input, xStride, n / 2, n, n, columns, packed.floats)
        let scratch = Bytes(KernelTable.gradientScratch * 4, fill: 0xFF)
        table.linearGradients.linearGradientF32(
          g.input, gStride, packed.input, n, 0, groups, rows, columns, out.floats, accumulate,
          scratch.floats)
      }
      for m in 0..<rows {
        for k in 0..<columns {
          let at = (m / 16 * columns + k) * 16 + m % 16
          var value = accumulate == 1 ? Double(old.floats[at]) : 0
          var size = magnitude(value)
          for i in 0..<n {
            let term = Double(g.floats[i * gStride + m]) * Double(x.floats[i * xStride + k])
            value += term
            size += magnitude(term)
          }
          c.near(
            "linearGradientF32 in Double", at, found.floats[at], value,
            Double(n + 2) * 0x1p-24 * size)
        }
      }
    }
  }
}

/// Attention's backward pass, against the portable kernels and the formula in Double.
func checkAttendBackward(_ c: Checker) {
  for headSize in [8, 24, 64, 128] {
    for count in [1, 7, 16, 33] {
      let stride = headSize + 6
      let outStride = headSize + 2
      let scale = 1 / Float(driver_root(headSize))
      let q = c.floats(count * stride)
      let k = c.floats(count * stride)
      let v = c.floats(count * stride)
      let dOut = c.floats(count * outStride)
      var p: [[Double]] = []
      let out = Bytes(count * outStride * 4)
      for i in 0..<count {
        var row: [Double] = []
        var total = 0.0
        for j in 0...i {
          var s = 0.0
          for d in 0..<headSize {
            s += Double(q.floats[i * stride + d]) * Double(k.floats[j * stride + d])
          }
          row.append(exponential(s * Double(scale)))
          total += row[j]
        }
        for j in 0...i { row[j] /= total }
        for d in 0..<headSize {
          var sum = 0.0
          for j in 0...i { sum += row[j] * Double(v.floats[j * stride + d]) }
          out.floats[i * outStride + d] = Float(sum)
        }
        p.append(row)
      }
      let size = count * stride
      let old = c.floats(3 * size)
      let found = c.same("attendBackward", old) { table, out3 in
        let scratch = Bytes(KernelTable.attendBackwardScratch(count, headSize) * 4, fill: 0xFF)
        table.gradients.attendBackward(
          q.input, k.input, v.input, stride, count, 0, 0, 1, headSize, scale, out.input,
          dOut.input, outStride, out3.floats, out3.floats + size, out3.floats + 2 * size, nil,
          scratch.floats)
      }
      var wanted = [Double](repeating: 0, count: 3 * size)
      for i in 0..<count {
        var delta = 0.0
        for d in 0..<headSize {
          delta += Double(out.floats[i * outStride + d]) * Double(dOut.floats[i * outStride + d])
        }
        for j in 0...i {
          var dp = 0.0
          for d in 0..<headSize {
            dp += Double(dOut.floats[i * outStride + d]) * Double(v.floats[j * stride + d])
          }
          let ds = p[i][j] * (dp - delta) * Double(scale)
          for d in 0..<headSize {
            wanted[i * stride + d] += ds * Double(k.floats[j * stride + d])
            wanted[size + j * stride + d] += ds * Double(q.floats[i * stride + d])
            wanted[2 * size + j * stride + d] +=
              p[i][j] * Double(dOut.floats[i * outStride + d])
          }
        }
      }
      for part in 0..<3 {
        for i in 0..<count {
          for d in 0..<headSize {
            let at = part * size + i * stride + d
            // Sums of some hundreds of terms of the size of 1.
            c.near(
              "attendBackward in Double", at, found.floats[at], wanted[at],
              Double(headSize + count) * 0x1p-20)
          }
        }
      }
    }
  }
}
