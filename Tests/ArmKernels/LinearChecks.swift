import BlockFormats
import KernelInterface
import TestSupport

extension BlockFormat {
  static let all: [BlockFormat] = [
    .f32, .f16, .bf16, .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K,
    .iq4_NL,
    .iq4_XS, .mxfp4,
  ]
  var isPlain: Bool { elementsPerBlock == 1 }
  func wholeColumns(_ columns: Int) -> Int {
    (columns + elementsPerBlock - 1) / elementsPerBlock * elementsPerBlock
  }
}

extension Checker {
  /// A matrix's groups, as the portable kernels pack them; others must pack them alike (`checkPacking`).
  func packed(_ matrix: RandomMatrix) -> Bytes {
    let table = plain ?? kernels
    let columns = matrix.columns
    let groups = PackedLayout.groupCount(rows: matrix.rows)
    let groupBytes = PackedLayout.groupBytes(matrix.format, columns: columns)
    let rowBytes = columns / matrix.format.elementsPerBlock * matrix.format.bytesPerBlock
    let source = Bytes(matrix.bytes)
    let out = Bytes(groups * groupBytes)
    for group in 0..<groups {
      _ = table.linear.packGroup(
        PackedLayout.number(matrix.format), source.address + group * 16 * rowBytes, rowBytes,
        min(16, matrix.rows - 16 * group), columns, out.address + group * groupBytes)
    }
    return out
  }

  /// Quantized activations of one row, or of tiles of eight.
  func quantized(
    _ table: KernelTable, _ x: Bytes, _ n: Int, _ columns: Int, _ kind: OffsetKind
  ) -> (codes: Bytes, scales: Bytes, offsets: Bytes) {
    let tile = n == 1 ? 1 : 8
    let tiles = (n + tile - 1) / tile
    let blocks = columns / 32
    let codes = Bytes(tiles * tile * columns, fill: 99)
    let scales = Bytes(tiles * tile * blocks * 4, fill: 99)
    let offsets = Bytes(tiles * tile * blocks * 4 * kind.countPerBlock, fill: 99)
    for t in 0..<tiles {
      let at = t * tile * blocks
      table.linear.quantizeActivations(
        x.input + t * tile * columns, columns, min(tile, n - t * tile), tile, blocks,
        kind.rawValue, codes.codes + at * 32, scales.floats + at,
        offsets.integers + at * kind.countPerBlock)
    }
    return (codes, scales, offsets)
  }
}

/// Every format, by one to many rows, against the portable kernels to the bit and exact integers.
func checkLinearInt8(_ c: Checker) {
  for format in BlockFormat.all where !format.isPlain {
    let number = PackedLayout.number(format)
    let kind = OffsetKind(format)!
    for (rows, least) in [(1, 32), (15, 64), (16, 96), (17, 32), (33, 1120), (40, 544)] {
      let columns = format.wholeColumns(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &c.random)
      let reference = IntegerReference(matrix)
      let weights = c.packed(matrix)
      let stride = rows + 3
      let groups = PackedLayout.groupCount(rows: rows)
      for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 17] {
        let x = c.floats(n * columns, 3)
        for i in 0..<32 { x.floats[i] = 0 }
        let rowsOfX = (0..<n).map { i in
          QuantizedRow((0..<columns).map { x.floats[i * columns + $0] })
        }
        let old = c.floats(n * stride, 5)
        for accumulate in 0..<2 {
          let found = c.same("linearInt8", old) { table, out in
            let q = c.quantized(table, x, n, columns, kind)
            for group in 0..<groups {  // one group a call, and then the rest together
              let end = group == 0 ? 1 : groups
              if group > 1 { break }
              table.linear.linearInt8(
                number, weights.address, columns / 32, q.codes.codes, q.scales.floats,
                q.offsets.integers, n, group, end, rows, out.floats, stride, accumulate)
            }
          }
          let roundings = Double(2 * columns / 32 + 4) * 0x1p-24
          for i in 0..<n {
            for m in 0..<rows {
              let (value, size) = reference.dot(m, rowsOfX[i])
              let before = accumulate == 1 ? Double(old.floats[i * stride + m]) : 0
              c.near(
                "linearInt8 in integers", i * stride + m, found.floats[i * stride + m],
                value + before, roundings * (size + magnitude(before)))
            }
            for m in rows..<stride {
              c.equal(
                "linearInt8 past its rows", m, Int(found.words[i * stride + m]),
                Int(old.words[i * stride + m]))
            }
          }
        }
      }
    }
    // More tiles than keep their results while a panel goes by.
    let columns = format.wholeColumns(64)
    let matrix = RandomMatrix(format, rows: 16, columns: columns, &c.random)
    let weights = c.packed(matrix)
    let x = c.floats(523 * columns, 3)
    c.same("linearInt8 of many rows", Bytes(523 * 16 * 4)) { table, out in
      let q = c.quantized(table, x, 523, columns, kind)
      table.linear.linearInt8(
        number, weights.address, columns / 32, q.codes.codes, q.scales.floats,
        q.offsets.integers, 523, 0, 1, 16, out.floats, 16, 0)
    }
  }
}

/// All numbers at the ends of their ranges.
func checkExtremes(_ c: Checker) {
  for format in BlockFormat.all where !format.isPlain {
    let columns = format.wholeColumns(64)
    let kind = OffsetKind(format)!
    let matrix = RandomMatrix(format, rows: 48, columns: columns, scales: .extreme, &c.random)
    let full = { (value: UInt8) in
      var matrix = RandomMatrix(format, rows: 16, columns: columns, &c.random)
      for i in 0..<matrix.bytes.count { matrix.bytes[i] = value }
      for block in 0..<matrix.bytes.count / format.bytesPerBlock {
        for place in format.floatOffsets {
          matrix.put(format.floatBits(1), at: block * format.bytesPerBlock + place)
        }
      }
      return matrix
    }
    for matrix in [matrix, full(0), full(0x80), full(0x7F), full(0xFF)] {
      let weights = c.packed(matrix)
      let groups = matrix.rows / 16
      for n in [1, 8] {
        let x = Bytes(n * columns * 4)
        for i in 0..<n * columns { x.floats[i] = i % (n + 1) == 0 ? -127 : 127 }
        c.same("linearInt8 at extremes", Bytes(n * matrix.rows * 4)) { table, out in
          let q = c.quantized(table, x, n, columns, kind)
          table.linear.linearInt8(
            PackedLayout.number(format), weights.address, columns / 32, q.codes.codes,
            q.scales.floats, q.offsets.integers, n, 0, groups, matrix.rows, out.floats,
            matrix.rows, 0)
        }
      }
    }
  }
}

func checkQuantizeActivations(_ c: Checker) {
  for kind in OffsetKind.allCases {
    for (tile, blocks) in [(1, 1), (1, 5), (1, 17), (8, 1), (8, 3), (8, 18)] {
      for valid in 1...tile {
        let columns = 32 * blocks
        let stride = columns + 5
        let x = c.floats(valid * stride, 10)
        for i in 0..<32 { x.floats[i] = blocks > 1 ? 0 : Float(i) - 15.5 }
        let codes = Bytes(tile * columns, fill: 99)
        let scales = Bytes(tile * blocks * 4, fill: 99)
        let offsets = Bytes(tile * blocks * 4 * kind.countPerBlock, fill: 99)
        c.kernels.linear.quantizeActivations(
          x.input, stride, valid, tile, blocks, kind.rawValue, codes.codes, scales.floats,
          offsets.integers)
        for row in 0..<tile {
          for block in 0..<blocks {
            let at = block * tile + row
            let wanted = QuantizedRow(
              (0..<32).map { row < valid ? x.floats[row * stride + 32 * block + $0] : 0 })
            for i in 0..<32 {
              // i8mm's tiles of eight: eight columns of two rows by turns.
              let place =
                c.kernels.takesPairs && tile == 8
                ? block * 256 + row / 2 * 64 + i / 8 * 16 + row % 2 * 8 + i % 8 : at * 32 + i
              c.equal("codes", place, Int(codes.codes[place]), wanted.codes[i])
            }
            c.equal(
              "scales", at, Int(scales.words[at]), Int(wanted.scales[0].bitPattern))
            let halves = [wanted.codes[..<16], wanted.codes[16...]].map { $0.reduce(0, +) }
            let total = halves[0] + halves[1]
            let scale = wanted.scales[0]
            let expected: [Int32] =
              switch kind {
              case .minus8Sums: [Int32(-8 * total)]
              case .minus16Sums: [Int32(-16 * total)]
              case .minus128Sums: [Int32(-128 * total)]
              case .scaledSums: [Int32(bitPattern: (scale * Float(total)).bitPattern)]
              case .minus32HalfSums: halves.map { Int32(-32 * $0) }
              case .minus4HalfSums: halves.map { Int32(-4 * $0) }
              case .scaledHalfSums:
                halves.map { Int32(bitPattern: (scale * Float($0)).bitPattern) }
              }
            for part in 0..<expected.count {
              let at = (block * expected.count + part) * tile + row
              c.equal("offsets", at, Int(offsets.integers[at]), Int(expected[part]))
            }
          }
        }
      }
    }
  }
}

extension KernelTable {
  /// Whether tiles of eight rows of codes are in the order of smmla.
  var takesPairs: Bool { name.utf8CodeUnitCount == 4 && name.utf8Start[0] == UInt8(ascii: "i") }
}

func checkLinearF32(_ c: Checker) {
  for format in BlockFormat.all {
    for (rows, least) in [(1, 32), (15, 64), (33, 45), (40, 288)] {
      let columns = format.wholeColumns(least)
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &c.random)
      let values = matrix.values
      let weights = c.packed(matrix)
      let stride = rows + 3
      let groups = PackedLayout.groupCount(rows: rows)
      for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 17] {
        let x = c.floats(n * columns, 3)
        let old = c.floats(n * stride, 5)
        for accumulate in 0..<2 {
          let found = c.same("linearF32", old) { table, out in
            let tile = n == 1 ? 1 : 8
            let tiles = (n + tile - 1) / tile
            let packed = Bytes(tiles * tile * columns * 4, fill: 99)
            for t in 0..<tiles {
              table.linear.packActivationsF32(
                x.input + t * tile * columns, columns, min(tile, n - t * tile), tile, columns,
                packed.floats + t * tile * columns)
            }
            let scratch = Bytes(32 * 256 * 4, fill: 0xFF)
            table.linear.linearF32(
              PackedLayout.number(format), weights.address, columns, packed.input, n, 0, groups,
              rows, out.floats, stride, accumulate, scratch.floats)
          }
          guard n == 1 || n == 17 else { continue }
          for i in 0..<n {
            for m in 0..<rows {
              var value = accumulate == 1 ? Double(old.floats[i * stride + m]) : 0
              var size = magnitude(value)
              for k in 0..<columns {
                let term = Double(values[m * columns + k]) * Double(x.floats[i * columns + k])
                value += term
                size += magnitude(term)
              }
              c.near(
                "linearF32 in Double", i * stride + m, found.floats[i * stride + m], value,
                Double(columns + 4) * 0x1p-24 * size)
            }
          }
        }
      }
    }
  }
}
