/// What is done to one row of activations by itself. Part of a `KernelTable`, whose rules hold
/// here too.
public struct RowKernels: Sendable {
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

  /// RMSNorm of one row.
  public let rmsNorm: RMSNorm
  /// LayerNorm of one row.
  public let layerNorm: LayerNorm
  /// GELU of one row, in GPT-2's form.
  public let gelu: GELU
  /// SwiGLU of one row.
  public let swiGLU: SwiGLU
  /// Rotary embedding of one row.
  public let rotatePairs: RotatePairs

  /// Every entry, in the order of the declarations.
  public init(
    rmsNorm: RMSNorm, layerNorm: LayerNorm, gelu: GELU, swiGLU: SwiGLU, rotatePairs: RotatePairs
  ) {
    self.rmsNorm = rmsNorm
    self.layerNorm = layerNorm
    self.gelu = gelu
    self.swiGLU = swiGLU
    self.rotatePairs = rotatePairs
  }
}
