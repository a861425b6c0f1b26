/// Divides the logits by the temperature: below 1 sharpens the distribution, above 1 flattens it.
///
/// Temperature 0 is not a scaling but `GreedySampler`; `SamplingChain` makes that choice.
/// Source: Ackley, Hinton and Sejnowski 1985, "A Learning Algorithm for Boltzmann Machines".
public struct Temperature: LogitsProcessor {
  /// The divisor.
  public let temperature: Float

  /// Divides the logits by `temperature`, which must be positive.
  public init(_ temperature: Float) {
    precondition(temperature > 0)
    self.temperature = temperature
  }

  /// See `LogitsProcessor`.
  public func process(_ candidates: inout Candidates, after history: [Int]) {
    candidates.divide(by: temperature)
  }
}
