import Foundation

/// The hard concrete distribution of a gate z from 0 to 1, both of which it takes with some probability (Louizos, Welling
/// and Kingma, arXiv 1712.01312), with beta = 2/3, gamma = -0.1 and zeta = 1.1:
///
///     s = sigm((log u - log(1 - u) + log a) / beta),  u ~ U(0, 1)
///     z = min(1, max(0, s (zeta - gamma) + gamma))
///     P(z > 0) = sigm(log a - beta log(-gamma / zeta))
///
/// Without a draw z is the same of s = sigm(log a).
package enum HardConcrete {
  /// log a of a gate that is open with s = 0.9, where training begins.
  package static let start: Float = 2.1972246

  private static let beta = 2.0 / 3
  private static let (gamma, zeta) = (-0.1, 1.1)

  /// z under the draw u, or without one, and dz/d log a, which is 0 where z is clipped.
  package static func gate(_ openness: Double, draw u: Double?) -> (z: Double, slope: Double) {
    let (argument, scale) =
      u.map { ((log($0) - log(1 - $0) + openness) / beta, 1 / beta) } ?? (openness, 1)
    let s = sigmoid(argument)
    let stretched = s * (zeta - gamma) + gamma
    guard stretched > 0 else { return (0, 0) }
    guard stretched < 1 else { return (1, 0) }
    return (stretched, (zeta - gamma) * s * (1 - s) * scale)
  }

  /// P(z > 0), and its derivative by log a.
  package static func probability(_ openness: Double) -> (value: Double, slope: Double) {
    let p = sigmoid(openness - beta * log(-gamma / zeta))
    return (p, p * (1 - p))
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
