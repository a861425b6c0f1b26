import TensorKernels

/// Latents of random directions, as long as given ones:
///
///     r = (||v||_2 / ||n||_2) n,  n from N(0, 1)^d
///
/// What an editor's latents do more than these is due to their directions, not to their lengths.
package enum RandomLatents {
  /// Latents in the place of `latents`, `[S][B][P][width]`, for the rows of a batch.
  ///
  /// n of row number r, site s and slot p are numbers (s P + p) width to (s P + p + 1) width - 1 of
  /// stream r of `NormalGenerator(seed:)`, so that they depend on no other row.
  package static func replacing(
    _ latents: [Float], width: Int, slots: Int, rows: [Int], seed: UInt64
  ) -> [Float] {
    precondition(latents.count % (width * slots * rows.count) == 0)
    var result = latents
    for vector in 0..<latents.count / width {
      let slot = vector % slots
      let (site, sequence) = (vector / slots).quotientAndRemainder(dividingBy: rows.count)
      let generator = NormalGenerator(seed: seed, stream: UInt64(rows[sequence]))
      let first = (site * slots + slot) * width
      let direction = (0..<width).map { generator[first + $0] }
      let own = vector * width..<(vector + 1) * width
      let factor = norm(latents[own].map(Double.init)) / norm(direction)
      for (k, index) in own.enumerated() { result[index] = Float(factor * direction[k]) }
    }
    return result
  }

  private static func norm(_ vector: [Double]) -> Double {
    vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
