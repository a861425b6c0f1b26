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

  /// Linear layers.
  public let linear: LinearKernels
  /// Norms, activation functions, rotation.
  public let rows: RowKernels
  /// Attention and its cache.
  public let attention: AttentionKernels
  /// Backward passes of linear layers.
  public let linearGradients: LinearGradientKernels
  /// The converter's.
  public let quantization: QuantizationKernels
  /// What else only training needs.
  public let gradients: GradientKernels
  /// What optimizers need.
  public let optimizers: OptimizerKernels

  /// Every group; a new instruction set fills them one by one.
  public init(
    name: StaticString, linear: LinearKernels, rows: RowKernels, attention: AttentionKernels,
    linearGradients: LinearGradientKernels, quantization: QuantizationKernels,
    gradients: GradientKernels, optimizers: OptimizerKernels
  ) {
    self.name = name
    self.linear = linear
    self.rows = rows
    self.attention = attention
    self.linearGradients = linearGradients
    self.quantization = quantization
    self.gradients = gradients
    self.optimizers = optimizers
  }
}
