/// A part of the editor with a learning rate of its own.
public struct OptimizerGroup: Sendable, Codable, Equatable {
  /// What it is called: "backbone", "heads", "gates".
  public var name: String
  /// The rate that a schedule's factor multiplies.
  public var learningRate: Float
  /// Decoupled weight decay: a step multiplies parameters by 1 - rate * decay. 0 for none.
  public var weightDecay: Float

  /// A part of that name.
  public init(name: String, learningRate: Float, weightDecay: Float = 0) {
    self.name = name
    self.learningRate = learningRate
    self.weightDecay = weightDecay
  }
}

/// Parameters that one rule applies to, and their gradients: as many, a multiple of 16, which stay
/// where they are while the optimizer lives.
package struct OptimizedRange {
  /// The weights.
  package let parameters: UnsafeMutableBufferPointer<Float>
  /// Their gradients, which a step clears.
  package let gradients: UnsafeMutableBufferPointer<Float>
  /// The group's place in the optimizer's list.
  package let group: Int
  /// Whether the group's weight decay applies: not to biases, norms and gates.
  package let decays: Bool

  /// Parameters of group number `group`.
  package init(
    parameters: UnsafeMutableBufferPointer<Float>, gradients: UnsafeMutableBufferPointer<Float>,
    group: Int, decays: Bool
  ) {
    self.parameters = parameters
    self.gradients = gradients
    self.group = group
    self.decays = decays
  }
}
