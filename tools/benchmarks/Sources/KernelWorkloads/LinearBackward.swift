import BlockFormats
import KernelInterface
import TensorKernels

// What a step of training multiplies: shapes of a 7 B processor and of a GPT-2-small editor.

extension Workload {
  /// Gradients of inputs through every format, and of plain weights, at a large shape and at those of
  /// a small editor.
  static var linearBackward: [Workload] {
    BlockFormat.allCases.map { transposed($0, 4096, 4096, n: 256) }
      + [
        transposed(.q4_1, 1536, 576, n: 256), transposed(.f32, 3072, 768, n: 32),
        transposed(.f32, 768, 3072, n: 96), gradient(4096, 4096, n: 256),
        gradient(3072, 768, n: 32), gradient(768, 3072, n: 96), gradient(768, 768, n: 512),
      ]
  }

  /// Gradients of inputs in slices of eight bits, through the formats that have blocks.
  static var linearSlices: [Workload] {
    BlockFormat.allCases.filter { $0.elementsPerBlock > 1 }.map { slices($0, 4096, 4096, n: 256) }
      + [slices(.q4_1, 1536, 576, n: 512), slices(.q4_1, 576, 1536, n: 512)]
  }

  /// Gradients of inputs in eight bits, rounding included, at the shapes of those in bf16 and of SmolLM2.
  static var linearBytes: [Workload] {
    let formats = BlockFormat.allCases.filter { $0.elementsPerBlock > 1 }
    return formats.map { bytes($0, 4096, 4096, n: 256) }
      + [
        bytes(.q4_0, 4096, 4096, n: 128), bytes(.q4_1, 1536, 576, n: 512),
        bytes(.q4_1, 1536, 576, n: 360), bytes(.q4_1, 576, 1536, n: 360),
        bytes(.q4_1, 49152, 576, n: 128), bytes(.q4_1, 1536, 576, n: 512, slices: 2),
      ]
  }

  private static func bytes(
    _ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int, slices: Int = 1
  ) -> Workload {
    Workload(
      name: "bytes W^T g \(format.name)",
      shape: "\(rows)x\(columns), \(n) rows\(slices == 2 ? ", two slices" : "")",
      limit: .integerDot, amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      let kernels = set.kernels.gradients.bytes
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      var numbers = FixedNumbers()
      let g = numbers.floats(memory, n * rows)
      let dx = memory.allocate(Float.self, n * columns)
      let tile = ByteGradientKernels.tileRows
      let tileFloats = ByteGradientKernels.tileFloats(outputs: rows, slices: slices)
      let tiles = (n + tile - 1) / tile
      let packed = memory.allocate(Float.self, tiles * tileFloats)
      let scratch = memory.allocate(
        Float.self, pool.threadCount * ByteGradientKernels.scratchFloats)
      return {
        pool.run { worker in
          for i in worker.each(tiles) {
            kernels.round(
              g + tile * i * rows, rows, min(tile, n - tile * i), rows, slices, 1, tile * i,
              packed + i * tileFloats)
          }
          worker.barrier()
          for share in worker.portions(of: columns, unit: max(32, format.elementsPerBlock)) {
            kernels.linearTransposed(
              PackedLayout.number(format), weights.address, columns, rows, slices, packed, n,
              share.lowerBound, share.upperBound, dx, columns, 0,
              scratch + worker.index * ByteGradientKernels.scratchFloats)
          }
        }
      }
    }
  }

  private static func transposed(_ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int)
    -> Workload
  {
    Workload(
      name: "f32 W^T g \(format.name)", shape: "\(rows)x\(columns), \(n) rows",
      limit: .multiplyAdd, amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      let kernels = set.kernels
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      var numbers = FixedNumbers()
      let g = numbers.floats(memory, n * rows)
      let dx = memory.allocate(Float.self, n * columns)
      let packed = memory.allocate(Float.self, (n + 31) / 32 * 32 * rows)
      let scratch = memory.allocate(
        Float.self, pool.threadCount * KernelTable.transposedScratch)
      return {
        pool.run { worker in
          for i in worker.each((n + 31) / 32) {
            kernels.linearGradients.packGradients(
              g + 32 * i * rows, rows, min(32, n - 32 * i), rows, packed + 32 * i * rows)
          }
          worker.barrier()
          for share in worker.portions(of: columns, unit: max(32, format.elementsPerBlock)) {
            kernels.linearGradients.linearTransposedF32(
              PackedLayout.number(format), weights.address, columns, rows, packed, n,
              share.lowerBound, share.upperBound, dx, columns, 0,
              scratch + worker.index * KernelTable.transposedScratch)
          }
        }
      }
    }
  }

  private static func slices(_ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int)
    -> Workload
  {
    Workload(
      name: "slices W^T g \(format.name)", shape: "\(rows)x\(columns), \(n) rows",
      limit: .multiplyAdd, amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      guard let multiply = set.kernels.linearGradients.linearTransposedSlices else {
        preconditionFailure("\(set.kernels.name) has no kernel for slices")
      }
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      var numbers = FixedNumbers()
      let g = numbers.floats(memory, n * rows)
      let dx = memory.allocate(Float.self, n * columns)
      let scratch = memory.allocate(
        Float.self, pool.threadCount * KernelTable.transposedScratch)
      return {
        pool.run { worker in
          for share in worker.portions(of: columns, unit: max(32, format.elementsPerBlock)) {
            multiply(
              PackedLayout.number(format), weights.address, columns, rows, g, rows, n,
              share.lowerBound, share.upperBound, dx, columns, 0,
              scratch + worker.index * KernelTable.transposedScratch)
          }
        }
      }
    }
  }

  private static func gradient(_ rows: Int, _ columns: Int, n: Int) -> Workload {
    Workload(
      name: "f32 g x^T", shape: "\(rows)x\(columns), \(n) rows", limit: .multiplyAdd,
      amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      let kernels = set.kernels
      var numbers = FixedNumbers()
      let g = numbers.floats(memory, n * rows)
      let x = numbers.floats(memory, n * columns)
      let dw = memory.allocate(Float.self, rows * columns)
      let packed = memory.allocate(Float.self, n * columns)
      let scratch = memory.allocate(Float.self, pool.threadCount * KernelTable.gradientScratch)
      return {
        pool.run { worker in
          for own in worker.portions(of: n) {
            kernels.linearGradients.packInputs(
              x, columns, own.lowerBound, own.upperBound, n, columns, packed)
          }
          worker.barrier()
          for share in worker.portions(of: rows / 16, unit: 2) {
            kernels.linearGradients.linearGradientF32(
              g, rows, packed, n, share.lowerBound, share.upperBound, rows, columns, dw, 1,
              scratch + worker.index * KernelTable.gradientScratch)
          }
        }
      }
    }
  }
}
