import Yams

/// What function vectors are made of.
public struct FunctionVectorOptions: Sendable, Equatable, Encodable {
  /// Tasks at most: the first that the model can do, in an order that is drawn.
  public var tasks = 12
  /// Prompts of a task whose heads are exchanged, and prompts that the heads' means are of.
  public var prompts = 25
  /// See above.
  public var meanPrompts = 100
  /// Families that tasks are of; empty for all whose answers are one word.
  public var families: [String] = []

  /// 12 tasks, 25 prompts, means of 100.
  public init() {}
}

/// What the file says of them.
extension StudyConfiguration {
  static let functionVectorOptions = ["tasks", "prompts", "mean_prompts", "families"]

  /// An option of the experiment `function-vectors`; whether it is one.
  mutating func readFunctionVectors(
    _ option: String, _ value: Node, _ place: String
  ) throws -> Bool {
    switch option {
    case "tasks": functionVectors.tasks = try count(value, place, most: 1000)
    case "prompts": functionVectors.prompts = try countOfHalves(value, place)
    case "mean_prompts": functionVectors.meanPrompts = try countOfHalves(value, place)
    case "families": functionVectors.families = try list(value, place).map { try text($0, place) }
    default: return false
    }
    return true
  }

  /// Two at least, one of each half.
  private func countOfHalves(_ node: Node, _ place: String) throws -> Int {
    try parsed(node, place, "a whole number from 2 to 10000") {
      Int($0).flatMap { (2...10_000).contains($0) ? $0 : nil }
    }
  }
}
