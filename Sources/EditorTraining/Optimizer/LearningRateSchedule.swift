#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the learning rate goes with the steps: up in a line to 1, then as `shape` says down to `floor`.
public struct LearningRateSchedule: Codable, Sendable, Equatable {
  /// The way down.
  public enum Shape: String, Codable, Sendable, CaseIterable {
    /// It stays at 1.
    case constant
    /// Half a wave: floor + (1 - floor) (1 + cos(pi x)) / 2, x being the part of the way that is done.
    case cosine
    /// floor + (1 - floor) (1 - x).
    case linear
  }

  /// The way down.
  public var shape: Shape
  /// Steps on the way up: step number s of them, from 0, has the factor (s + 1) / warmUpSteps.
  public var warmUpSteps: Int
  /// The factor at the end, 0...1.
  public var floor: Double

  /// A schedule without warm-up and down to nothing unless given.
  public init(_ shape: Shape = .constant, warmUpSteps: Int = 0, floor: Double = 0) {
    self.shape = shape
    self.warmUpSteps = warmUpSteps
    self.floor = floor
  }

  /// What to multiply learning rates by at step number `step`, from 0, of `total`. Past the end it
  /// stays what it is there.
  public func factor(step: Int, of total: Int) -> Double {
    if step < warmUpSteps { return Double(step + 1) / Double(warmUpSteps) }
    let way = max(total - warmUpSteps, 1)
    let done = min(Double(step - warmUpSteps) / Double(way), 1)
    switch shape {
    case .constant: return 1
    case .cosine: return floor + (1 - floor) * (1 + cos(.pi * done)) / 2
    case .linear: return floor + (1 - floor) * (1 - done)
    }
  }
}
