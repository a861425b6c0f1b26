import BlockFormats
import KernelInterface
import TensorKernels
import TestSupport
import Testing

/// The gradients of a linear layer, against sums in Double.
@Suite struct LinearBackwardTests {
  /// A gradient of an input is a chain over the M outputs; decoding is exact (PackingTests). A term has
  /// the rounding of its product, unless fused, and those of at most M additions; in slices, that to a
  /// multiple of the row's unit.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func inputGradientMatchesSumsInDouble(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 31)
    let isSuperblock = format.elementsPerBlock == 256
    let shapes =
      isSuperblock
      ? [(1, 256), (17, 512), (40, 256), (150, 768), (785, 256)]
      : [(1, 32), (15, 64), (16, 288), (17, 32), (33, 96), (150, 544), (1601, 64)]
    for (rows, columns) in shapes + (format.elementsPerBlock == 1 ? [(35, 45), (9, 259)] : []) {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let values = matrix.values
      let product = BackwardProduct(matrix: try matrix.packed(set), set: set)
      for n in [1, 7, 16, 17, 32, 49] {
        let g = randomFloats(n * product.gStride, size: 3, &random)
        let old = randomFloats(n * product.dxStride, size: 5, &random)
        for onto in [nil, old] {
          let found = try product.inputGradient(g, n: n, onto: onto)
          let error = firstError(
            found, rows: n, width: columns, stride: product.dxStride,
            roundings: product.slices ? min(rows, 48) + 8 : rows + 2, onto: onto,
            besides: product.sliceErrors(values, g, n: n)
          ) { i, k in
            (0..<rows).lazy.map { m in
              Double(values[m * columns + k]) * Double(g[i * product.gStride + m])
            }
          }
          #expect(error == nil, "\(rows) x \(columns), n = \(n)")
        }
      }
    }
  }

  /// More rows than one block of results holds.
  @Test(arguments: InstructionSet.available)
  func inputGradientOfManyRows(set: InstructionSet) throws {
    var random = SplitMix64(seed: 32)
    let (rows, columns, n) = (21, 32, 2 * KernelTable.transposedRows + 37)
    let matrix = RandomMatrix(.q4_0, rows: rows, columns: columns, &random)
    let values = matrix.values
    let product = BackwardProduct(matrix: try matrix.packed(set), set: set)
    let g = randomFloats(n * product.gStride, &random)
    let error = firstError(
      try product.inputGradient(g, n: n), rows: n, width: columns, stride: product.dxStride,
      roundings: rows + 2, besides: product.sliceErrors(values, g, n: n)
    ) { i, k in
      (0..<rows).lazy.map { m in
        Double(values[m * columns + k]) * Double(g[i * product.gStride + m])
      }
    }
    #expect(error == nil)
  }

  /// A gradient of a weight is a chain over the n rows of activations.
  @Test(arguments: InstructionSet.available)
  func weightGradientMatchesSumsInDouble(set: InstructionSet) throws {
    var random = SplitMix64(seed: 33)
    let shapes = [
      (1, 1, 1), (16, 8, 3), (17, 32, 33), (40, 45, 7), (33, 259, 20), (64, 515, 129),
      (19, 24, KernelTable.gradientRows + 9),
    ]
    for (rows, columns, n) in shapes {
      let product = try BackwardProduct(set: set, rows: rows, columns: columns)
      let g = randomFloats(n * product.gStride, size: 3, &random)
      let x = randomFloats(n * product.xStride, size: 2, &random)
      var old = randomFloats(product.packedCount, size: 5, &random)
      for i in 0..<product.packedCount where product.outputRow(i) >= rows { old[i] = 0 }
      for onto in [nil, old] {
        let found = try product.weightGradient(g, x, n: n, onto: onto)
        let error = firstError(
          found, rows: 1, width: product.packedCount, stride: product.packedCount,
          roundings: n + 2, onto: onto
        ) { _, i in
          let m = product.outputRow(i)
          let k = i / 16 % columns
          return (0..<n).lazy.map { j in
            m < rows ? Double(g[j * product.gStride + m]) * Double(x[j * product.xStride + k]) : 0
          }
        }
        #expect(error == nil, "\(rows) x \(columns), n = \(n)")
      }
    }
  }

  /// Rows that are not finite give nothing finite in any column, zeros give zeros, and neither touches
  /// others; small and large gradients keep their precision.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func inputGradientOfUnusualRows(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 37)
    let (rows, columns, n) = (37, 256, 9)
    let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
    let values = matrix.values
    let product = BackwardProduct(matrix: try matrix.packed(set), set: set)
    var g = randomFloats(n * product.gStride, &random)
    func scale(_ row: Int, by factor: Float) {
      for m in 0..<rows { g[row * product.gStride + m] *= factor }
    }
    g[1 * product.gStride + 3] = .infinity
    g[2 * product.gStride + 36] = .nan
    scale(3, by: 0)
    scale(4, by: 0x1p-100)
    scale(5, by: 0x1p100)
    g[6 * product.gStride + 20] = 0x1p40  // and 36 others that are next to nothing beside it
    let found = try product.inputGradient(g, n: n)
    for i in 0..<n {
      let row = found[i * product.dxStride..<i * product.dxStride + columns]
      switch i {
      case 1, 2:
        // An infinity by a weight of zero, or by itself, is NaN; by others it may stay one.
        #expect(row.allSatisfy { !$0.isFinite }, "row \(i)")
      case 3: #expect(row.allSatisfy { $0 == 0 })
      default:
        let own = Array(g[i * product.gStride..<(i + 1) * product.gStride])
        let error = firstError(
          Array(found[i * product.dxStride..<(i + 1) * product.dxStride]), rows: 1,
          width: columns, stride: product.dxStride, roundings: rows + 2,
          besides: product.sliceErrors(values, own, n: 1)
        ) { _, k in
          (0..<rows).lazy.map { m in Double(values[m * columns + k]) * Double(own[m]) }
        }
        #expect(error == nil, "row \(i)")
      }
    }
  }

  /// One, two and three threads give the same bits.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func inputGradientDoesNotDependOnThreads(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 34)
    let columns = format.elementsPerBlock == 256 ? 768 : 416
    for (rows, n) in [(1, 1), (83, 11), (160, 40)] {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let product = BackwardProduct(matrix: try matrix.packed(set), set: set)
      let g = randomFloats(n * product.gStride, &random)
      let results = try Pools.all.map {
        bitPatterns(try product.inputGradient(g, n: n, pool: $0))
      }
      #expect(results[0] == results[1] && results[0] == results[2], "\(rows) rows, n = \(n)")
    }
  }

  @Test(arguments: InstructionSet.available)
  func weightGradientDoesNotDependOnThreads(set: InstructionSet) throws {
    var random = SplitMix64(seed: 35)
    for (rows, columns, n) in [(1, 5, 1), (83, 64, 11), (160, 300, 140)] {
      let product = try BackwardProduct(set: set, rows: rows, columns: columns)
      let g = randomFloats(n * product.gStride, &random)
      let x = randomFloats(n * product.xStride, &random)
      let results = try Pools.all.map {
        bitPatterns(try product.weightGradient(g, x, n: n, pool: $0))
      }
      #expect(results[0] == results[1] && results[0] == results[2], "\(rows) rows, n = \(n)")
    }
  }

  /// A row's gradient is the same alone and among others.
  @Test(arguments: InstructionSet.available)
  func rowsDoNotDependOnTheirNeighbours(set: InstructionSet) throws {
    var random = SplitMix64(seed: 36)
    for (format, rows, columns) in [
      (BlockFormat.f32, 150, 288), (.q4_0, 150, 288), (.q4_1, 900, 96), (.q6_K, 800, 256),
      (.q2_K, 800, 256),
    ] {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let product = BackwardProduct(matrix: try matrix.packed(set), set: set)
      let n = 39
      let g = randomFloats(n * product.gStride, &random)
      let together = try product.inputGradient(g, n: n)
      for i in 0..<n {
        let alone = try product.inputGradient(
          Array(g[i * product.gStride..<(i + 1) * product.gStride]), n: 1)
        let place = i * product.dxStride..<(i + 1) * product.dxStride
        #expect(bitPatterns(alone) == bitPatterns(together[place]), "\(format), row \(i)")
      }
    }
  }
}

/// One backward pass of a layer as a trainer asks for it.
private struct BackwardProduct {
  let matrix: PackedMatrix
  let set: InstructionSet

  var gStride: Int { matrix.rows + 5 }
  var xStride: Int { matrix.columns + 2 }
  var dxStride: Int { matrix.columns + 3 }

  init(matrix: PackedMatrix, set: InstructionSet) {
    self.matrix = matrix
    self.set = set
  }

  /// A plain f32 matrix, of which the gradient needs no more than the shape.
  init(set: InstructionSet, rows: Int, columns: Int) throws {
    var random = SplitMix64(seed: 1)
    self.init(
      matrix: try RandomMatrix(.f32, rows: rows, columns: columns, &random).packed(set), set: set)
  }

  /// Elements of the packed layout, and the row of W that one of them is of.
  var packedCount: Int { PackedLayout.groupCount(rows: matrix.rows) * 16 * matrix.columns }
  func outputRow(_ i: Int) -> Int { i / (16 * matrix.columns) * 16 + i % 16 }

  var slices: Bool {
    self.set.kernels.linearGradients.linearTransposedSlices != nil
      && matrix.format.elementsPerBlock > 1
  }

  /// What slicing the gradient may add to an error, `[n][columns]`; nothing where it is not sliced.
  ///
  /// A term is off by u / 2 for each unit of its code at most, evenly spread: by u / sqrt(12) on average.
  /// Six times that for codes of the largest magnitude, u being 2^-21 times the row's largest gradient by the block's largest scale at
  /// most. Scale times code is known by the range of a row's weights in the block, which random codes
  /// fill by more than half.
  func sliceErrors(_ values: [Float], _ g: [Float], n: Int) -> [Double] {
    guard slices else { return [] }
    let (rows, columns) = (matrix.rows, matrix.columns)
    let width = matrix.format.columnsPerScale
    let ranges = (0..<columns / width).map { block in
      (0..<rows).map { m in
        let some = values[m * columns + block * width..<m * columns + (block + 1) * width]
        return Double(some.max()! - some.min()!)
      }.max()!
    }
    return (0..<n).flatMap { i in
      let largest = g[i * gStride..<i * gStride + rows].reduce(0) { max($0, abs($1)) }
      return (0..<columns).map { k in
        6 / 12.0.squareRoot() * 0x1p-21 * Double(largest) * 2 * ranges[k / width]
          * Double(rows).squareRoot()
      }
    }
  }

  func inputGradient(
    _ g: [Float], n: Int, onto: [Float]? = nil, pool: ThreadPool = Pools.one
  ) throws -> [Float] {
    let view = matrix.view
    let kernels = set.kernels
    let packed = try PageBuffer(byteCount: 4 * view.packedGradientCount(rows: n))
    let size = KernelTable.transposedScratch
    let scratch = try PageBuffer(byteCount: 4 * size * pool.threadCount)
    // What was there before must not matter.
    packed.elements(Float.self).update(
      repeating: .nan, count: view.packedGradientCount(rows: n))
    scratch.elements(Float.self).update(repeating: .nan, count: size * pool.threadCount)
    var out = onto ?? [Float](repeating: LinearProduct.untouched, count: n * dxStride)
    g.withUnsafeBufferPointer { g in
      out.withUnsafeMutableBufferPointer { out in
        let (from, to) = (g.baseAddress!, out.baseAddress!)
        pool.run { worker in
          view.applyTransposed(
            worker, kernels, from, stride: gStride, count: n, dx: to, dxStride: dxStride,
            accumulate: onto != nil, packed: packed.elements(),
            scratch: scratch.elements() + worker.index * size)
        }
      }
    }
    return out
  }

  func weightGradient(
    _ g: [Float], _ x: [Float], n: Int, onto: [Float]? = nil, pool: ThreadPool = Pools.one
  ) throws -> [Float] {
    let view = matrix.view
    let kernels = set.kernels
    let packed = try PageBuffer(byteCount: 4 * view.packedInputCount(rows: n))
    let size = KernelTable.gradientScratch
    let scratch = try PageBuffer(byteCount: 4 * size * pool.threadCount)
    packed.elements(Float.self).update(repeating: .nan, count: view.packedInputCount(rows: n))
    scratch.elements(Float.self).update(repeating: .nan, count: size * pool.threadCount)
    var out = onto ?? [Float](repeating: LinearProduct.untouched, count: packedCount)
    g.withUnsafeBufferPointer { g in
      x.withUnsafeBufferPointer { x in
        out.withUnsafeMutableBufferPointer { out in
          let (from, inputs, to) = (g.baseAddress!, x.baseAddress!, out.baseAddress!)
          pool.run { worker in
            view.addGradient(
              worker, kernels, from, gStride: gStride, inputs, xStride: xStride, count: n, to: to,
              accumulate: onto != nil, packed: packed.elements(),
              scratch: scratch.elements() + worker.index * size)
          }
        }
      }
    }
    return out
  }
}

/// The first result that is off by more than `roundings` units of its terms' magnitudes and `besides`,
/// `[rows][width]`, or a place between the rows that was written.
func firstError(
  _ out: [Float], rows: Int, width: Int, stride: Int, roundings: Int, onto: [Float]? = nil,
  besides: [Double] = [],
  _ terms: (_ row: Int, _ column: Int) -> some Sequence<Double>
) -> String? {
  for i in 0..<rows {
    for k in 0..<stride {
      let found = out[i * stride + k]
      guard k < width else {
        let wanted = onto?[i * stride + k] ?? LinearProduct.untouched
        if found != wanted { return "wrote \(found) past the end of row \(i)" }
        continue
      }
      let start = onto.map { Double($0[i * stride + k]) } ?? 0
      var (value, magnitude) = (start, abs(start))
      for term in terms(i, k) {
        value += term
        magnitude += abs(term)
      }
      let tolerance =
        Double(roundings) * unit * magnitude
        + (besides.isEmpty ? 0 : besides[i * width + k])
      if !(abs(Double(found) - value) <= tolerance) {
        return "row \(i), column \(k): \(found), wanted \(value) +- \(tolerance)"
      }
    }
  }
  return nil
}
