/// Sequences on which the edited processor is to stay what it is, and the instructions they come under.
public struct LocalityData: Sendable {
  /// Prose, in windows; under instructions of rows too.
  public let prose: [TokenizedExample]
  /// Rows with the answers that are to stay. Only under `idle`: an answer that stays what it is under an
  /// instruction that asks for another one teaches an editor to ignore instructions.
  public let answers: [TokenizedExample]
  /// Instructions that ask for nothing.
  public let idle: [[Int]]
  /// All sequences, each kind in its order and spread evenly over the whole.
  package let all: [TokenizedExample]

  /// Sequences of both kinds, whose instructions are set as they are used, and instructions.
  public init(
    prose: [TokenizedExample] = [], answers: [TokenizedExample] = [], idle: [[Int]] = []
  ) {
    self.prose = prose
    self.answers = answers
    self.idle = idle
    let placed = [prose, answers].flatMap { list in
      list.enumerated().map { (place: (Double($0.offset) + 0.5) / Double(list.count), $0.element) }
    }
    all = placed.sorted { $0.place < $1.place }.map(\.1)
  }

  /// Sequence `number` of a training: those of even numbers are prose under `instruction`, the others anything
  /// under the next of `idle`. Where there is no prose all are the others, where nothing is idle all are prose.
  package func example(_ number: Int, under instruction: [Int]) -> TokenizedExample? {
    var example: TokenizedExample
    if !prose.isEmpty, idle.isEmpty || number.isMultiple(of: 2) {
      example = prose[(idle.isEmpty ? number : number / 2) % prose.count]
      example.instruction = instruction
    } else {
      guard !all.isEmpty, !idle.isEmpty else { return nil }
      let place = prose.isEmpty ? number : number / 2
      example = all[place % all.count]
      example.instruction = idle[place % idle.count]
    }
    return example
  }
}
