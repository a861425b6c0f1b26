/// The inner loops of one instruction set, as TensorKernels sees them.
///
/// Each instruction set is a module of its own, compiled for CPUs that may not be this one, so
/// nothing crosses the border but pointers and Ints: no SIMD type, no generic, no closure. Strides
/// and counts are in elements unless a name says bytes. Nothing is checked here; TensorKernels has
/// checked the shapes before it calls.
///
/// Layouts (G groups of 16 rows, B blocks of 32 columns in a row):
/// - packed weights: see `PackedMatrix` in TensorKernels.
/// - quantized activations, in tiles of T = 1 or 8 rows: codes `[tile][B][T][32]` Int8, scales
///   `[tile][B][T]` Float, offsets `[tile][B][T]` 32-bit (`OffsetKind`).
/// - f32 activations for the exact path: `[tile][K][T]` Float.
public struct KernelTable: Sendable {
  /// "portable", "avx2" or "avx512".
  public let name: StaticString

  /// Quantizes T rows (the last ones missing when `validRows` < T, then zero) to int8 blocks.
  /// (x, xStride, validRows, T, B, offsetKind, codes, scales, offsets)
  public typealias QuantizeActivations =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, Int, UnsafeMutablePointer<Int8>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Int32>
    ) -> Void

  /// out[n, m] (+)= sum_k W[m, k] x[n, k] over int8 activations, for row groups first..<end.
  /// (weights, B, codes, scales, offsets, n, firstGroup, endGroup, rows, out, outStride, accumulate)
  public typealias LinearInt8 =
    @convention(c) (
      UnsafeRawPointer, Int, UnsafePointer<Int8>, UnsafePointer<Float>, UnsafePointer<Int32>, Int,
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

  /// Transposes T rows to `[K][T]` for `LinearF32`. (x, xStride, validRows, T, K, out)
  public typealias PackActivationsF32 =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// out = x / sqrt(mean(x^2) + epsilon) * weight. (x, weight, epsilon, count, out)
  public typealias RMSNorm =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, Float, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// out = gate * sigmoid(gate) * up. (gate, up, count, out)
  public typealias SwiGLU =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Rotates adjacent pairs (2i, 2i+1) of `heads` heads in place by the angles whose cosines and
  /// sines are given for i in 0..<rotated/2. (x, heads, headSize, rotated, cosines, sines)
  public typealias RotatePairs =
    @convention(c) (
      UnsafeMutablePointer<Float>, Int, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>
    ) -> Void

  /// Writes one position's key and value of one kv head into its cache.
  /// (cacheKind, key, value, position, headSize, keys, values)
  public typealias StoreKeyValue =
    @convention(c) (
      Int, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, UnsafeMutableRawPointer,
      UnsafeMutableRawPointer
    ) -> Void

  /// Causal attention of up to 8 queries (columns of a tile; column c sees positions
  /// 0..<visible + c * step) over one kv head's cache, by online softmax over fixed blocks of
  /// positions. (cacheKind, queries, queryStride, columns, visible, step, headSize, scale, keys,
  /// values, out, outStride, scratch)
  public typealias Attend =
    @convention(c) (
      Int, UnsafePointer<Float>, Int, Int, Int, Int, Int, Float, UnsafeRawPointer, UnsafeRawPointer,
      UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// The part of `Attend` that belongs to block `block` of `CacheLayout.softmaxBlock` positions, as a
  /// partial result. (cacheKind, queries, queryStride, columns, visible, step, headSize, scale, keys,
  /// values, block, partial, scratch)
  public typealias AttendBlock =
    @convention(c) (
      Int, UnsafePointer<Float>, Int, Int, Int, Int, Int, Float, UnsafeRawPointer, UnsafeRawPointer,
      Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// Partial results of consecutive blocks, in order, to what `Attend` gives.
  /// (partials, blocks, columns, headSize, out, outStride)
  public typealias MergeAttention =
    @convention(c) (
      UnsafeMutablePointer<Float>, Int, Int, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void

  /// f32 rows to int8 tiles.
  public let quantizeActivations: QuantizeActivations
  /// Linear layer on Q4_0 weights, int8 activations.
  public let linearQ4_0: LinearInt8
  /// Linear layer on Q4_1 weights, int8 activations.
  public let linearQ4_1: LinearInt8
  /// Linear layer on Q8_0 weights, int8 activations.
  public let linearQ8_0: LinearInt8
  /// Linear layer on weights of any format, f32 activations.
  public let linearF32: LinearF32
  /// GGUF rows to packed groups.
  public let packGroup: PackGroup
  /// Packed groups to f32 panels.
  public let dequantizePanel: DequantizePanel
  /// f32 rows to f32 tiles.
  public let packActivationsF32: PackActivationsF32
  /// RMSNorm of one row.
  public let rmsNorm: RMSNorm
  /// SwiGLU of one row.
  public let swiGLU: SwiGLU
  /// Rotary embedding of one row.
  public let rotatePairs: RotatePairs
  /// One position into the KV cache.
  public let storeKeyValue: StoreKeyValue
  /// Attention of a tile of queries.
  public let attend: Attend
  /// One block of positions of attention.
  public let attendBlock: AttendBlock
  /// Blocks put together.
  public let mergeAttention: MergeAttention

  /// Every entry, in the order of the declarations.
  public init(
    name: StaticString, quantizeActivations: QuantizeActivations, linearQ4_0: LinearInt8,
    linearQ4_1: LinearInt8, linearQ8_0: LinearInt8, linearF32: LinearF32, packGroup: PackGroup,
    dequantizePanel: DequantizePanel, packActivationsF32: PackActivationsF32, rmsNorm: RMSNorm,
    swiGLU: SwiGLU, rotatePairs: RotatePairs, storeKeyValue: StoreKeyValue, attend: Attend,
    attendBlock: AttendBlock, mergeAttention: MergeAttention
  ) {
    self.name = name
    self.quantizeActivations = quantizeActivations
    self.linearQ4_0 = linearQ4_0
    self.linearQ4_1 = linearQ4_1
    self.linearQ8_0 = linearQ8_0
    self.linearF32 = linearF32
    self.packGroup = packGroup
    self.dequantizePanel = dequantizePanel
    self.packActivationsF32 = packActivationsF32
    self.rmsNorm = rmsNorm
    self.swiGLU = swiGLU
    self.rotatePairs = rotatePairs
    self.storeKeyValue = storeKeyValue
    self.attend = attend
    self.attendBlock = attendBlock
    self.mergeAttention = mergeAttention
  }
}

/// What stands beside each block's scale, because the weights' zero point needs it: the weights'
/// codes are unsigned, so sum (q - z) a = sum q a - z sum a.
public enum OffsetKind: Int, Sendable {
  /// -8 * sum of the block's codes, Int32: for Q4_0.
  case minus8Sums
  /// -128 * sum of the block's codes, Int32: for Q8_0, stored with 128 added.
  case minus128Sums
  /// scale * sum of the block's codes, Float bits: for Q4_1, whose minimum multiplies it.
  case scaledSums
}
