import KernelInterface
import TensorKernels
import TestSupport
import Testing

@Suite struct QuantizeActivationsTests {
  static let kinds = OffsetKind.allCases

  /// Codes, scales and offsets to the bit, in tiles of one and of eight rows, for every number of
  /// rows that are there.
  @Test(arguments: InstructionSet.available, kinds)
  func followsTheFormula(set: InstructionSet, kind: OffsetKind) {
    var random = SplitMix64(seed: 31)
    for (tile, blocks) in [(1, 1), (1, 5), (8, 1), (8, 3)] {
      for validRows in 1...tile {
        let stride = blocks * 32 + 5
        var x = randomFloats(validRows * stride, size: 10, &random)
        special(&x, stride)
        let found = quantize(set, x, stride, validRows, tile, blocks, kind)
        for row in 0..<tile {
          for block in 0..<blocks {
            let at = block * tile + row
            guard row < validRows else {
              if set != .i8mm {
                #expect(found.codes[at * 32..<(at + 1) * 32].allSatisfy { $0 == 0 })
              }
              #expect(found.scales[at] == 0)
              #expect(offsets(found.offsets, tile, block, row, kind).allSatisfy { $0 == 0 })
              continue
            }
            let start = row * stride + block * 32
            let wanted = QuantizedRow(x[start..<start + 32])
            // i8mm's tiles: eight columns of two rows by turns.
            let codes = (0..<32).map { i in
              set == .i8mm && tile == 8
                ? found.codes[block * 256 + row / 2 * 64 + i / 8 * 16 + row % 2 * 8 + i % 8]
                : found.codes[at * 32 + i]
            }
            #expect(codes.map(Int.init) == wanted.codes)
            #expect(found.scales[at].bitPattern == wanted.scales[0].bitPattern)
            let total = wanted.codes.reduce(0, +)
            let halves = [wanted.codes[..<16], wanted.codes[16...]].map { $0.reduce(0, +) }
            let expected: [Int32] =
              switch kind {
              case .minus8Sums: [Int32(-8 * total)]
              case .minus16Sums: [Int32(-16 * total)]
              case .minus128Sums: [Int32(-128 * total)]
              case .scaledSums:
                [Int32(bitPattern: (wanted.scales[0] * Float(total)).bitPattern)]
              case .minus32HalfSums: halves.map { Int32(-32 * $0) }
              case .minus4HalfSums: halves.map { Int32(-4 * $0) }
              case .scaledHalfSums:
                halves.map { Int32(bitPattern: (wanted.scales[0] * Float($0)).bitPattern) }
              }
            #expect(offsets(found.offsets, tile, block, row, kind) == expected)
          }
        }
      }
    }
  }

  /// Codes stay in -127...127, which the integer kernels rely on, whatever the peak's reciprocal
  /// rounds to.
  @Test(arguments: InstructionSet.available)
  func codesKeepToTheirRange(set: InstructionSet) {
    var random = SplitMix64(seed: 32)
    for _ in 0..<2000 {
      let peak = Float(
        sign: .plus, exponent: .random(in: -100...100, using: &random),
        significand: .random(in: 1..<2, using: &random))
      let x = (0..<32).map { $0 % 2 == 0 ? peak : -peak }
      let codes = quantize(set, x, 32, 1, 1, 1, .minus8Sums).codes
      #expect(codes == (0..<32).map { $0 % 2 == 0 ? 127 : -127 })
    }
  }

  /// A block so small that the reciprocal of its scale is not finite counts as zeros, its offset too.
  @Test(
    arguments: InstructionSet.available, kinds)
  func tinyBlocksAreZeros(set: InstructionSet, kind: OffsetKind) {
    for peak in [Float.leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p-122] {
      var x = [Float](repeating: 0, count: 32)
      x[3] = peak
      x[20] = -peak / 2
      let found = quantize(set, x, 32, 1, 1, 1, kind)
      #expect(found.codes.allSatisfy { $0 == 0 })
      #expect(found.offsets.allSatisfy { $0 == 0 })
    }
  }

  /// What stands beside the scale of a row's block: one number, or one for each half.
  private func offsets(
    _ all: [Int32], _ tile: Int, _ block: Int, _ row: Int, _ kind: OffsetKind
  ) -> [Int32] {
    (0..<kind.countPerBlock).map { all[(block * kind.countPerBlock + $0) * tile + row] }
  }

  /// Blocks of zeros, of one value, with ties of the rounding, and very small and large ones.
  private func special(_ x: inout [Float], _ stride: Int) {
    for i in 0..<32 { x[i] = 0 }
    guard stride > 96 else { return }
    for i in 0..<32 { x[32 + i] = i == 0 ? 127 : Float(i) - 15.5 }
    for i in 0..<32 { x[64 + i] = i % 3 == 0 ? -0.0 : Float(i) * 1e-30 }
    if x.count > 2 * stride {
      for i in 0..<32 { x[stride + i] = Float(i - 16) * 1e36 }
      for i in 0..<32 { x[stride + 32 + i] = -1 }
    }
  }

  private func quantize(
    _ set: InstructionSet, _ x: [Float], _ stride: Int, _ validRows: Int, _ tile: Int,
    _ blocks: Int, _ kind: OffsetKind
  ) -> (codes: [Int8], scales: [Float], offsets: [Int32]) {
    var codes = [Int8](repeating: 99, count: tile * blocks * 32)
    var scales = [Float](repeating: .nan, count: tile * blocks)
    var offsets = [Int32](repeating: 99, count: tile * blocks * kind.countPerBlock)
    set.kernels.linear.quantizeActivations(
      x, stride, validRows, tile, blocks, kind.rawValue, &codes, &scales, &offsets)
    return (codes, scales, offsets)
  }
}
