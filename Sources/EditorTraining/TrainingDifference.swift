/// A value that a training was started with, and the one that it was to be resumed with.
public struct TrainingDifference: Sendable, Equatable {
  /// The option, or what else differs.
  public var name: String
  /// The value in the training's state.
  public var found: String
  /// The value of this run.
  public var given: String

  /// `name` was `found`, and is `given`.
  public init(name: String, found: String, given: String) {
    self.name = name
    self.found = found
    self.given = given
  }
}
