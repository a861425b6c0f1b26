import BlockFormats
import KernelInterface
import TensorKernels
import TestSupport
import Testing

/// A linear layer and its gradients in bf16: against sums in Double of operands rounded by `BFloat16`,
/// so that what remains is the rounding of f32 sums. Products of two bf16 are exact in f32; each of
/// a sum's K additions rounds once.
@Suite(.enabled(if: InstructionSet.highest == .avx512bf16, "this CPU has no bf16 products"))
struct BrainLinearTests {
  @Test(arguments: BlockFormat.allCases)
  func matchesSumsInDouble(format: BlockFormat) throws {
    var random = SplitMix64(seed: 41)
    for (rows, columns) in format.oddShapes {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let values = matrix.values.map(brain)
      let layer = try BrainLayer(matrix)
      for n in [1, 7, 8, 9, 17, 32] {
        let x = randomFloats(n * layer.xStride, size: 3, &random)
        let inputs = x.map(brain)
        let old = randomFloats(n * layer.gStride, size: 5, &random)
        for onto in [nil, old] {
          let error = firstError(
            try layer.outputs(x, n: n, onto: onto), rows: n, width: rows, stride: layer.gStride,
            roundings: columns + 2, onto: onto
          ) { i, m in
            (0..<columns).lazy.map { values[m * columns + $0] * inputs[i * layer.xStride + $0] }
          }
          #expect(error == nil, "\(rows) x \(columns), n = \(n)")
        }
      }
    }
  }

  @Test(arguments: BlockFormat.allCases)
  func inputGradientMatchesSumsInDouble(format: BlockFormat) throws {
    var random = SplitMix64(seed: 42)
    for (rows, columns) in format.oddShapes {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let values = matrix.values.map(brain)
      let layer = try BrainLayer(matrix)
      for n in [1, 16, 17, 33] {
        let g = randomFloats(n * layer.gStride, size: 3, &random)
        let gradients = g.map(brain)
        let old = randomFloats(n * layer.xStride, size: 5, &random)
        for onto in [nil, old] {
          let error = firstError(
            try layer.inputGradient(g, n: n, onto: onto), rows: n, width: columns,
            stride: layer.xStride, roundings: rows + 2, onto: onto
          ) { i, k in
            (0..<rows).lazy.map { values[$0 * columns + k] * gradients[i * layer.gStride + $0] }
          }
          #expect(error == nil, "\(rows) x \(columns), n = \(n)")
        }
      }
    }
  }

  @Test func weightGradientMatchesSumsInDouble() throws {
    var random = SplitMix64(seed: 43)
    let shapes = [
      (1, 1, 1), (16, 8, 3), (17, 32, 33), (40, 45, 7), (33, 259, 20), (64, 515, 258),
      (19, 24, 2 * KernelTable.gradientRows + 9),
    ]
    for (rows, columns, n) in shapes {
      let layer = try BrainLayer(RandomMatrix(.f32, rows: rows, columns: columns, &random))
      let g = randomFloats(n * layer.gStride, size: 3, &random)
      let x = randomFloats(n * layer.xStride, size: 2, &random)
      let (gradients, inputs) = (g.map(brain), x.map(brain))
      let count = layer.packedCount
      var old = randomFloats(count, size: 5, &random)
      for i in 0..<count where layer.outputRow(i) >= rows { old[i] = 0 }
      for onto in [nil, old] {
        let error = firstError(
          try layer.weightGradient(g, x, n: n, onto: onto), rows: 1, width: count, stride: count,
          roundings: n + 2, onto: onto
        ) { _, i in
          let m = layer.outputRow(i)
          let k = i / 16 % columns
          return (0..<n).lazy.map {
            m < rows ? gradients[$0 * layer.gStride + m] * inputs[$0 * layer.xStride + k] : 0
          }
        }
        #expect(error == nil, "\(rows) x \(columns), n = \(n)")
      }
    }
  }

  /// One, two and three threads give the same bits.
  @Test(arguments: [BlockFormat.f32, .q4_0, .q6_K])
  func resultsDoNotDependOnThreads(format: BlockFormat) throws {
    var random = SplitMix64(seed: 44)
    for (rows, n) in [(1, 1), (83, 11), (160, 40)] {
      let layer = try BrainLayer(RandomMatrix(format, rows: rows, columns: 768, &random))
      let g = randomFloats(n * layer.gStride, &random)
      let x = randomFloats(n * layer.xStride, &random)
      for run in [
        { try layer.outputs(x, n: n, pool: $0) }, { try layer.inputGradient(g, n: n, pool: $0) },
        { try layer.weightGradient(g, x, n: n, pool: $0) },
      ] as [(ThreadPool) throws -> [Float]] {
        let results = try Pools.all.map { bitPatterns(try run($0)) }
        #expect(results[0] == results[1] && results[0] == results[2], "\(rows) rows, n = \(n)")
      }
    }
  }

  /// A NaN in an operand is one in every result it belongs to, and an infinity stays one.
  @Test func nonFiniteOperandsAreNotLost() throws {
    var random = SplitMix64(seed: 45)
    let layer = try BrainLayer(RandomMatrix(.f32, rows: 20, columns: 24, &random))
    var x = [Float](repeating: 1, count: 9 * layer.xStride)
    x[3] = .nan
    x[layer.xStride + 5] = .infinity
    let y = try layer.outputs(x, n: 9)
    for m in 0..<20 {
      #expect(y[m].isNaN)
      #expect(y[layer.gStride + m].isInfinite)
      #expect(y[2 * layer.gStride + m].isFinite)
    }
  }
}

/// Sets without bf16 products say so.
@Suite struct BrainAvailabilityTests {
  @Test(arguments: InstructionSet.available)
  func absenceIsAnError(set: InstructionSet) throws {
    guard set != .avx512bf16 else {
      _ = try set.brainKernels()
      return
    }
    #expect(set.kernels.brain == nil)
    #expect(throws: KernelError.noBrainKernels(set)) { try set.brainKernels() }
  }
}

private func brain(_ value: Float) -> Double { Double(Float(BFloat16(value))) }

extension BlockFormat {
  fileprivate var oddShapes: [(rows: Int, columns: Int)] {
    switch elementsPerBlock {
    case 256: [(1, 256), (17, 512), (40, 256), (280, 768)]
    case 32: [(1, 32), (15, 64), (16, 288), (17, 32), (33, 96), (280, 544)]
    default: [(1, 1), (16, 288), (17, 32), (35, 45), (9, 259), (280, 97)]
    }
  }
}

/// A layer as a trainer uses it.
private struct BrainLayer {
  let matrix: PackedMatrix
  let kernels: BrainKernelTable

  var gStride: Int { matrix.rows + 5 }
  var xStride: Int { matrix.columns + 2 }

  /// Elements of the packed layout, and the row of W that one of them is of.
  var packedCount: Int { PackedLayout.groupCount(rows: matrix.rows) * 16 * matrix.columns }
  func outputRow(_ i: Int) -> Int { i / (16 * matrix.columns) * 16 + i % 16 }

  init(_ matrix: RandomMatrix) throws {
    self.matrix = try matrix.packed(.avx512bf16)
    kernels = try InstructionSet.avx512bf16.brainKernels()
  }

  func outputs(_ x: [Float], n: Int, onto: [Float]? = nil, pool: ThreadPool = Pools.one) throws
    -> [Float]
  {
    try run(
      x, x, onto, count: n * gStride, packed: matrix.view.packedBrainCount(rows: n),
      scratch: PackedMatrix.panelScratch, pool
    ) { worker, x, _, out, packed, scratch in
      matrix.view.apply(
        worker, kernels, x, stride: xStride, count: n, out: out, outStride: gStride,
        accumulate: onto != nil, packed: packed, scratch: scratch)
    }
  }

  func inputGradient(
    _ g: [Float], n: Int, onto: [Float]? = nil, pool: ThreadPool = Pools.one
  ) throws -> [Float] {
    try run(
      g, g, onto, count: n * xStride, packed: matrix.view.packedGradientCount(rows: n),
      scratch: KernelTable.transposedScratch, pool
    ) { worker, g, _, out, packed, scratch in
      matrix.view.applyTransposed(
        worker, kernels, g, stride: gStride, count: n, dx: out, dxStride: xStride,
        accumulate: onto != nil, packed: packed, scratch: scratch)
    }
  }

  func weightGradient(
    _ g: [Float], _ x: [Float], n: Int, onto: [Float]? = nil, pool: ThreadPool = Pools.one
  ) throws -> [Float] {
    try run(
      g, x, onto, count: packedCount, packed: matrix.view.packedInputCount(rows: n),
      scratch: KernelTable.gradientScratch, pool
    ) { worker, g, x, out, packed, scratch in
      matrix.view.addGradient(
        worker, kernels, g, gStride: gStride, x, xStride: xStride, count: n, to: out,
        accumulate: onto != nil, packed: packed, scratch: scratch)
    }
  }

  private typealias Floats = UnsafeMutablePointer<Float>

  /// What is in the scratch before must not matter, so it is filled with NaNs.
  private func run(
    _ first: [Float], _ second: [Float], _ onto: [Float]?, count: Int, packed packedCount: Int,
    scratch size: Int, _ pool: ThreadPool,
    _ body:
      (Worker, UnsafePointer<Float>, UnsafePointer<Float>, Floats, Floats, Floats) -> Void
  ) throws -> [Float] {
    let packed = try PageBuffer(byteCount: 4 * packedCount)
    let scratch = try PageBuffer(byteCount: 4 * size * pool.threadCount)
    packed.elements(Float.self).update(repeating: .nan, count: packedCount)
    scratch.elements(Float.self).update(repeating: .nan, count: size * pool.threadCount)
    var out = onto ?? [Float](repeating: LinearProduct.untouched, count: count)
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        out.withUnsafeMutableBufferPointer { out in
          let (a, b, to) = (first.baseAddress!, second.baseAddress!, out.baseAddress!)
          pool.run { worker in
            body(
              worker, a, b, to, packed.elements(), scratch.elements() + worker.index * size)
          }
        }
      }
    }
    return out
  }
}
