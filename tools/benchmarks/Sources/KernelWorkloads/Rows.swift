import BlockFormats
import KernelInterface
import TensorKernels

extension Workload {
  /// One pass over 256 rows of 4096 each: bytes read and written, against summing as many.
  static var rows: [Workload] {
    let n = 256
    let columns = 4096
    let count = n * columns
    return [
      row("quantize activations", bytes: count * 4 + count * 40 / 32) { memory, kernels, x, out in
        let codes = memory.allocate(Int8.self, count)
        let scales = memory.allocate(Float.self, count / 32)
        let offsets = memory.allocate(Int32.self, count / 32)
        return { tile in
          kernels.linear.quantizeActivations(
            x + tile * 8 * columns, columns, 8, 8, columns / 32, OffsetKind.minus8Sums.rawValue,
            codes + tile * 8 * columns, scales + tile * 8 * columns / 32,
            offsets + tile * 8 * columns / 32)
        }
      },
      row("pack f32 activations", bytes: count * 8) { memory, kernels, x, out in
        { tile in
          kernels.linear.packActivationsF32(
            x + tile * 8 * columns, columns, 8, 8, columns, out + tile * 8 * columns)
        }
      },
      row("rms norm", bytes: count * 8) { memory, kernels, x, out in
        { tile in
          for i in tile * 8..<tile * 8 + 8 {
            kernels.rows.rmsNorm(x + i * columns, x, 1e-5, columns, out + i * columns)
          }
        }
      },
      row("swiglu", bytes: count * 12) { memory, kernels, x, out in
        { tile in
          for i in tile * 8..<tile * 8 + 8 {
            kernels.rows.swiGLU(x + i * columns, x + i * columns, columns, out + i * columns)
          }
        }
      },
      row("rotate pairs", bytes: count * 8) { memory, kernels, x, out in
        // Angles of zero, so that the values stay what they are.
        let cosines = memory.allocate(Float.self, 64)
        let sines = memory.allocate(Float.self, 64)
        for i in 0..<64 { (cosines[i], sines[i]) = (1, 0) }
        return { tile in
          for i in tile * 8..<tile * 8 + 8 {
            kernels.rows.rotatePairs(x + i * columns, columns / 128, 128, 128, cosines, sines)
          }
        }
      },
    ]

    func row(
      _ name: String, bytes: Int,
      _ body:
        @escaping @Sendable (
          Arena, KernelTable, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
        ) -> (Int) -> Void
    ) -> Workload {
      Workload(
        name: name, shape: "\(n) rows of \(columns)", limit: .stream(bytes: bytes),
        amount: Double(bytes)
      ) { set, pool, memory in
        var numbers = FixedNumbers()
        let run = body(
          memory, set.kernels, numbers.floats(memory, count), memory.allocate(Float.self, count))
        return {
          pool.run { worker in for tile in worker.each(n / 8) { run(tile) } }
        }
      }
    }
  }

  /// Rows of a file to packed groups: bytes read and written.
  static var packing: [Workload] {
    BlockFormat.allCases.map { format in
      let (rows, columns) = (8192, 4096)
      let rowBytes = format.byteCount(elements: columns)!
      let groupBytes = PackedLayout.groupBytes(format, columns: columns)
      let bytes = rows * rowBytes + rows / 16 * groupBytes
      return Workload(
        name: "pack \(format.name)", shape: "\(rows)x\(columns)", limit: .stream(bytes: bytes),
        amount: Double(bytes)
      ) { set, pool, memory in
        let kernels = set.kernels
        let source = memory.allocate(bytes: rows * rowBytes)
        var numbers = FixedNumbers()
        numbers.fill(source, byteCount: rows * rowBytes)
        let target = memory.allocate(bytes: rows / 16 * groupBytes)
        return {
          pool.run { worker in
            for group in worker.each(rows / 16) {
              _ = kernels.linear.packGroup(
                PackedLayout.number(format), source + group * 16 * rowBytes, rowBytes, 16, columns,
                target + group * groupBytes)
            }
          }
        }
      }
    }
  }
}
