import Foundation

/// How rotary frequencies are changed for contexts longer than the model was first trained on.
public enum RopeScaling: Sendable, Equatable {
  case none
  /// All frequencies divided by `factor` (position interpolation, arXiv 2306.15595).
  case linear(factor: Float)
  /// LLaMA 3.1: wavelengths above `originalContext / lowFactor` divided by `factor`, those below
  /// `originalContext / highFactor` kept, those between blended (Meta's reference code).
  case llama3(factor: Float, lowFactor: Float, highFactor: Float, originalContext: Int)
}

/// Angular frequencies of rotary position embedding (arXiv 2104.09864): dimension pair i turns by
/// position * frequency[i], frequency[i] = theta^(-2i / rotated), then scaled.
public struct RotaryFrequencies: Sendable {
  /// One for each pair of rotated dimensions.
  public let frequencies: [Double]

  /// `factors`, one for each pair, divide the frequencies; they are what llama.cpp's files hold in
  /// `rope_freqs.weight` in place of LLaMA 3.1's four numbers.
  public init(theta: Double, rotated: Int, scaling: RopeScaling, factors: [Float]? = nil) {
    let plain = (0..<rotated / 2).map { pow(theta, -2 * Double($0) / Double(rotated)) }
    let scaled = plain.map { RotaryFrequencies.scale($0, scaling) }
    frequencies = factors.map { zip(scaled, $0).map { $0 / Double($1) } } ?? scaled
  }

  private static func scale(_ frequency: Double, _ scaling: RopeScaling) -> Double {
    switch scaling {
    case .none: return frequency
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

  /// cos and sin of position * frequency for consecutive positions, `[count][pairs]` each. Angles are
  /// reduced in double precision, so far positions lose nothing.
  func fill(
    positions: Range<Int>, cosines: UnsafeMutablePointer<Float>, sines: UnsafeMutablePointer<Float>
  ) {
    for (row, position) in positions.enumerated() {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Double(position) * frequency
        cosines[row * frequencies.count + i] = Float(cos(angle))
        sines[row * frequencies.count + i] = Float(sin(angle))
      }
    }
  }
}
