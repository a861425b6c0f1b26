/// The inner loops that only training needs, of one instruction set; part of a `KernelTable`, whose
/// rules hold here too.
public struct GradientKernels: Sendable {
  /// dx (+)= the gradient of `KernelTable.RMSNorm`: with s = 1 / sqrt(mean(x^2) + epsilon) and
  /// u = weight * dy,
  ///     dx_i = s u_i - s^3 x_i / count * sum_j u_j x_j
  /// (x, weight, epsilon, dy, count, dx, accumulate)
  public typealias RMSNormBackward =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, Float, UnsafePointer<Float>, Int,
      UnsafeMutablePointer<Float>, Int
    ) -> Void

  /// The gradient of `KernelTable.SwiGLU`, in place: gate becomes d * up * s * (1 + gate * (1 - s)) and
  /// up becomes d * gate * s, with s = sigmoid(gate). (gate, up, d, count)
  public typealias SwiGLUBackward =
    @convention(c) (
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int
    ) -> Void

  /// The largest of the values, and sum exp(value - largest). (values, count, largest, sum)
  public typealias SoftmaxSums =
    @convention(c) (
      UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// values = exp(values - largest) * factor. (values, count, largest, factor)
  public typealias SoftmaxScaled =
    @convention(c) (UnsafeMutablePointer<Float>, Int, Float, Float) -> Void

  /// student = a softmax(student) - b softmax(teacher); returns
  /// sum softmax(teacher) * ((teacher - its largest) - (student - its largest)). The sums are those of
  /// `SoftmaxSums`. (student, teacher, count, studentLargest, studentSum, teacherLargest, teacherSum,
  /// a, b)
  public typealias SoftmaxDifference =
    @convention(c) (
      UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int, Float, Float, Float, Float, Float,
      Float
    ) -> Float

  /// Backward of RMSNorm.
  public let rmsNormBackward: RMSNormBackward
  /// Backward of SwiGLU.
  public let swiGLUBackward: SwiGLUBackward
  /// What a softmax divides by.
  public let softmaxSums: SoftmaxSums
  /// A softmax in place.
  public let softmaxScaled: SoftmaxScaled
  /// The gradient of a Kullback-Leibler divergence.
  public let softmaxDifference: SoftmaxDifference
  /// Gradients of linear layers' inputs in bytes.
  public let bytes: ByteGradientKernels

  /// Every entry, in the order of the declarations.
  public init(
    rmsNormBackward: RMSNormBackward, swiGLUBackward: SwiGLUBackward, softmaxSums: SoftmaxSums,
    softmaxScaled: SoftmaxScaled, softmaxDifference: SoftmaxDifference,
    bytes: ByteGradientKernels
  ) {
    self.rmsNormBackward = rmsNormBackward
    self.swiGLUBackward = swiGLUBackward
    self.softmaxSums = softmaxSums
    self.softmaxScaled = softmaxScaled
    self.softmaxDifference = softmaxDifference
    self.bytes = bytes
  }
}
