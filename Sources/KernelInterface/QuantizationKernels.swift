/// What the converter needs: floats to the formats of files and back. Part of a `KernelTable`, whose rules hold
/// here too.
public struct QuantizationKernels: Sendable {
  /// Encodes blocks of 32 finite floats as Q4_0, Q4_1 or Q8_0: as ggml's reference does, or, when
  /// `best` is 1, which Q5_0 and Q5_1 always are, with the least error weighted by `importance` (one number for each column of rows of
  /// `blocksPerRow` blocks; nil for equal weights). `scratch` holds `quantizeScratch` floats.
  /// (format, best, values, importance, blocksPerRow, blocks, out, scratch)
  public typealias QuantizeBlocks =
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Float>?, Int, Int, UnsafeMutableRawPointer,
      UnsafeMutablePointer<Float>
    ) -> Void

  /// Elements of F32, F16 or BF16 as floats. (format, source, count, out)
  public typealias ToFloats =
    @convention(c) (Int, UnsafeRawPointer, Int, UnsafeMutablePointer<Float>) -> Void

  /// Finite floats as F32, F16 or BF16, rounded to nearest even. (format, values, count, out)
  public typealias FromFloats =
    @convention(c) (Int, UnsafePointer<Float>, Int, UnsafeMutableRawPointer) -> Void

  /// The index of the first infinity or NaN, or -1. (values, count)
  public typealias FirstNotFinite = @convention(c) (UnsafePointer<Float>, Int) -> Int

  /// Rounds one block of columns of up to 16 rows to Q4_0, Q4_1 or Q8_0, each column making good for
  /// the errors of those before it. `values` and `feedback` are `[32][16]`: the weights, which become
  /// their errors, and what earlier blocks' errors add to the value to be rounded. `factor` is the
  /// block's part of the normalized factor, row j holding j numbers; `costs` has 32. Blocks are
  /// written `rowBytes` apart. `scratch` holds `roundScratch` floats.
  /// (format, values, feedback, factor, factorStride, costs, rows, out, rowBytes, scratch)
  public typealias RoundCompensated =
    @convention(c) (
      Int, UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int,
      UnsafePointer<Float>, Int, UnsafeMutableRawPointer, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Improves one block of columns of up to 16 rows, given errors and their product with the Hessian,
  /// `[32][16]` both, which are brought up to date; `hessian` is the block's part on the diagonal.
  /// (format, errors, gradient, hessian, hessianStride, rows, blocks, rowBytes, scratch)
  public typealias RefineBlocks =
    @convention(c) (
      Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int, Int,
      UnsafeMutableRawPointer, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Blocks of 32 floats to Q4_0, Q4_1, Q5_0, Q5_1 or Q8_0.
  public let quantizeBlocks: QuantizeBlocks
  /// Plain formats to floats.
  public let toFloats: ToFloats
  /// Floats to plain formats.
  public let fromFloats: FromFloats
  /// Search for an infinity or NaN.
  public let firstNotFinite: FirstNotFinite
  /// Rounding with compensation of one block of columns.
  public let roundCompensated: RoundCompensated
  /// Improvement of one block of columns.
  public let refineBlocks: RefineBlocks

  /// Every entry, in the order of the declarations.
  public init(
    quantizeBlocks: QuantizeBlocks, toFloats: ToFloats, fromFloats: FromFloats,
    firstNotFinite: FirstNotFinite, roundCompensated: RoundCompensated, refineBlocks: RefineBlocks
  ) {
    self.quantizeBlocks = quantizeBlocks
    self.toFloats = toFloats
    self.fromFloats = fromFloats
    self.firstNotFinite = firstNotFinite
    self.roundCompensated = roundCompensated
    self.refineBlocks = refineBlocks
  }
}

extension KernelTable {
  /// Floats of scratch for `QuantizeBlocks`: three tiles of sixteen blocks and their bytes.
  public static let quantizeScratch = 3 * 512 + 128

  /// Floats of scratch for `RoundCompensated` and `RefineBlocks`: four tiles, words and blocks.
  public static let roundScratch = 4 * 512 + 128 + 136
}
