import BlockFormats
import Quantization
import TensorKernels
import TestSupport
import Testing

/// Superblocks of 256: the reference's rounding, and the search that betters it.
@Suite struct SuperblockSearchTests {
  static let formats = [BlockFormat.q2_K, .q3_K, .q4_K, .q5_K, .q6_K]

  /// Byte for byte what `ReferenceBlocks` gives, which the fixtures tie to ggml's own functions, on any number
  /// of threads.
  @Test(arguments: formats)
  func referenceIsByteIdentical(format: BlockFormat) throws {
    let values = weightLike(7 * 512, seed: 21)
    for threads in [1, 3] {
      let bytes = try format.quantized(
        values, columns: 512, rounding: .reference, threads: threads)
      #expect(bytes == format.reference(values))
    }
  }

  /// No superblock is worse than the reference's by its own measure, and all together are better by so much at
  /// least.
  @Test(arguments: formats)
  func bestIsNeverWorse(format: BlockFormat) throws {
    let values = weightLike(200 * 256, seed: 22)
    var generator = SplitMix64(seed: 23)
    let importance = (0..<512).map { _ in Float.random(in: 0...4, using: &generator) }
    let reference = format.decoded(format.reference(values))
    for weights in [nil, importance] {
      let bytes = try format.quantized(values, columns: 512, rounding: .best, importance: weights)
      #expect(
        try format.quantized(
          values, columns: 512, rounding: .best, importance: weights, threads: 3) == bytes)
      let best = format.decoded(bytes)
      var total = (best: 0.0, reference: 0.0)
      for block in 0..<200 {
        let range = block * 256..<(block + 1) * 256
        let own = weights.map { Array($0[block % 2 * 256..<block % 2 * 256 + 256]) }
        let mine = squareError(values[range], best[range], own)
        let theirs = squareError(values[range], reference[range], own)
        #expect(mine <= theirs * (1 + 1e-4), "superblock \(block)")  // sums of 256 in Float
        total.best += mine
        total.reference += theirs
      }
      let most: [BlockFormat: Double] = [
        .q2_K: 0.9, .q3_K: 0.95, .q4_K: 0.95, .q5_K: 0.95, .q6_K: 0.99,
      ]
      #expect(total.best <= most[format]! * total.reference)
    }
  }

  /// What a search finds is finite for zeros, constants, tiny and huge values.
  @Test(arguments: formats, BlockQuantizerTests.degenerate)
  func handlesDegenerateSuperblocks(format: BlockFormat, block: (String, [Float])) throws {
    let values = (0..<8).flatMap { _ in block.1 }
    let reference = squareError(values, format.decoded(format.reference(values)))
    let best = format.decoded(try format.quantized(values, columns: 256, rounding: .best))
    if reference.isFinite { #expect(squareError(values, best) <= reference * (1 + 1e-4)) }
  }

  @Test(arguments: formats)
  func refusesWhatIsNotFinite(format: BlockFormat) {
    var values = weightLike(30 * 256, seed: 24)
    values[20 * 256 + 17] = .nan
    #expect(throws: QuantizationError.notFinite(tensor: "t", row: 20, column: 17)) {
      try format.quantized(values, columns: 256, rounding: .best)
    }
  }
}
