/// The inner loops of optimizers, of one instruction set; part of a `KernelTable`, whose rules hold
/// here too. Every instruction set gives the same bits: products and sums are rounded one by one.
public struct OptimizerKernels: Sendable {
  /// One step of AdamW for `count` parameters, a multiple of 16. The constants are
  /// `AdamConstant.count` floats. The gradients become zero.
  /// (parameters, gradients, first moments, second moments, count, constants)
  public typealias AdamStep =
    @convention(c) (
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>,
      UnsafeMutablePointer<Float>, Int, UnsafePointer<Float>
    ) -> Void

  /// The same with moments of one byte each and one float for every `momentBlock` of them (see
  /// `adamStepBytes` for the codes). `scratch` holds 2 * `momentBlock` floats.
  /// (parameters, gradients, first codes, first scales, second codes, second scales, count, constants,
  /// scratch)
  public typealias AdamStepBytes =
    @convention(c) (
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<UInt8>,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Float>, Int,
      UnsafePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Void

  /// The floats that the codes of moments stand for. (codes, scales, count, isSecond, out)
  public typealias DecodeMoments =
    @convention(c) (
      UnsafePointer<UInt8>, UnsafePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void

  /// The sum of the squares of `count` numbers, a multiple of 16, in double precision.
  /// (values, count)
  public typealias SumOfSquares = @convention(c) (UnsafePointer<Float>, Int) -> Double

  /// Parameters that share a scale of their moments.
  public static let momentBlock = 256

  /// AdamW in f32.
  public let adamStep: AdamStep
  /// AdamW with moments of 8 bits.
  public let adamStepBytes: AdamStepBytes
  /// Moments of 8 bits as floats.
  public let decodeMoments: DecodeMoments
  /// A part of a norm.
  public let sumOfSquares: SumOfSquares

  /// Every entry, in the order of the declarations.
  public init(
    adamStep: AdamStep, adamStepBytes: AdamStepBytes, decodeMoments: DecodeMoments,
    sumOfSquares: SumOfSquares
  ) {
    self.adamStep = adamStep
    self.adamStepBytes = adamStepBytes
    self.decodeMoments = decodeMoments
    self.sumOfSquares = sumOfSquares
  }
}

/// What one step of AdamW is told beside its numbers, by its place in the list.
public enum AdamConstant: Int, Sendable, CaseIterable {
  /// What gradients are multiplied by first: the part of a mean, and clipping.
  case gradientScale
  /// 1 - beta1.
  case firstWeight
  /// beta2.
  case secondDecay
  /// 1 - beta2.
  case secondWeight
  /// What parameters are multiplied by: 1 - rate * decay.
  case parameterDecay
  /// rate / (1 - beta1^t).
  case stepSize
  /// sqrt(1 - beta2^t).
  case secondCorrection
  /// What is added to the root.
  case epsilon

  /// How many there are.
  public static let count = 8
}
