import Tokenization

/// A held-out example with another one's instruction, where it is measured with one.
public struct HeldOutExample: Sendable, Equatable {
  /// The example.
  public var example: TokenizedExample
  /// An instruction that is not its own, as the editor reads it; empty without one.
  public var otherInstruction: [Int]
  /// The prompt that has it in front of the example's input; empty without one.
  public var otherPrompted: [Int]

  /// What stands in the place of its instruction that asks for nothing; none where that is not measured.
  public var meaningless: [MeaninglessInstruction: OtherReading] = [:]

  /// Something else in the place of an instruction: as the editor reads it, and the prompt that has it.
  public struct OtherReading: Sendable, Equatable {
    /// As the editor reads it.
    public var instruction: [Int]
    /// The prompt that has it in front of the example's input.
    public var prompted: [Int]

    /// A reading and a prompt.
    public init(instruction: [Int], prompted: [Int]) {
      self.instruction = instruction
      self.prompted = prompted
    }
  }

  /// An example and another one's instruction.
  public init(example: TokenizedExample, otherInstruction: [Int], otherPrompted: [Int]) {
    self.example = example
    self.otherInstruction = otherInstruction
    self.otherPrompted = otherPrompted
  }

  /// Tokens of its longest sequence, where edits need so many ghosts in front of the prompt.
  package func longestSequence(ghosts: Int) -> Int {
    let others = meaningless.values.map(\.prompted.count).max() ?? 0
    return max(example.prompt.count + ghosts, example.prompted.count, otherPrompted.count, others)
      + example.response.count
  }

  /// Tokens of the longest of its instructions.
  package var longestInstruction: Int {
    max(
      example.instruction.count, otherInstruction.count,
      meaningless.values.map(\.instruction.count).max() ?? 0)
  }
}

/// The examples of one split, each with another one's instruction.
public struct HeldOutSplit: Sendable {
  /// What the examples are: "seen" or "unseen" instructions, and so on (see `DataSplit`).
  public let name: String
  /// In the order of the split.
  public private(set) var examples: [HeldOutExample]
  /// Examples whose other instruction has the same answer (see `InstructionShuffle`).
  public let sameAnswerCount: Int
  /// Whether each has another one's instruction.
  public let isShuffled: Bool

  /// Examples that have others' instructions already.
  package init(name: String, examples: [HeldOutExample]) {
    self.name = name
    self.examples = examples
    sameAnswerCount = 0
    isShuffled = true
  }

  /// Examples that are not measured with others' instructions: they may all have the same.
  public init(name: String, unshuffled examples: [TokenizedExample]) {
    self.name = name
    self.examples = examples.map {
      HeldOutExample(example: $0, otherInstruction: [], otherPrompted: [])
    }
    sameAnswerCount = 0
    isShuffled = false
  }

  /// Gives each of `examples`, which are of `rows`, an instruction of another one of them.
  ///
  /// - Parameters:
  ///   - name: of the split.
  ///   - examples: those of the split.
  ///   - rows: all rows of the data.
  ///   - template: how prompts are written.
  ///   - tokenizer: the processor's.
  ///   - seed: which instruction each gets.
  /// - Throws: `EditorTrainingError.oneInstruction` where all have the same.
  public init(
    name: String, examples: [TokenizedExample], rows: [TrainingRow], template: PromptTemplate,
    tokenizer: Tokenizer, seed: UInt64
  ) throws(EditorTrainingError) {
    self.name = name
    let shuffle = try InstructionShuffle(
      examples.map { rows[$0.row] }, known: rows, seed: seed)
    sameAnswerCount = shuffle.sameAnswerCount
    isShuffled = true
    self.examples = zip(examples, shuffle.others).map { example, other in
      var row = rows[example.row]
      row.instruction = rows[examples[other].row].instruction
      return HeldOutExample(
        example: example, otherInstruction: examples[other].instruction,
        otherPrompted: template.promptedPrompt(row, with: tokenizer))
    }
  }

  /// Gives each example what asks for nothing, too. `rows` are all rows of the data, `read` is how the editor
  /// reads a text; other parameters as above.
  public mutating func addMeaningless(
    rows: [TrainingRow], template: PromptTemplate, tokenizer: Tokenizer,
    read: (_ text: String) -> [Int]
  ) {
    for kind in MeaninglessInstruction.allCases {
      let texts = kind.texts.map { (text: $0, instruction: read($0)) }
      for index in examples.indices {
        let (text, instruction) = texts[index % texts.count]
        var row = rows[examples[index].example.row]
        row.instruction = text
        examples[index].meaningless[kind] = .init(
          instruction: instruction, prompted: template.promptedPrompt(row, with: tokenizer))
      }
    }
  }
}
