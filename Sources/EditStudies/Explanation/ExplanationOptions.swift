import InstructionEditors

/// What is explained, and on what.
public struct ExplanationOptions: Sendable {
  /// The editor's file.
  public var editor: String
  /// The instruction.
  public var instruction: String
  /// What users say; nil for inputs of several kinds.
  public var inputs: [String]?
  /// Instructions that the edit is compared with, and the file they are from; nil for those that are built in.
  public var known: (entries: [KnownInstructions.Entry], source: String)?
  /// A text that has nothing to do with the instruction; nil for one that is built in.
  public var unrelated: (text: String, source: String)?
  /// How prompts are written; nil for what the model's file says.
  public var chatTemplate: String?
  /// Most tokens of an answer.
  public var answerTokens = 24
  /// Strengths around the mean edit; 0 and 1 are always among them.
  public var strengths: [Float] = [-1, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3]

  /// An explanation of an instruction as the editor in a file reads it.
  public init(_ instruction: String, editor: String) {
    self.instruction = instruction
    self.editor = editor
  }

  /// Inputs of several kinds: a sentence, a list, a question, two sentences.
  public static let defaultInputs = [
    "Tom found the old violin in the garden.", "apples, pears, plums",
    "What is the capital of France?",
    "The meeting on Monday was moved to Friday. The room was too small.",
  ]

  /// Known instructions with which nearest ones are compared by behaviour.
  static let neighbours = 3
  /// Other instructions, whose mean divergence is the unit of a round trip.
  static let strangers = 8
  /// Tokens of a window of unrelated text, and windows at most.
  static let windowTokens = 96
  /// See above.
  static let windows = 3
  /// Points of integrated gradients.
  static let pathPoints = 8
  /// Tokens listed on each side.
  static let listedTokens = 10
  /// Words of an instruction that are looked at.
  static let mostWords = 20
  /// Gain below which there is nothing to divide by, nats a token.
  static let leastGain = 0.05
}

/// What happens while an edit is explained.
public enum ExplanationStage: String, Sendable, CaseIterable {
  /// Known instructions are read.
  case reading
  /// Inputs are answered.
  case answering
  /// Blocks are swapped.
  case map
  /// Words are.
  case words
  /// Known instructions are tried.
  case neighbours
  /// Strengths are.
  case dose

  /// What part of the whole it takes.
  var weight: Double {
    switch self {
    case .reading: 4
    case .answering: 1
    case .map: 6
    case .words: 5
    case .neighbours: 2
    case .dose: 4
    }
  }
}
