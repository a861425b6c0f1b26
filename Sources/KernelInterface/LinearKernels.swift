import BlockFormats

/// Linear layers: weights and activations to the forms in which they meet, and their products. Part of a `KernelTable`, whose rules hold
/// here too.
public struct LinearKernels: Sendable {
  /// Quantizes T rows (the last ones missing when `validRows` < T, then zero) to int8 blocks.
  /// (x, xStride, validRows, T, B, offsetKind, codes, scales, offsets)
  public typealias QuantizeActivations =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, Int, UnsafeMutablePointer<Int8>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Int32>
    ) -> Void

  /// Transposes T rows to `[K][T]` for `LinearF32`. (x, xStride, validRows, T, K, out)
  public typealias PackActivationsF32 =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// out[n, m] (+)= sum_k W[m, k] x[n, k] over int8 activations, for row groups first..<end; of weights in
  /// blocks, with the offsets of their `OffsetKind`.
  /// (format, weights, B, codes, scales, offsets, n, firstGroup, endGroup, rows, out, outStride, accumulate)
  public typealias LinearInt8 =
    @convention(c) (
      Int, UnsafeRawPointer, Int, UnsafePointer<Int8>, UnsafePointer<Float>, UnsafePointer<Int32>,
      Int,
      Int, Int, Int, UnsafeMutablePointer<Float>, Int, Int
    ) -> Void

  /// The same over f32 activations, dequantizing panels of weights into `scratch`.
  /// (format, weights, K, x, n, firstGroup, endGroup, rows, out, outStride, accumulate, scratch)
  public typealias LinearF32 =
    @convention(c) (
      Int, UnsafeRawPointer, Int, UnsafePointer<Float>, Int, Int, Int, Int,
      UnsafeMutablePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Packs 16 rows of a GGUF matrix into one group; rows past `validRows` become zero. Returns 0, or
  /// 1 + a row that holds an infinity or NaN.
  /// (format, firstRow, rowBytes, validRows, K, group)
  public typealias PackGroup =
    @convention(c) (
      Int, UnsafeRawPointer, Int, Int, Int, UnsafeMutableRawPointer
    ) -> Int

  /// Dequantizes columns k0..<k0+count of one group to `[k][16]`.
  /// (format, group, K, k0, count, panel, panelStride)
  public typealias DequantizePanel =
    @convention(c) (
      Int, UnsafeRawPointer, Int, Int, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void

  /// f32 rows to int8 tiles.
  public let quantizeActivations: QuantizeActivations
  /// f32 rows to f32 tiles.
  public let packActivationsF32: PackActivationsF32
  /// Linear layer on weights in blocks, int8 activations.
  public let linearInt8: LinearInt8
  /// Linear layer on weights of any format, f32 activations.
  public let linearF32: LinearF32
  /// GGUF rows to packed groups.
  public let packGroup: PackGroup
  /// Packed groups to f32 panels.
  public let dequantizePanel: DequantizePanel

  /// Every entry, in the order of the declarations.
  public init(
    quantizeActivations: QuantizeActivations, packActivationsF32: PackActivationsF32,
    linearInt8: LinearInt8, linearF32: LinearF32, packGroup: PackGroup,
    dequantizePanel: DequantizePanel
  ) {
    self.quantizeActivations = quantizeActivations
    self.packActivationsF32 = packActivationsF32
    self.linearInt8 = linearInt8
    self.linearF32 = linearF32
    self.packGroup = packGroup
    self.dequantizePanel = dequantizePanel
  }
}

/// What stands beside each block's scale, because the weights' zero point needs it: the weights'
/// codes are unsigned, so sum (q - z) a = sum q a - z sum a.
public enum OffsetKind: Int, Sendable, CaseIterable {
  /// -8 * sum of the block's codes, Int32: for Q4_0.
  case minus8Sums
  /// -128 * sum of the block's codes, Int32: for Q8_0, IQ4_NL and IQ4_XS, whose values are stored
  /// with 128 added.
  case minus128Sums
  /// scale * sum of the block's codes, Float bits: for Q4_1, Q5_1, Q4_K and Q5_K, whose minimum multiplies it.
  case scaledSums
  /// -32 * sum of the codes of each half of a block, two Int32: for Q6_K, whose scales are of 16 columns.
  case minus32HalfSums
  /// -16 * sum of the block's codes, Int32: for Q5_0, and MXFP4, whose values are stored with 16 added.
  case minus16Sums
  /// -4 * sum of the codes of each half of a block, two Int32: for Q3_K.
  case minus4HalfSums
  /// scale * sum of the codes of each half of a block, two Float's bits: for Q2_K.
  case scaledHalfSums

  /// What weights of `format` need; nil for plain elements, whose activations stay floats.
  public init?(_ format: BlockFormat) {
    switch format {
    case .f32, .f16, .bf16: return nil
    case .q4_0: self = .minus8Sums
    case .q5_0, .mxfp4: self = .minus16Sums
    case .q8_0, .iq4_NL, .iq4_XS: self = .minus128Sums
    case .q4_1, .q5_1, .q4_K, .q5_K: self = .scaledSums
    case .q6_K: self = .minus32HalfSums
    case .q3_K: self = .minus4HalfSums
    case .q2_K: self = .scaledHalfSums
    }
  }

  /// Numbers for each block.
  public var countPerBlock: Int {
    switch self {
    case .minus32HalfSums, .minus4HalfSums, .scaledHalfSums: 2
    case .minus8Sums, .minus128Sums, .scaledSums, .minus16Sums: 1
    }
  }
}
