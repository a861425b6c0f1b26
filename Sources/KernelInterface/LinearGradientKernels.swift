/// Gradients of linear layers, of their inputs and of plain weights. Part of a `KernelTable`, whose rules hold
/// here too.
public struct LinearGradientKernels: Sendable {
  /// Transposes up to 32 rows to `[M][32]` for `LinearTransposedF32`, M being `outputs` up to whole
  /// groups of 16; what is missing is zero. (g, gStride, validRows, outputs, out)
  public typealias PackGradients =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// dx[n, k] (+)= sum_m W[m, k] g[n, m] for the columns first..<end, which begins at a multiple of 32
  /// (256 for the superblock formats) and ends at one or at K. `g` is in tiles of 32 rows, each as
  /// `PackGradients` made it; `scratch` holds `transposedScratch` floats.
  /// (format, weights, K, outputs, g, n, firstColumn, endColumn, dx, dxStride, accumulate, scratch)
  public typealias LinearTransposedF32 =
    @convention(c) (
      Int, UnsafeRawPointer, Int, Int, UnsafePointer<Float>, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// The same for weights in blocks and rows of `g` as they are, `gStride` apart, in sums of whole
  /// numbers. With q a code and d its scale a term d q g is off by |q| 2^-22 max |d| max |g| at most, over up
  /// to `slicedOutputs` outputs and, for d, the columns that share it. A row with an infinity or NaN, or
  /// with a d g of 2^108 or more, gives NaN; of products below 2^-104 the last bits are lost.
  /// (format, weights, K, outputs, g, gStride, n, firstColumn, endColumn, dx, dxStride, accumulate,
  /// scratch)
  public typealias LinearTransposedSlices =
    @convention(c) (
      Int, UnsafeRawPointer, Int, Int, UnsafePointer<Float>, Int, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Rows first..<end of n to `[K / 8][n][8]` for `LinearGradientF32`; columns past K are zero.
  /// (x, xStride, firstRow, endRow, n, K, out)
  public typealias PackInputs =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// dW[m, k] (+)= sum_n g[n, m] x[n, k] for row groups first..<end of a plain f32 matrix in the packed
  /// layout; `x` is as `PackInputs` made it, `scratch` holds `gradientScratch` floats.
  /// (g, gStride, x, n, firstGroup, endGroup, outputs, K, dW, accumulate, scratch)
  public typealias LinearGradientF32 =
    @convention(c) (
      UnsafePointer<Float>, Int, UnsafePointer<Float>, Int, Int, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Output gradients to tiles.
  public let packGradients: PackGradients
  /// Gradient of a linear layer's input, weights of any format.
  public let linearTransposedF32: LinearTransposedF32
  /// The same for weights in blocks; nil but with AVX-512 VNNI.
  public let linearTransposedSlices: LinearTransposedSlices?
  /// Inputs to tiles.
  public let packInputs: PackInputs
  /// Gradient of plain f32 weights.
  public let linearGradientF32: LinearGradientF32

  /// Every entry, in the order of the declarations.
  public init(
    packGradients: PackGradients, linearTransposedF32: LinearTransposedF32,
    linearTransposedSlices: LinearTransposedSlices?, packInputs: PackInputs,
    linearGradientF32: LinearGradientF32
  ) {
    self.packGradients = packGradients
    self.linearTransposedF32 = linearTransposedF32
    self.linearTransposedSlices = linearTransposedSlices
    self.packInputs = packInputs
    self.linearGradientF32 = linearGradientF32
  }
}

extension KernelTable {
  /// Columns, rows and groups that `LinearTransposedF32` works on at a time.
  public static let transposedColumns = 256
  /// See `transposedColumns`.
  public static let transposedRows = 256
  /// See `transposedColumns`.
  public static let transposedGroups = 8
  /// Floats from one group's panel to the next: not a multiple of 4 KB, so that the same columns of
  /// all groups find room in a first-level cache.
  public static let transposedPanel = 16 * transposedColumns + 128
  /// Outputs, panels of 32 columns, rows, and rows of a tile that `LinearTransposedSlices` works on at a
  /// time, as was fastest.
  public static let slicedOutputs = 768
  /// See `slicedOutputs`.
  public static let slicedPanels = 8
  /// See `slicedOutputs`.
  public static let slicedRows = 512
  /// See `slicedOutputs`.
  public static let slicedTile = 4
  /// Bytes of a panel: codes, two scales and two minima for each output, sums and maxima; no multiple of
  /// 4 KB, so that the same outputs of all panels find room in a cache.
  public static let slicedPanelBytes = 48 * slicedOutputs + 192 + 1024
  /// Floats of scratch for `LinearTransposedSlices`: panels, two tiles' slices and sums, and a bound for
  /// each row.
  private static let slicedScratch =
    slicedPanels * slicedPanelBytes / 4 + 2 * slicedTile * slicedOutputs + 3 * slicedTile * 32
    + 2 * slicedPanels * slicedTile + slicedRows
  /// Floats of scratch for `LinearTransposedF32`: a block of results, the groups' panels, and one more
  /// for the bf16 kernel, which makes its panels from it; or for `LinearTransposedSlices` or
  /// `ByteGradientKernels`.
  public static let transposedScratch = max(
    transposedColumns * (transposedRows + 16) + transposedGroups * transposedPanel, slicedScratch,
    ByteGradientKernels.scratchFloats)

  /// Rows that `LinearGradientF32` takes at a time.
  public static let gradientRows = 512
  /// Floats of scratch for `LinearGradientF32`: a panel of gradients of two groups.
  public static let gradientScratch = 32 * gradientRows
}
