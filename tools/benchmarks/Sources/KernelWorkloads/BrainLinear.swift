import BlockFormats
import KernelInterface
import TensorKernels

extension Workload {
  /// Linear layers and their gradients in bf16, at the shapes of the f32 ones.
  static var brainLinear: [Workload] {
    [BlockFormat.f32, .q4_0, .q4_1, .q8_0].flatMap { format in
      [(4096, 4096, 256), (4096, 4096, 128), (1536, 576, 512)].flatMap { rows, columns, n in
        [forward(format, rows, columns, n: n), transposed(format, rows, columns, n: n)]
      }
    } + [gradient(4096, 4096, n: 256), gradient(768, 3072, n: 96), gradient(768, 768, n: 512)]
  }

  private static func forward(_ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int)
    -> Workload
  {
    workload("bf16 W x \(format.name)", rows, columns, n) { brain, pool, memory in
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      var numbers = FixedNumbers()
      let x = numbers.floats(memory, n * columns)
      let out = memory.allocate(Float.self, n * rows)
      let packed = memory.allocate(UInt32.self, (n + 7) / 8 * 8 * columns / 2)
      let size = 32 * 256
      let scratch = memory.allocate(Float.self, pool.threadCount * size)
      return { worker in
        for i in worker.each((n + 7) / 8) {
          brain.packInputs(
            x + 8 * i * columns, columns, min(8, n - 8 * i), columns, packed + 4 * i * columns)
        }
        worker.barrier()
        for share in worker.portions(of: PackedLayout.groupCount(rows: rows), unit: 2) {
          brain.linear(
            PackedLayout.number(format), weights.address, columns, packed, n, share.lowerBound,
            share.upperBound, rows, out, rows, 0, scratch + worker.index * size)
        }
      }
    }
  }

  private static func transposed(_ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int)
    -> Workload
  {
    workload("bf16 W^T g \(format.name)", rows, columns, n) { brain, pool, memory in
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      var numbers = FixedNumbers()
      let g = numbers.floats(memory, n * rows)
      let dx = memory.allocate(Float.self, n * columns)
      let packed = memory.allocate(UInt32.self, (n + 31) / 32 * 16 * rows)
      let size = KernelTable.transposedScratch
      let scratch = memory.allocate(Float.self, pool.threadCount * size)
      return { worker in
        for i in worker.each((n + 31) / 32) {
          brain.packGradients(
            g + 32 * i * rows, rows, min(32, n - 32 * i), rows, packed + 16 * i * rows)
        }
        worker.barrier()
        for share in worker.portions(of: columns, unit: max(32, format.elementsPerBlock)) {
          brain.linearTransposed(
            PackedLayout.number(format), weights.address, columns, rows, packed, n,
            share.lowerBound, share.upperBound, dx, columns, 0, scratch + worker.index * size)
        }
      }
    }
  }

  private static func gradient(_ rows: Int, _ columns: Int, n: Int) -> Workload {
    workload("bf16 g x^T", rows, columns, n) { brain, pool, memory in
      var numbers = FixedNumbers()
      let g = numbers.floats(memory, n * rows)
      let x = numbers.floats(memory, n * columns)
      let dw = memory.allocate(Float.self, rows * columns)
      let packed = memory.allocate(UInt32.self, (n + 1) / 2 * columns)
      let size = KernelTable.gradientScratch
      let scratch = memory.allocate(Float.self, pool.threadCount * size)
      return { worker in
        for own in worker.portions(of: (n + 1) / 2) {
          brain.packInputPairs(x, columns, own.lowerBound, own.upperBound, n, columns, packed)
        }
        worker.barrier()
        for share in worker.portions(of: rows / 16, unit: 2) {
          brain.linearGradient(
            g, rows, packed, n, share.lowerBound, share.upperBound, rows, columns, dw, 1,
            scratch + worker.index * size)
        }
      }
    }
  }

  private static func workload(
    _ name: String, _ rows: Int, _ columns: Int, _ n: Int,
    _ prepare:
      @escaping @Sendable (BrainKernelTable, ThreadPool, Arena) -> (Worker) -> Void
  ) -> Workload {
    Workload(
      name: name, shape: "\(rows)x\(columns), \(n) rows", limit: .brainDot,
      amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      guard let brain = set.kernels.brain else { fatalError("\(set) has no bf16 kernels") }
      let body = prepare(brain, pool, memory)
      return { pool.run(body) }
    }
  }
}
