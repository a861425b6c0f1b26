/// How many edits are fitted for an experiment, and in how many steps each.
public struct StudyFits: Sendable, Equatable, Encodable {
  /// Families, or pairs of them.
  public var count: Int
  /// Steps of a fit.
  public var steps = 100
}
