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
    for n in [1, 5] {
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

  @Test(arguments: InstructionSet.available, formats)
  func resultsDoNotDependOnThreads(set: InstructionSet, format: BlockFormat) throws {
    try expectSameOnAnyThreads(set, format, .int8, columns: format.wholeBlocks(288))
  }
}

extension BlockFormat {
  /// Columns that share a scale.
  var columnsPerScale: Int {
    switch self {
    case .q2_K, .q3_K, .q6_K: 16
    default: 32
    }
  }

  /// The least number of columns in whole blocks that is not below `columns`.
  fileprivate func wholeBlocks(_ columns: Int) -> Int {
    (columns + elementsPerBlock - 1) / elementsPerBlock * elementsPerBlock
  }
}

/// Dot products of a matrix's codes with quantized rows, in exact integers up to the scales.
private struct IntegerReference {
  let matrix: RandomMatrix
  /// Columns that share a scale.
  private let run: Int
  /// Element = scale * code + minimum.
  private var codes: [Int] = []
  private var scales: [Double] = []
  private var minima: [Double] = []

  init(_ matrix: RandomMatrix) {
    self.matrix = matrix
    run = matrix.format.columnsPerScale
    let size = matrix.format.bytesPerBlock
    for block in 0..<matrix.bytes.count / size {
      let bytes = Array(matrix.bytes[block * size..<(block + 1) * size])
      func half(_ i: Int) -> Double {
        Double(Float(Half(bits: UInt16(bytes[i]) | UInt16(bytes[i + 1]) << 8)))
      }
      switch matrix.format {
      case .q8_0:
        scales.append(half(0))
        minima.append(0)
        codes += bytes[2...].map { Int(Int8(bitPattern: $0)) }
      case .q4_0:
        scales.append(half(0))
        minima.append(0)
        codes += bytes[2...].map { Int($0 & 15) - 8 } + bytes[2...].map { Int($0 >> 4) - 8 }
      case .q4_1:
        scales.append(half(0))
        minima.append(half(2))
        codes += bytes[4...].map { Int($0 & 15) } + bytes[4...].map { Int($0 >> 4) }
      case .q5_0:
        scales.append(half(0))
        minima.append(0)
        codes += fiveBits(bytes[2...]).map { $0 - 16 }
      case .q5_1:
        scales.append(half(0))
        minima.append(half(2))
        codes += fiveBits(bytes[4...])
      case .iq4_NL:
        scales.append(half(0))
        minima.append(0)
        codes += looked(CodeTable.iq4, bytes[2...])
      case .mxfp4:
        scales.append(Double(sign: .plus, exponent: Int(bytes[0]) - 128, significand: 1))
        minima.append(0)
        codes += looked(CodeTable.mxfp4, bytes[1...])
      case .iq4_XS: appendIQ4_XS(bytes, half(0))
      case .q2_K: appendQ2_K(bytes, half(80), half(82))
      case .q3_K: appendQ3_K(bytes, half(108))
      case .q6_K: appendQ6_K(bytes, half(208))
      default: appendAffine(bytes, half(0), half(2))
      }
    }
    // The copies above stand for the reference only if it decodes the same.
    let values = matrix.values
    for i in values.indices {
      precondition(
        Float(scales[i / run] * Double(codes[i]) + minima[i / run]) == values[i],
        "the test reads \(matrix.format) wrongly")
    }
  }

  /// Four bytes of fifth bits and 16 of nibbles, as ggml's block_q5_0 has them.
  private func fiveBits(_ bytes: ArraySlice<UInt8>) -> [Int] {
    let (fifths, pairs) = (Array(bytes.prefix(4)), Array(bytes.dropFirst(4)))
    return (0..<32).map { i in
      let nibble = i < 16 ? pairs[i] & 15 : pairs[i - 16] >> 4
      return Int(nibble) + 16 * Int(fifths[i / 8] >> UInt8(i % 8) & 1)
    }
  }

  /// Q4_K and Q5_K, as ggml's block_q4_K and block_q5_K have them.
  private mutating func appendAffine(_ bytes: [UInt8], _ d: Double, _ dMinimum: Double) {
    let packed = bytes[4..<16].map(Int.init)
    let nibbles = Array(bytes.suffix(128)).map(Int.init)
    let fifths = bytes.count == 176 ? bytes[16..<48].map(Int.init) : [Int](repeating: 0, count: 32)
    for block in 0..<8 {
      let (scale, minimum) =
        block < 4
        ? (packed[block] & 63, packed[block + 4] & 63)
        : (
          packed[block + 4] & 15 | (packed[block - 4] >> 6) << 4,
          packed[block + 4] >> 4 | (packed[block] >> 6) << 4
        )
      scales.append(d * Double(scale))
      minima.append(-dMinimum * Double(minimum))
      for i in 0..<32 {
        let nibble = nibbles[block / 2 * 32 + i] >> (block % 2 * 4) & 15
        codes.append(nibble | (fifths[i] >> block & 1) << 4)
      }
    }
  }

  /// As ggml's block_q6_K has it.
  private mutating func appendQ6_K(_ bytes: [UInt8], _ d: Double) {
    for i in 0..<16 {
      scales.append(d * Double(Int8(bitPattern: bytes[192 + i])))
      minima.append(0)
    }
    for i in 0..<256 {
      let (half, quarter, column) = (i / 128, i % 128 / 32, i % 32)
      let low = Int(bytes[64 * half + quarter % 2 * 32 + column]) >> (quarter / 2 * 4) & 15
      let high = Int(bytes[128 + 32 * half + column]) >> (2 * quarter) & 3
      codes.append((low | high << 4) - 32)
    }
  }

  /// Values of a table, low nibbles first, as ggml's block_iq4_nl has them.
  private func looked(_ table: [Int8], _ bytes: ArraySlice<UInt8>) -> [Int] {
    (bytes.map { $0 & 15 } + bytes.map { $0 >> 4 }).map { Int(table[Int($0)]) }
  }

  /// As ggml's block_iq4_xs has it.
  private mutating func appendIQ4_XS(_ bytes: [UInt8], _ d: Double) {
    for block in 0..<8 {
      let low = Int(bytes[4 + block / 2]) >> (block % 2 * 4) & 15
      let high = Int(bytes[2 + block / 4]) >> (block % 4 * 2) & 3
      scales.append(d * Double((low | high << 4) - 32))
      minima.append(0)
      codes += looked(CodeTable.iq4, bytes[8 + 16 * block..<24 + 16 * block])
    }
  }

  /// As ggml's block_q2_K has it.
  private mutating func appendQ2_K(_ bytes: [UInt8], _ d: Double, _ dMinimum: Double) {
    for i in 0..<16 {
      scales.append(d * Double(bytes[i] & 15))
      minima.append(-dMinimum * Double(bytes[i] >> 4))
    }
    codes += (0..<256).map { Int(bytes[16 + $0 / 128 * 32 + $0 % 32]) >> ($0 % 128 / 32 * 2) & 3 }
  }

  /// As ggml's block_q3_K has it.
  private mutating func appendQ3_K(_ bytes: [UInt8], _ d: Double) {
    for i in 0..<16 {
      let low = Int(bytes[96 + i % 8]) >> (i / 8 * 4) & 15
      let high = Int(bytes[104 + i % 4]) >> (i / 4 * 2) & 3
      scales.append(d * Double((low | high << 4) - 32))
      minima.append(0)
    }
    for i in 0..<256 {
      let low = Int(bytes[32 + i / 128 * 32 + i % 32]) >> (i % 128 / 32 * 2) & 3
      codes.append((low | (Int(bytes[i % 32]) >> (i / 32) & 1) << 2) - 4)
    }
  }

  func dot(_ row: Int, _ x: QuantizedRow) -> LinearProduct.Reference {
    var value = 0.0
    var magnitude = 0.0
    for first in stride(from: 0, to: matrix.columns, by: run) {
      let at = row * matrix.columns + first
      var sum = 0
      var total = 0
      for i in 0..<run {
        sum += codes[at + i] * x.codes[first + i]
        total += x.codes[first + i]
      }
      let scale = Double(x.scales[first / 32])
      let product = Double(sum) * scales[at / run] * scale
      let minimum = minima[at / run] * scale * Double(total)
      value += product + minimum
      magnitude += abs(product) + abs(minimum)
    }
    return (value, magnitude)
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
