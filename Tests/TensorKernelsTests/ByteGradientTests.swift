import BlockFormats
import KernelInterface
import TensorKernels
import TestSupport
import Testing

private let blocks = BlockFormat.allCases.filter { $0.elementsPerBlock > 1 }

/// The gradient of a linear layer's input in eight bits.
@Suite struct ByteGradientTests {
  /// Every instruction set gives the bits of the definition.
  @Test(arguments: InstructionSet.available, blocks)
  func matchesTheDefinition(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 51)
    let shapes =
      format.elementsPerBlock == 256
      ? [(1, 256), (17, 512), (150, 256), (785, 256)]
      : [(1, 32), (15, 64), (33, 96), (150, 288), (1601, 64)]
    for (rows, columns) in shapes {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let layer = ByteLayer(matrix: try matrix.packed(set), set: set)
      for (n, slices) in [(1, 1), (8, 2), (13, 1), (5, 2)] {
        var g = randomFloats(n * layer.gStride, size: 3, &random)
        for i in stride(from: 0, to: g.count, by: 37) { g[i] *= 50 }
        let old = randomFloats(n * columns, size: 5, &random)
        for onto in [nil, old] {
          let reference = ByteGradientReference(matrix: matrix, slices: slices, seed: 7)
            .inputGradient(g, stride: layer.gStride, n: n, onto: onto)
          let found = try layer.inputGradient(g, n: n, slices: slices, seed: 7, onto: onto)
          #expect(
            bitPatterns(found) == bitPatterns(reference), "\(rows) x \(columns), \(n), \(slices)")
        }
      }
    }
  }

  /// One, two and three threads give the same bits.
  @Test(arguments: InstructionSet.available, [BlockFormat.q4_1, .q6_K])
  func doesNotDependOnThreads(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 52)
    let matrix = RandomMatrix(format, rows: 83, columns: 768, &random)
    let layer = ByteLayer(matrix: try matrix.packed(set), set: set)
    let g = randomFloats(29 * layer.gStride, &random)
    let results = try Pools.all.map {
      bitPatterns(try layer.inputGradient(g, n: 29, seed: 3, pool: $0))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// Rounding at random loses nothing but to chance: the mean over many seeds comes near the sum with the same rounded
  /// weights, in two slices, as the root of their number says; and numbers far below a step are not lost.
  @Test func roundingIsRightOnAverage() throws {
    var random = SplitMix64(seed: 53)
    let matrix = RandomMatrix(.q8_0, rows: 200, columns: 32, &random)
    let layer = ByteLayer(matrix: try matrix.packed(.best), set: .best)
    var g = randomFloats(layer.gStride, size: 0.001, &random)
    g[11] = 1  // a step is 8 times the largest of the others
    let exact = try layer.inputGradient(g, n: 1, slices: 2, seed: 1).map(Double.init)
    let seeds = 4000
    var mean = [Double](repeating: 0, count: 32)
    var square = mean
    for seed in 0..<seeds {
      let found = try layer.inputGradient(g, n: 1, seed: UInt32(seed) &* 0x9E37_79B9)
      for k in 0..<32 {
        mean[k] += Double(found[k]) / Double(seeds)
        square[k] += Double(found[k]) * Double(found[k]) / Double(seeds)
      }
    }
    for k in 0..<32 {
      let deviation = ((square[k] - mean[k] * mean[k]) / Double(seeds)).squareRoot()
      #expect(deviation > 0)
      #expect((mean[k] - exact[k]).magnitude <= 5 * deviation, "column \(k)")
    }
  }

  /// Rows that are not finite give NaN in every column, zeros give zeros, and neither touches others; rows of other
  /// sizes keep their precision.
  @Test(arguments: InstructionSet.available)
  func unusualRows(set: InstructionSet) throws {
    var random = SplitMix64(seed: 54)
    let matrix = RandomMatrix(.q4_K, rows: 37, columns: 256, &random)
    let layer = ByteLayer(matrix: try matrix.packed(set), set: set)
    var g = randomFloats(9 * layer.gStride, &random)
    let plain = try layer.inputGradient(g, n: 9, seed: 5)
    for m in 0..<37 {
      g[3 * layer.gStride + m] *= 0
      g[4 * layer.gStride + m] *= 0x1p-80
      g[5 * layer.gStride + m] *= 0x1p80
    }
    g[1 * layer.gStride + 3] = .infinity
    g[2 * layer.gStride + 36] = .nan
    let found = try layer.inputGradient(g, n: 9, seed: 5)
    for i in 0..<9 {
      let row = found[i * 256..<(i + 1) * 256]
      let expected = plain[i * 256..<(i + 1) * 256]
      switch i {
      case 1, 2: #expect(row.allSatisfy { $0.isNaN }, "row \(i)")
      case 3: #expect(row.allSatisfy { $0 == 0 })
      case 4: #expect(zip(row, expected).allSatisfy { ($0 * 0x1p80 - $1).magnitude <= 1e-6 })
      case 5: #expect(zip(row, expected).allSatisfy { ($0 * 0x1p-80 - $1).magnitude <= 1e-6 })
      default: #expect(bitPatterns(row) == bitPatterns(expected))
      }
    }
  }

  /// Weights that are all zero, and such as have the smallest and largest scales.
  @Test(arguments: InstructionSet.available, blocks)
  func extremeWeights(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 55)
    let matrix = RandomMatrix(format, rows: 40, columns: 256, scales: .extreme, &random)
    let layer = ByteLayer(matrix: try matrix.packed(set), set: set)
    let g = randomFloats(3 * layer.gStride, size: 0x1p-20, &random)
    let reference = ByteGradientReference(matrix: matrix, slices: 1, seed: 9)
      .inputGradient(g, stride: layer.gStride, n: 3, onto: nil)
    let found = try layer.inputGradient(g, n: 3, seed: 9)
    #expect(found.allSatisfy { $0.isFinite })
    #expect(bitPatterns(found) == bitPatterns(reference))
  }
}

/// A layer as a trainer uses it.
private struct ByteLayer {
  let matrix: PackedMatrix
  let set: InstructionSet

  var gStride: Int { matrix.rows + 5 }

  /// dx `[n][columns]`. What is in the scratch before must not matter, so it is filled with NaNs.
  func inputGradient(
    _ g: [Float], n: Int, slices: Int = 1, seed: UInt32, onto: [Float]? = nil,
    pool: ThreadPool = Pools.one
  ) throws -> [Float] {
    let packedCount = matrix.view.packedGradientCount(rows: n)
    let size = KernelTable.transposedScratch
    let packed = try PageBuffer(byteCount: 4 * packedCount)
    let scratch = try PageBuffer(byteCount: 4 * size * pool.threadCount)
    packed.elements(Float.self).update(repeating: .nan, count: packedCount)
    scratch.elements(Float.self).update(repeating: .nan, count: size * pool.threadCount)
    var dx = onto ?? [Float](repeating: LinearProduct.untouched, count: n * matrix.columns)
    let kernels = set.kernels.gradients.bytes
    g.withUnsafeBufferPointer { g in
      dx.withUnsafeMutableBufferPointer { dx in
        let (from, to) = (g.baseAddress!, dx.baseAddress!)
        pool.run { worker in
          matrix.view.applyTransposed(
            worker, kernels, from, stride: gStride, count: n, slices: slices, seed: seed, dx: to,
            dxStride: matrix.columns, accumulate: onto != nil, packed: packed.elements(),
            scratch: scratch.elements() + worker.index * size)
        }
      }
    }
    return dx
  }
}
