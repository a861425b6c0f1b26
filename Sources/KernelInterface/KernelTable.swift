import BlockFormats

/// The inner loops of one instruction set, as TensorKernels sees them.
///
/// Each instruction set is a module of its own, compiled for CPUs that may not be this one, so
/// nothing crosses the border but pointers and Ints: no SIMD type, no generic, no closure. Strides
/// and counts are in elements unless a name says bytes. Nothing is checked here; TensorKernels has
/// checked the shapes before it calls.
///
/// Layouts (G groups of 16 rows, B blocks of 32 columns in a row):
/// - packed weights: see `PackedMatrix` in TensorKernels.
/// - quantized activations, in tiles of T = 1 or 8 rows: codes `[tile][B][T][32]` Int8 (of i8mm's tiles of 8
///   `[tile][B][pair of rows][4][2][8]`, as its instruction takes them), scales
///   `[tile][B][T]` Float, offsets `[tile][B][T]` or `[tile][B][2][T]` 32-bit (`OffsetKind`).
/// - f32 activations for the exact path: `[tile][K][T]` Float.
public struct KernelTable: Sendable {
  /// "portable", "avx2", "avx512", "avx512bf16", "neon" or "i8mm".
  public private(set) var name: StaticString

  /// Linear layers in bf16; nil where the CPU has no instruction for them.
  public private(set) var brain: BrainKernelTable?

  /// This table with kernels for bf16, under a name of its own.
  public func adding(_ brain: BrainKernelTable, name: StaticString) -> KernelTable {
    var table = self
    table.name = name
    table.brain = brain
    return table
  }

  /// Quantizes T rows (the last ones missing when `validRows` < T, then zero) to int8 blocks.
  /// (x, xStride, validRows, T, B, offsetKind, codes, scales, offsets)
  public typealias QuantizeActivations =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, Int, UnsafeMutablePointer<Int8>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Int32>
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

  /// Rows that `LinearGradientF32` takes at a time.
  public static let gradientRows = 512
  /// Floats of scratch for `LinearGradientF32`: a panel of gradients of two groups.
  public static let gradientScratch = 32 * gradientRows

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

  /// out = (x - mean) / sqrt(variance + epsilon) * weight + bias, over one row.
  /// (x, weight, bias, epsilon, count, out)
  public typealias LayerNorm =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Float, Int,
      UnsafeMutablePointer<Float>
    ) -> Void

  /// out = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). (x, count, out)
  public typealias GELU =
    @convention(c) (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void

  /// dx += the gradient of one row's LayerNorm, given that of its output; the row's mean and
  /// 1 / sqrt(variance + epsilon) are left in `moments` for `LayerNormGradients`.
  /// (x, weight, epsilon, count, dy, dx, moments)
  public typealias LayerNormBackward =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, Float, Int, UnsafePointer<Float>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// The gradients of LayerNorm's parameters over all rows, added to `dWeight` and `dBias` for the
  /// columns first..<end; `moments` has two numbers a row.
  /// (x, dy, moments, rows, stride, first, end, dWeight, dBias)
  public typealias LayerNormGradients =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int, Int,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// sums[i] += the sum of column i, for the columns first..<end.
  /// (x, rows, stride, first, end, sums)
  public typealias AddColumnSums =
    @convention(c) (
      UnsafePointer<Float>, Int, Int, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// gradient *= the derivative of `GELU` at x. (x, count, gradient)
  public typealias GELUBackward =
    @convention(c) (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void

  /// The backward pass of causal attention of one query head over one sequence of `count` rows, which
  /// are `stride` apart in queries, keys, values and their gradients alike. The query's gradient is
  /// overwritten; those of key and value are too, or added to when `accumulate` is 1, as where several
  /// query heads share them. `out` and `dOut` are the head's output and its gradient. `scratch` holds
  /// `attendBackwardScratch` floats.
  /// (queries, keys, values, stride, count, headSize, scale, out, dOut, outStride, dQueries, dKeys,
  /// dValues, accumulate, scratch)
  public typealias AttendBackward =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int, Float,
      UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// Floats of scratch for `AttendBackward` over at most `count` rows.
  public static func attendBackwardScratch(_ count: Int, _ headSize: Int) -> Int {
    let width = CacheLayout.paddedSize(headSize)
    return (count + 15) / 16 * 16 * (2 * headSize + 3 * width + 8) + 24 * width + 16 * headSize
      + 128
  }

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

  /// Reads back what `StoreKeyValue` wrote, as floats; storing them again gives the same bytes.
  /// (cacheKind, keys, values, position, headSize, key, value)
  public typealias LoadKeyValue =
    @convention(c) (
      Int, UnsafeRawPointer, UnsafeRawPointer, Int, Int, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>
    ) -> Void

  /// Causal attention of up to `CacheLayout.mostQueries` queries (column c sees positions
  /// 0..<visible + c * step) over one kv head's cache, by online softmax over fixed blocks of
  /// positions. (cacheKind, queries, queryStride, columns, visible, step, headSize, scale, keys,
  /// values, out, outStride, scratch)
  public typealias Attend =
    @convention(c) (
      Int, UnsafePointer<Float>, Int, Int, Int, Int, Int, Float, UnsafeRawPointer, UnsafeRawPointer,
      UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// The part of `Attend`, of up to 8 queries, that belongs to block `block` of
  /// `CacheLayout.softmaxBlock` positions, as a partial result. (cacheKind, queries, queryStride,
  /// columns, visible, step, headSize, scale, keys, values, block, partial, scratch)
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

  /// Encodes blocks of 32 finite floats as Q4_0, Q4_1 or Q8_0: as ggml's reference does, or, when
  /// `best` is 1, which Q5_0 and Q5_1 always are, with the least error weighted by `importance` (one number for each column of rows of
  /// `blocksPerRow` blocks; nil for equal weights). `scratch` holds `quantizeScratch` floats.
  /// (format, best, values, importance, blocksPerRow, blocks, out, scratch)
  public typealias QuantizeBlocks =
    @convention(c) (
      Int, Int, UnsafePointer<Float>, UnsafePointer<Float>?, Int, Int, UnsafeMutableRawPointer,
      UnsafeMutablePointer<Float>
    ) -> Void

  /// Floats of scratch for `QuantizeBlocks`: three tiles of sixteen blocks and their bytes.
  public static let quantizeScratch = 3 * 512 + 128

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

  /// Floats of scratch for `RoundCompensated` and `RefineBlocks`: four tiles, words and blocks.
  public static let roundScratch = 4 * 512 + 128 + 136

  /// f32 rows to int8 tiles.
  public let quantizeActivations: QuantizeActivations
  /// Linear layer on weights in blocks, int8 activations.
  public let linearInt8: LinearInt8
  /// Linear layer on weights of any format, f32 activations.
  public let linearF32: LinearF32
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
  /// GGUF rows to packed groups.
  public let packGroup: PackGroup
  /// Packed groups to f32 panels.
  public let dequantizePanel: DequantizePanel
  /// f32 rows to f32 tiles.
  public let packActivationsF32: PackActivationsF32
  /// RMSNorm of one row.
  public let rmsNorm: RMSNorm
  /// LayerNorm of one row.
  public let layerNorm: LayerNorm
  /// GELU of one row, in GPT-2's form.
  public let gelu: GELU
  /// Backward pass of LayerNorm of one row.
  public let layerNormBackward: LayerNormBackward
  /// Gradients of LayerNorm's parameters.
  public let layerNormGradients: LayerNormGradients
  /// Sums over rows: gradients of biases.
  public let addColumnSums: AddColumnSums
  /// Backward pass of GELU.
  public let geluBackward: GELUBackward
  /// Backward pass of attention within a sequence.
  public let attendBackward: AttendBackward
  /// SwiGLU of one row.
  public let swiGLU: SwiGLU
  /// Rotary embedding of one row.
  public let rotatePairs: RotatePairs
  /// One position into the KV cache.
  public let storeKeyValue: StoreKeyValue
  /// One position out of the KV cache.
  public let loadKeyValue: LoadKeyValue
  /// Attention of a tile of queries.
  public let attend: Attend
  /// One block of positions of attention.
  public let attendBlock: AttendBlock
  /// Blocks put together.
  public let mergeAttention: MergeAttention
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

  /// What only training needs.
  public let gradients: GradientKernels
  /// What optimizers need.
  public let optimizers: OptimizerKernels

  /// Every entry, in the order of the declarations.
  public init(
    name: StaticString, quantizeActivations: QuantizeActivations, linearInt8: LinearInt8,
    linearF32: LinearF32,
    packGradients: PackGradients, linearTransposedF32: LinearTransposedF32,
    linearTransposedSlices: LinearTransposedSlices?,
    packInputs: PackInputs, linearGradientF32: LinearGradientF32, packGroup: PackGroup,
    dequantizePanel: DequantizePanel, packActivationsF32: PackActivationsF32, rmsNorm: RMSNorm,
    layerNorm: LayerNorm, gelu: GELU, layerNormBackward: LayerNormBackward,
    layerNormGradients: LayerNormGradients, addColumnSums: AddColumnSums,
    geluBackward: GELUBackward, attendBackward: AttendBackward, swiGLU: SwiGLU,
    rotatePairs: RotatePairs,
    storeKeyValue: StoreKeyValue, loadKeyValue: LoadKeyValue, attend: Attend,
    attendBlock: AttendBlock, mergeAttention: MergeAttention,
    quantizeBlocks: QuantizeBlocks, toFloats: ToFloats, fromFloats: FromFloats,
    firstNotFinite: FirstNotFinite, roundCompensated: RoundCompensated,
    refineBlocks: RefineBlocks, gradients: GradientKernels, optimizers: OptimizerKernels
  ) {
    self.name = name
    self.quantizeActivations = quantizeActivations
    self.linearInt8 = linearInt8
    self.linearF32 = linearF32
    self.packGradients = packGradients
    self.linearTransposedF32 = linearTransposedF32
    self.linearTransposedSlices = linearTransposedSlices
    self.packInputs = packInputs
    self.linearGradientF32 = linearGradientF32
    self.packGroup = packGroup
    self.dequantizePanel = dequantizePanel
    self.packActivationsF32 = packActivationsF32
    self.rmsNorm = rmsNorm
    self.layerNorm = layerNorm
    self.gelu = gelu
    self.layerNormBackward = layerNormBackward
    self.layerNormGradients = layerNormGradients
    self.addColumnSums = addColumnSums
    self.geluBackward = geluBackward
    self.attendBackward = attendBackward
    self.swiGLU = swiGLU
    self.rotatePairs = rotatePairs
    self.storeKeyValue = storeKeyValue
    self.loadKeyValue = loadKeyValue
    self.attend = attend
    self.attendBlock = attendBlock
    self.mergeAttention = mergeAttention
    self.quantizeBlocks = quantizeBlocks
    self.toFloats = toFloats
    self.fromFloats = fromFloats
    self.firstNotFinite = firstNotFinite
    self.roundCompensated = roundCompensated
    self.refineBlocks = refineBlocks
    self.gradients = gradients
    self.optimizers = optimizers
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
