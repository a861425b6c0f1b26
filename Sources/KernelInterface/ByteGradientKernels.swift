/// The gradient of a linear layer's input with both factors rounded to eight bits and sums in whole numbers, for
/// weights in blocks:
///
///     dx[n, k] (+)= sum_m W[m, k] g[n, m]
///
/// The outputs m are summed in parts of at most `sumOutputs`, and within one
///
///     g[n, m] = s[n] (p + e),  s = max_m |g| / 126.99     p whole, E e = 0
///     W[m, k] = t[b] (q + e),  t = max |W| / 127          q whole, |e| <= 1/2; b a block of 32 columns, of which
///                                                         the maximum is over all codes that its scales allow
///     dx[n, k] = s[n] t[b] sum_m p q
///
/// The gradient is rounded up with the probability of what is left over (stochastic rounding), so that nothing is
/// lost on the way but to chance; in two slices p has sixteen bits, a high and a low byte. Weights are rounded to
/// nearest, whatever blocks they are in: a scale of one column of blocks for all outputs of a part is what lets the
/// sum over m run in whole numbers. Parts are short because a number that stands far above the others costs those of its
/// own part their precision. p, q and the sums are the same on every instruction set; so are the products with
/// the scales, which are not fused with anything.
public struct ByteGradientKernels: Sendable {
  /// Rounds up to `tileRows` rows to a tile of `tileFloats` floats, missing rows to zeros. `row` is the first one's
  /// number, which with `seed` and m decides how numbers are rounded. A part whose gradients are not finite in a row
  /// gives NaN.
  /// (g, gStride, validRows, outputs, slices, seed, row, tile)
  public typealias Round =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, UInt32, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// dx (+)= W^T g for the columns first..<end, multiples of 32 (256 of superblocks), over n rows in tiles.
  /// (format, weights, K, outputs, slices, tiles, n, firstColumn, endColumn, dx, dxStride, accumulate, scratch)
  public typealias LinearTransposed =
    @convention(c) (
      Int, UnsafeRawPointer, Int, Int, Int, UnsafePointer<Float>, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Rows of a tile.
  public static let tileRows = 8
  /// Outputs that share a scale, and are summed in whole numbers, at most.
  public static let sumOutputs = 128
  /// Such sums one after the other while a panel of 32 columns, 24 KB, stays in the first-level cache.
  public static let sumsTogether = 6
  /// Floats of scratch for `LinearTransposed`: a panel's codes, its columns' sums, and a tile with bytes widened.
  public static let scratchFloats = sumsTogether * (8 * sumOutputs + 32) + 4 * sumOutputs

  /// Groups of 16 outputs in each sum but the last: as few sums as can be, and as even.
  @inline(__always) public static func groupsPerSum(_ groups: Int) -> Int {
    let sums = (groups &+ sumOutputs / 16 &- 1) / (sumOutputs / 16)
    return (groups &+ sums &- 1) / sums
  }

  /// Sums over that many groups of outputs.
  @inline(__always) public static func sumCount(_ groups: Int) -> Int {
    let some = groupsPerSum(groups)
    return (groups &+ some &- 1) / some
  }

  /// Floats of a tile: scales `[sum][8]`, then bytes `[slice][m / 4][8][4]`, m up to whole groups; the high slice
  /// first.
  @inline(__always) public static func tileFloats(outputs: Int, slices: Int) -> Int {
    let groups = PackedLayout.groupCount(rows: outputs)
    return sumCount(groups) &* tileRows &+ slices &* groups &* 32
  }

  /// Gradients to tiles.
  public let round: Round
  /// Gradient of a linear layer's input.
  public let linearTransposed: LinearTransposed

  /// Every entry, in the order of the declarations.
  public init(round: Round, linearTransposed: LinearTransposed) {
    self.round = round
    self.linearTransposed = linearTransposed
  }
}
