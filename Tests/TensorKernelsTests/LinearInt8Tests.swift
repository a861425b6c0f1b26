import BlockFormats
import TensorKernels
import TestSupport
import Testing

/// Products with int8 activations, against exact integers and sums in Double.
@Suite struct LinearInt8Tests {
  static let formats = BlockFormat.allCases.filter { $0.elementsPerBlock > 1 }

  /// A result is a chain over the B blocks of a row. A block's integer is exact; it is multiplied by
  /// the weights' scale (one rounding) and the activations' (one, unless fused) and added (one). Its
  /// minimum, where there is one, has the rounding of scale * sum, that of its product and of its
  /// addition. The halves of a Q2_K, Q3_K or Q6_K block are multiplied and added up first (two roundings). A superblock's
  /// scales and minima are exact: 11 bits by 8. A term so goes through at most 3 roundings of its own and
  /// 2B of the chain, and one more where the result is added to what was there.
  @Test(arguments: InstructionSet.available, formats)
  func matchesExactSums(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 11)
    let shapes = [(1, 32), (15, 64), (16, 96), (17, 32), (31, 288), (33, 64), (40, 544)]
    for (rows, least) in shapes {
      let columns = format.wholeBlocks(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let reference = IntegerReference(matrix)
      let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: .int8)
      for n in [1, 2, 7, 8, 9, 17] {
        var x = randomFloats(n * columns, size: 3, &random)
        for i in 0..<min(32, columns) { x[i] = 0 }  // a block without activations
        let quantized = (0..<n).map { QuantizedRow(x[$0 * columns..<($0 + 1) * columns]) }
        let old = randomFloats(n * product.stride, size: 5, &random)
        for onto in [nil, old] {
          let error = product.firstError(
            try product.run(x, onto: onto), n: n, roundings: 2 * columns / 32 + 4, onto: onto
          ) { i, m in reference.dot(m, quantized[i]) }
          #expect(error == nil, "\(rows) x \(columns), n = \(n)")
        }
      }
    }
  }

  /// Every code at its extreme, where 16-bit sums of pairs of products are closest to saturation.
  /// All numbers are integers below 2^24, so results are exact; but for those of superblocks, with the
  /// scales that the same bytes give.
  @Test(arguments: InstructionSet.available, formats)
  func doesNotSaturate(set: InstructionSet, format: BlockFormat) throws {
    let columns = format.wholeBlocks(64)
    let codes: [UInt8] = format == .q8_0 ? [0x80, 0x7F, 0x81, 0] : [0x00, 0xFF, 0x0F, 0xF0]
    let signs: [(Int) -> Float] = [
      { _ in 127 }, { _ in -127 }, { $0 % 2 == 0 ? 127 : -127 }, { $0 % 4 < 2 ? -127 : 127 },
      { $0 % 32 == 0 ? 127 : 1 },
    ]
    var random = SplitMix64(seed: 12)
    var matrix = RandomMatrix(format, rows: 4 * codes.count, columns: columns, &random)
    for row in 0..<matrix.rows {
      let blocks = columns / format.elementsPerBlock
      for block in 0..<blocks {
        let start = (row * blocks + block) * format.bytesPerBlock
        for i in 0..<format.bytesPerBlock {
          // Rows of one code, and rows that alternate between two.
          let other = codes[(row / 4 + row) % 4]
          matrix.bytes[start + i] = i % 2 == 0 ? codes[row % 4] : other
        }
        for place in format.floatOffsets { matrix.put(format.floatBits(1), at: start + place) }
      }
    }
    let reference = IntegerReference(matrix)
    let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: .int8)
    for n in [1, 2, 4, 5] {
      for sign in signs {
        let x = (0..<n).flatMap { row in (0..<columns).map { sign(($0 + row) % columns) } }
        let quantized = (0..<n).map { QuantizedRow(x[$0 * columns..<($0 + 1) * columns]) }
        let roundings = format.elementsPerBlock == 256 ? 2 * columns / 32 + 3 : 0
        let error = product.firstError(try product.run(x), n: n, roundings: roundings) { i, m in
          reference.dot(m, quantized[i])
        }
        #expect(error == nil, "n = \(n)")
      }
    }
  }

  @Test(arguments: InstructionSet.available, formats)
  func rowsDoNotDependOnTheirNeighbours(set: InstructionSet, format: BlockFormat) throws {
    try expectSameRowsAlone(set, format, .int8, columns: format.wholeBlocks(288))
  }

  /// Tiles are of two, four, six and eight rows, and one row has a loop of its own: of whole matrices and of
  /// some whose last rows or superblocks are missing, to the bit.
  @Test(arguments: InstructionSet.available, formats)
  func fewRowsDoNotDependOnTheirNumber(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 15)
    for (rows, least) in [(16, 32), (21, 288), (48, 768)] {
      let columns = format.wholeBlocks(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: .int8)
      let x = randomFloats(8 * columns, &random)
      let alone = try (0..<8).map { i in
        bitPatterns(try product.run(Array(x[i * columns..<(i + 1) * columns])))
      }
      for n in 2...8 {
        let together = bitPatterns(try product.run(Array(x[..<(n * columns)])))
        #expect(Array(alone[..<n].joined()) == together, "\(rows) x \(columns), \(n) rows")
      }
    }
  }

  /// Many rows meet panels of several groups with AVX-512: from 48 on, groups, panels, tiles and rows left over, and
  /// more rows than results are kept of. Against exact sums, and to the bit as eight rows at a time.
  @Test(arguments: InstructionSet.available, formats)
  func manyRowsAreAsFew(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 17)
    for (rows, least, n) in [(100, 800, 53), (48, 32, 48), (90, 352, 50), (64, 256, 267)] {
      let columns = format.wholeBlocks(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let reference = IntegerReference(matrix)
      let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: .int8)
      let x = randomFloats(n * columns, size: 3, &random)
      let old = randomFloats(n * product.stride, size: 5, &random)
      for onto in [nil, old] {
        let together = try product.run(x, onto: onto)
        var few: [Float] = []
        for start in stride(from: 0, to: n, by: 8) {
          let some = start..<min(start + 8, n)
          few += try product.run(
            Array(x[some.lowerBound * columns..<some.upperBound * columns]),
            onto: onto.map {
              Array($0[some.lowerBound * product.stride..<some.upperBound * product.stride])
            })
        }
        #expect(bitPatterns(together) == bitPatterns(few), "\(rows) x \(columns), n = \(n)")
        guard n < 60 else { continue }
        let quantized = (0..<n).map { QuantizedRow(x[$0 * columns..<($0 + 1) * columns]) }
        let error = product.firstError(
          together, n: n, roundings: 2 * columns / 32 + 4, onto: onto
        ) { i, m in reference.dot(m, quantized[i]) }
        #expect(error == nil, "\(rows) x \(columns), n = \(n)")
      }
    }
  }

  /// Sets that round a product and its sum once do the same in the same order.
  @Test(arguments: formats)
  func setsAgreeToTheBit(format: BlockFormat) throws {
    let sets = InstructionSet.available.filter { $0 != .portable }
    var random = SplitMix64(seed: 16)
    for (rows, least) in [(1, 32), (35, 288), (64, 1024)] {
      let columns = format.wholeBlocks(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      for n in [1, 2, 3, 5, 8, 11] {
        let x = randomFloats(n * columns, size: 3, &random)
        let results = try sets.map { set in
          let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: .int8)
          return bitPatterns(try product.run(x))
        }
        for (set, bits) in zip(sets, results).dropFirst() {
          #expect(bits == results[0], "\(sets[0]) and \(set), \(rows) x \(columns), n = \(n)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, formats)
  func resultsDoNotDependOnThreads(set: InstructionSet, format: BlockFormat) throws {
    try expectSameOnAnyThreads(set, format, .int8, columns: format.wholeBlocks(288))
  }
}

/// Seventeen rows together and each alone give the same bits, added to what was there or not.
func expectSameRowsAlone(
  _ set: InstructionSet, _ format: BlockFormat, _ precision: ActivationPrecision, columns: Int
) throws {
  var random = SplitMix64(seed: 13)
  for rows in [7, 16, 40] {
    let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
    let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: precision)
    let x = randomFloats(17 * columns, &random)
    let old = randomFloats(17 * product.stride, &random)
    for onto in [nil, old] {
      let together = try product.run(x, onto: onto)
      for i in 0..<17 {
        let place = i * product.stride..<(i + 1) * product.stride
        let alone = try product.run(
          Array(x[i * columns..<(i + 1) * columns]), onto: onto.map { Array($0[place]) })
        #expect(bitPatterns(alone) == bitPatterns(together[place]), "\(rows) rows, row \(i)")
      }
    }
  }
}

/// One, two and three threads give the same bits.
func expectSameOnAnyThreads(
  _ set: InstructionSet, _ format: BlockFormat, _ precision: ActivationPrecision, columns: Int
) throws {
  var random = SplitMix64(seed: 14)
  for rows in [1, 33, 83, 160] {
    let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
    let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: precision)
    for n in [1, 11] {
      let x = randomFloats(n * columns, &random)
      let results = try Pools.all.map { bitPatterns(try product.run(x, pool: $0)) }
      #expect(results[0] == results[1] && results[0] == results[2], "\(rows) rows, n = \(n)")
    }
  }
}
