/// Linear layers and their gradients with both factors rounded to bf16 (to nearest even) and sums in
/// f32, where a CPU has an instruction for it. As the f32 entries of `KernelTable`, whose scratch
/// they use, but for the packed operands: 32-bit words of two values that are neighbours along the
/// sum, the first in the low half; where the sum's length is odd, the last word's high half is zero.
public struct BrainKernelTable: Sendable {
  /// Up to eight rows to `[K / 2][8]` words for `Linear`; missing rows are zero.
  /// (x, xStride, validRows, K, out)
  public typealias PackInputs =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, UnsafeMutablePointer<UInt32>
    ) -> Void

  /// out[n, m] (+)= sum_k W[m, k] x[n, k], for row groups first..<end and tiles of eight rows of x.
  /// (format, weights, K, x, n, firstGroup, endGroup, rows, out, outStride, accumulate, scratch)
  public typealias Linear =
    @convention(c) (
      Int, UnsafeRawPointer, Int, UnsafePointer<UInt32>, Int, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Up to 32 rows to `[M / 2][32]` words for `LinearTransposed`, M being `outputs` up to whole groups
  /// of 16; what is missing is zero. (g, gStride, validRows, outputs, out)
  public typealias PackGradients =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, UnsafeMutablePointer<UInt32>
    ) -> Void

  /// dx[n, k] (+)= sum_m W[m, k] g[n, m] for columns first..<end.
  /// (format, weights, K, outputs, g, n, firstColumn, endColumn, dx, dxStride, accumulate, scratch)
  public typealias LinearTransposed =
    @convention(c) (
      Int, UnsafeRawPointer, Int, Int, UnsafePointer<UInt32>, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Pairs first..<end of n rows (the last pair of an odd n has one) to `[K / 8][n / 2][8]` words for
  /// `LinearGradient`; columns past K are zero. (x, xStride, firstPair, endPair, n, K, out)
  public typealias PackInputPairs =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, Int, UnsafeMutablePointer<UInt32>
    ) -> Void

  /// dW[m, k] (+)= sum_n g[n, m] x[n, k] for row groups first..<end of a plain f32 matrix in the packed
  /// layout. (g, gStride, x, n, firstGroup, endGroup, outputs, K, dW, accumulate, scratch)
  public typealias LinearGradient =
    @convention(c) (
      UnsafePointer<Float>, Int, UnsafePointer<UInt32>, Int, Int, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Inputs to tiles.
  public let packInputs: PackInputs
  /// Linear layer on weights of any format.
  public let linear: Linear
  /// Output gradients to tiles.
  public let packGradients: PackGradients
  /// Gradient of a linear layer's input, weights of any format.
  public let linearTransposed: LinearTransposed
  /// Inputs to tiles of pairs of rows.
  public let packInputPairs: PackInputPairs
  /// Gradient of plain f32 weights.
  public let linearGradient: LinearGradient

  /// Every entry, in the order of the declarations.
  public init(
    packInputs: PackInputs, linear: Linear, packGradients: PackGradients,
    linearTransposed: LinearTransposed, packInputPairs: PackInputPairs,
    linearGradient: LinearGradient
  ) {
    self.packInputs = packInputs
    self.linear = linear
    self.packGradients = packGradients
    self.linearTransposed = linearTransposed
    self.packInputPairs = packInputPairs
    self.linearGradient = linearGradient
  }
}
