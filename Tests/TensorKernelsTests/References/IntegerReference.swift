import BlockFormats

extension BlockFormat {
  /// Columns that share a scale.
  var columnsPerScale: Int {
    switch self {
    case .q2_K, .q3_K, .q6_K: 16
    default: 32
    }
  }

  /// The least number of columns in whole blocks that is not below `columns`.
  func wholeBlocks(_ columns: Int) -> Int {
    (columns + elementsPerBlock - 1) / elementsPerBlock * elementsPerBlock
  }
}

/// Dot products of a matrix's codes with quantized rows, in exact integers up to the scales.
struct IntegerReference {
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
        "the test reads \(matrix.format.name) wrongly")
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

  func dot(_ row: Int, _ x: QuantizedRow) -> ReferenceSum {
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
