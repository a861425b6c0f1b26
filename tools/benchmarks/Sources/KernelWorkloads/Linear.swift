import BlockFormats
import KernelInterface
import TensorKernels

let shapes = [(4096, 4096), (2048, 5632), (1536, 576)]
private let integerFormats: [BlockFormat] = BlockFormat.allCases.filter { $0.elementsPerBlock > 1 }

/// Random packed weights that fill `byteCount` bytes or one matrix, whichever is more.
func randomWeights(
  _ memory: Arena, _ format: BlockFormat, rows: Int, columns: Int, byteCount: Int = 0
) -> (address: UnsafeMutableRawPointer, matrices: Int, matrixBytes: Int) {
  let bytes =
    PackedLayout.groupCount(rows: rows) * PackedLayout.groupBytes(format, columns: columns)
  let matrices = max(1, byteCount / bytes)
  let address = memory.allocate(bytes: matrices * bytes)
  var numbers = FixedNumbers()
  numbers.fill(address, byteCount: matrices * bytes)
  if format == .mxfp4 { numbers.fillExponents(address, byteCount: matrices * bytes) }
  return (address, matrices, bytes)
}

/// Rows of activations, quantized as the kernels want them for `format`.
private struct QuantizedRows {
  let codes: UnsafeMutablePointer<Int8>
  let scales: UnsafeMutablePointer<Float>
  let offsets: UnsafeMutablePointer<Int32>

  init(_ memory: Arena, _ kernels: KernelTable, _ format: BlockFormat, rows: Int, columns: Int) {
    let blocks = columns / 32
    guard let kind = OffsetKind(format) else { preconditionFailure("\(format) has no blocks") }
    let tile = rows == 1 ? 1 : 8
    let places = (rows + tile - 1) / tile * tile
    codes = memory.allocate(Int8.self, places * columns)
    scales = memory.allocate(Float.self, places * blocks)
    offsets = memory.allocate(Int32.self, places * blocks * kind.countPerBlock)
    var numbers = FixedNumbers()
    let x = numbers.floats(memory, rows * columns)
    for row in stride(from: 0, to: rows, by: tile) {
      kernels.linear.quantizeActivations(
        x + row * columns, columns, min(tile, rows - row), tile, blocks, kind.rawValue,
        codes + row * columns, scales + row * blocks,
        offsets + row * blocks * kind.countPerBlock)
    }
  }
}

extension Workload {
  /// Prefill: 256 rows of int8 activations.
  static var matrixMatrix: [Workload] {
    shapes.flatMap { rows, columns in
      integerFormats.filter { columns % $0.elementsPerBlock == 0 }.map {
        int8($0, rows, columns, n: 256)
      }
    }
  }

  private static func int8(_ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int) -> Workload {
    Workload(
      name: "matmul \(format.name)", shape: "\(rows)x\(columns), \(n) rows", limit: .integerDot,
      amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      let kernels = set.kernels
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      let x = QuantizedRows(memory, kernels, format, rows: n, columns: columns)
      let out = memory.allocate(Float.self, n * rows)
      return {
        pool.run { worker in
          for groups in worker.portions(of: PackedLayout.groupCount(rows: rows), unit: 2) {
            kernels.linear.linearInt8(
              PackedLayout.number(format), weights.address, columns / 32, x.codes, x.scales,
              x.offsets, n, groups.lowerBound,
              groups.upperBound, rows, out, rows, 0)
          }
        }
      }
    }
  }

  /// Decode: one row against a gigabyte of matrices, so that nothing comes from a cache.
  static var matrixVector: [Workload] {
    [(4096, 4096), (5632, 2048)].flatMap { shape in
      integerFormats.map { vector($0, shape.0, shape.1) }
    }
  }

  private static func vector(_ format: BlockFormat, _ rows: Int, _ columns: Int) -> Workload {
    let working = 1 << 30
    let matrixBytes = rows / 16 * PackedLayout.groupBytes(format, columns: columns)
    return Workload(
      name: "matvec \(format.name)", shape: "\(rows)x\(columns)", limit: .stream(bytes: working),
      amount: Double(working / matrixBytes * matrixBytes)
    ) { set, pool, memory in
      let kernels = set.kernels
      let weights = randomWeights(memory, format, rows: rows, columns: columns, byteCount: working)
      let x = QuantizedRows(memory, kernels, format, rows: 1, columns: columns)
      let out = memory.allocate(Float.self, rows)
      return {
        for i in 0..<weights.matrices {
          pool.run { worker in
            for groups in worker.portions(of: PackedLayout.groupCount(rows: rows), unit: 2) {
              kernels.linear.linearInt8(
                PackedLayout.number(format), weights.address + i * weights.matrixBytes,
                columns / 32,
                x.codes, x.scales, x.offsets,
                1, groups.lowerBound, groups.upperBound, rows, out, rows, 0)
            }
          }
        }
      }
    }
  }

  /// Decode without memory: one row, or the few of sequences that share a pass, against 768 KB of weights again and
  /// again, which all threads together keep in their second-level caches. What is left is arithmetic.
  static var fewRows: [Workload] {
    [(1, "one row"), (2, "two rows"), (4, "four rows")].flatMap { rows, name in
      integerFormats.map { fewRows(name, rows, $0) }
    }
  }

  private static func fewRows(_ name: String, _ n: Int, _ format: BlockFormat) -> Workload {
    let (columns, passes) = (2048, 200 / n)
    let groupBytes = PackedLayout.groupBytes(format, columns: columns)
    let groups = 2 * max(1, (768 << 10) / groupBytes / 2)
    return Workload(
      name: "\(name) \(format.name)", shape: "\(16 * groups)x\(columns) in cache",
      limit: .stream(bytes: groups * groupBytes), amount: Double(passes * groups * groupBytes)
    ) { set, pool, memory in
      let kernels = set.kernels
      let weights = randomWeights(memory, format, rows: 16 * groups, columns: columns)
      let x = QuantizedRows(memory, kernels, format, rows: n, columns: columns)
      let out = memory.allocate(Float.self, n * 16 * groups)
      return {
        pool.run { worker in
          for own in worker.portions(of: groups) {
            for _ in 0..<passes {
              kernels.linear.linearInt8(
                PackedLayout.number(format), weights.address, columns / 32, x.codes, x.scales,
                x.offsets, n, own.lowerBound, own.upperBound, 16 * groups, out, 16 * groups, 0)
            }
          }
        }
      }
    }
  }

  /// The exact path on every format, and the smallest shape on one.
  static var linearF32: [Workload] {
    BlockFormat.allCases.map { f32($0, 4096, 4096, n: 256) }
      + [f32(.q4_1, 1536, 576, n: 256), f32(.f32, 768, 768, n: 32), f32(.f32, 3072, 768, n: 32)]
  }

  private static func f32(_ format: BlockFormat, _ rows: Int, _ columns: Int, n: Int) -> Workload {
    Workload(
      name: "f32 W x \(format.name)", shape: "\(rows)x\(columns), \(n) rows", limit: .multiplyAdd,
      amount: 2 * Double(rows * columns * n)
    ) { set, pool, memory in
      let kernels = set.kernels
      let weights = randomWeights(memory, format, rows: rows, columns: columns)
      var numbers = FixedNumbers()
      let x = numbers.floats(memory, n * columns)
      let out = memory.allocate(Float.self, n * rows)
      let scratch = memory.allocate(Float.self, pool.threadCount * panelScratch)
      return {
        pool.run { worker in
          for groups in worker.portions(of: PackedLayout.groupCount(rows: rows), unit: 2) {
            kernels.linear.linearF32(
              PackedLayout.number(format), weights.address, columns, x, n, groups.lowerBound,
              groups.upperBound, rows, out, rows, 0, scratch + worker.index * panelScratch)
          }
        }
      }
    }
  }

  /// Floats of scratch for one thread of the exact path.
  private static let panelScratch = 32 * 256
}
