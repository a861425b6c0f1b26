import Foundation

/// How rotary frequencies are changed for contexts longer than the model was first trained on.
public enum RopeScaling: Sendable, Equatable {
  case none
  /// All frequencies divided by `factor` (position interpolation, arXiv 2306.15595).
  case linear(factor: Float)
  /// LLaMA 3.1: wavelengths above `originalContext / lowFactor` divided by `factor`, those below
  /// `originalContext / highFactor` kept, those between blended (Meta's reference code).
  case llama3(factor: Float, lowFactor: Float, highFactor: Float, originalContext: Int)
  /// YaRN (arXiv 2309.00071): pairs that turn less than `betaSlow` times in `originalContext` divided by
  /// `factor`, those that turn more than `betaFast` times kept, those between blended; cosines and sines
  /// times `attentionFactor`.
  case yarn(
    factor: Float, originalContext: Int, attentionFactor: Float, betaFast: Float, betaSlow: Float)
}

/// Angular frequencies of rotary position embedding (arXiv 2104.09864): dimension pair i turns by
/// position * frequency[i], frequency[i] = theta^(-2i / rotated), then scaled.
public struct RotaryFrequencies: Sendable {
  /// One for each pair of rotated dimensions.
  public let frequencies: [Double]
  /// What cosines and sines are multiplied with: 1 but for YaRN.
  public let amplitude: Double

  /// `factors`, one for each pair, divide the frequencies; they are what llama.cpp's files hold in
  /// `rope_freqs.weight` in place of LLaMA 3.1's four numbers.
  public init(theta: Double, rotated: Int, scaling: RopeScaling, factors: [Float]? = nil) {
    let plain = (0..<rotated / 2).map { pow(theta, -2 * Double($0) / Double(rotated)) }
    let scaled: [Double]
    if case .yarn(let factor, let context, let attention, let fast, let slow) = scaling {
      scaled = RotaryFrequencies.yarn(
        plain, theta: theta, factor: Double(factor), context: Double(context), fast: Double(fast),
        slow: Double(slow))
      amplitude = Double(attention)
    } else {
      scaled = plain.map { RotaryFrequencies.scale($0, scaling) }
      amplitude = 1
    }
    frequencies = factors.map { zip(scaled, $0).map { $0 / Double($1) } } ?? scaled
  }

  /// Source: `_compute_yarn_parameters` of transformers; llama.cpp's `rope_yarn` is the same.
  private static func yarn(
    _ frequencies: [Double], theta: Double, factor: Double, context: Double, fast: Double,
    slow: Double
  ) -> [Double] {
    let size = Double(2 * frequencies.count)
    /// The dimension whose pair turns so many times within the context.
    func dimension(_ turns: Double) -> Double {
      size * log(context / (turns * 2 * .pi)) / (2 * log(theta))
    }
    let first = max(dimension(fast).rounded(.down), 0)
    let last = min(dimension(slow).rounded(.up), size - 1)
    return frequencies.enumerated().map { index, frequency in
      let ramp = min(max((Double(index) - first) / max(last - first, 0.001), 0), 1)
      return frequency / factor * ramp + frequency * (1 - ramp)
    }
  }

  private static func scale(_ frequency: Double, _ scaling: RopeScaling) -> Double {
    switch scaling {
    case .none, .yarn: return frequency
    case .linear(let factor): return frequency / Double(factor)
    case .llama3(let factor, let low, let high, let originalContext):
      let wavelength = 2 * Double.pi / frequency
      let context = Double(originalContext)
      if wavelength < context / Double(high) { return frequency }
      if wavelength > context / Double(low) { return frequency / Double(factor) }
      let smooth = (context / wavelength - Double(low)) / Double(high - low)
      return (1 - smooth) * frequency / Double(factor) + smooth * frequency
    }
  }

  /// amplitude * cos and sin of position * frequency for consecutive positions, `[count][pairs]` each. Angles are
  /// reduced in double precision, so far positions lose nothing.
  func fill(
    positions: Range<Int>, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>
  ) {
    for (row, position) in positions.enumerated() {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(position) * frequency
        cosines[row * frequencies.count + i] = Float(amplitude * cos(angle))
        sines[row * frequencies.count + i] = Float(amplitude * sin(angle))
      }
    }
  }
}
