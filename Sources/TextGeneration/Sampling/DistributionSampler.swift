/// Draws a token with the probability the softmax gives it, by inverting the cumulative
/// distribution at one uniform number.
public struct DistributionSampler: Sampler {
  private var generator: CounterGenerator

  /// A sampler whose draws are decided by `seed` alone.
  public init(seed: UInt64) { generator = CounterGenerator(seed: seed) }

  /// See `Sampler`.
  public mutating func pick(from candidates: Candidates) -> Int {
    let probabilities = candidates.probabilities
    var left = generator.nextUniform()
    for (element, probability) in zip(candidates.elements, probabilities) {
      left -= probability
      if left < 0 { return Int(element.id) }
    }
    // Rounding may leave the sum a little below 1: the last token that can occur takes the rest.
    let last = probabilities.lastIndex { $0 > 0 } ?? 0
    return Int(candidates.elements[last].id)
  }
}
