/// The inner loops that only training needs, of one instruction set; part of a `KernelTable`, whose
/// rules hold here too.
public struct GradientKernels: Sendable {
  /// dx (+)= the gradient of `RowKernels.RMSNorm`: with s = 1 / sqrt(mean(x^2) + epsilon) and
  /// u = weight * dy,
  ///     dx_i = s u_i - s^3 x_i / count * sum_j u_j x_j
  /// (x, weight, epsilon, dy, count, dx, accumulate)
  public typealias RMSNormBackward =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, Float, UnsafePointer<Float>, Int,
      UnsafeMutablePointer<Float>, Int
    ) -> Void

  /// The gradient of `RowKernels.SwiGLU`, in place: gate becomes d * up * s * (1 + gate * (1 - s)) and
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

  /// The backward pass of causal attention of one kv head, with the query heads that it serves, over one sequence of
  /// `count` rows, which are `stride` apart in queries, keys, values and their gradients alike. The query heads lie
  /// one after the other; `out` and `dOut` are their outputs and the gradients of these. Gradients are overwritten.
  ///
  /// The sequence may begin with `shared` positions whose keys and values lie elsewhere, `sharedOffset` floats from the
  /// first row's, and whose queries are no part of this: the gradients of their keys and values go to `dShared`,
  /// `[shared][2][headSize]`. `scratch` holds `attendBackwardScratch` floats for all positions.
  /// (queries, keys, values, stride, count, shared, sharedOffset, queryHeads, headSize, scale, out, dOut, outStride,
  /// dQueries, dKeys, dValues, dShared, scratch)
  public typealias AttendBackward =
    @convention(c) (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Int, Int, Int,
      Int, Float, UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>?,
      UnsafeMutablePointer<Float>
    ) -> Void

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
    layerNormBackward: LayerNormBackward, layerNormGradients: LayerNormGradients,
    addColumnSums: AddColumnSums, geluBackward: GELUBackward, attendBackward: AttendBackward,
    rmsNormBackward: RMSNormBackward, swiGLUBackward: SwiGLUBackward, softmaxSums: SoftmaxSums,
    softmaxScaled: SoftmaxScaled, softmaxDifference: SoftmaxDifference, bytes: ByteGradientKernels
  ) {
    self.layerNormBackward = layerNormBackward
    self.layerNormGradients = layerNormGradients
    self.addColumnSums = addColumnSums
    self.geluBackward = geluBackward
    self.attendBackward = attendBackward
    self.rmsNormBackward = rmsNormBackward
    self.swiGLUBackward = swiGLUBackward
    self.softmaxSums = softmaxSums
    self.softmaxScaled = softmaxScaled
    self.softmaxDifference = softmaxDifference
    self.bytes = bytes
  }
}

extension KernelTable {
  /// Floats of scratch for `AttendBackward` over at most `count` rows.
  public static func attendBackwardScratch(_ count: Int, _ headSize: Int) -> Int {
    let width = CacheLayout.paddedSize(headSize)
    return (count + 15) / 16 * 16 * (2 * headSize + 3 * width + 8) + 24 * width + 144
  }
}
