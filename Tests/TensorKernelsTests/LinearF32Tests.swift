import BlockFormats
import TensorKernels
import TestSupport
import Testing

/// The exact path: any format's weights by f32 activations, against sums in Double.
@Suite struct LinearF32Tests {
  /// A result is a chain over the K columns; decoding is exact (PackingTests). A term has the
  /// rounding of its product, unless fused, and those of at most K additions.
  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func matchesSumsInDouble(set: InstructionSet, format: BlockFormat) throws {
    var random = SplitMix64(seed: 21)
    let isSuperblock = format.elementsPerBlock == 256
    let shapes =
      isSuperblock
      ? [(1, 256), (17, 512), (40, 256)]
      : [(1, 32), (15, 64), (16, 288), (17, 32), (33, 96), (40, 544)]
    for (rows, columns) in shapes + (format.elementsPerBlock == 1 ? [(35, 45), (9, 259)] : []) {
      let matrix = RandomMatrix(format, rows: rows, columns: columns, &random)
      let values = matrix.values
      let product = LinearProduct(matrix: try matrix.packed(set), set: set, precision: .f32)
      for n in [1, 2, 7, 8, 9, 17] {
        let x = randomFloats(n * columns, size: 3, &random)
        let old = randomFloats(n * product.stride, size: 5, &random)
        for onto in [nil, old] {
          let error = product.firstError(
            try product.run(x, onto: onto), n: n, roundings: columns + 2, onto: onto
          ) { i, m in
            var value = 0.0
            var magnitude = 0.0
            for k in 0..<columns {
              let term = Double(values[m * columns + k]) * Double(x[i * columns + k])
              value += term
              magnitude += abs(term)
            }
            return (value, magnitude)
          }
          #expect(error == nil, "\(rows) x \(columns), n = \(n)")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func rowsDoNotDependOnTheirNeighbours(set: InstructionSet, format: BlockFormat) throws {
    try expectSameRowsAlone(
      set, format, .f32, columns: format.elementsPerBlock == 256 ? 512 : 288)
  }

  @Test(arguments: InstructionSet.available, BlockFormat.allCases)
  func resultsDoNotDependOnThreads(set: InstructionSet, format: BlockFormat) throws {
    try expectSameOnAnyThreads(
      set, format, .f32, columns: format.elementsPerBlock == 256 ? 512 : 288)
  }

  /// Formats that have no integer kernels take the exact path under either precision.
  @Test func int8FallsBackToTheExactPath() {
    for format in BlockFormat.allCases {
      let isPlain = [.f32, .f16, .bf16].contains(format)
      #expect((ActivationPrecision.int8.layout(format) == .f32) == isPlain)
      #expect(ActivationPrecision.f32.layout(format) == .f32)
    }
  }
}
