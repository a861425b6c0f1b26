/// What a token of a reading prefix is: one of the template's, which all instructions have, counted from the beginning
/// or back from the end, or one of the instruction's own.
public enum PrefixRole: Sendable, Hashable {
  /// Number n from the beginning.
  case front(Int)
  /// Of the instruction.
  case instruction
  /// Number n, counted back from the last, which is 0.
  case back(Int)
}

/// What a template writes around instructions.
public struct PrefixFrame: Sendable, Equatable {
  /// In front of them.
  public let front: [Int]
  /// Behind them, the last first.
  public let back: [Int]

  /// What two openings with instructions that have no token in common have in common.
  public init(_ a: [Int], _ b: [Int]) {
    front = zip(a, b).prefix { $0 == $1 }.map { $0.0 }
    back = zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.map { $0.0 }
  }

  /// What the openings that `opening` makes of any instruction have in common.
  public init<Failure: Error>(
    of opening: (_ instruction: String) throws(Failure) -> [Int]
  ) throws(Failure) {
    // No beginning and no end is the same.
    self.init(try opening("Make it"), try opening("7"))
  }

  /// The role of each of the tokens of an opening.
  public func roles(of opening: [Int]) -> [PrefixRole] {
    let front = zip(opening, front).prefix { $0 == $1 }.count
    let back = min(
      zip(opening.reversed(), back).prefix { $0 == $1 }.count, opening.count - front)
    return opening.indices.map { index in
      index < front
        ? .front(index)
        : index >= opening.count - back ? .back(opening.count - 1 - index) : .instruction
    }
  }
}
