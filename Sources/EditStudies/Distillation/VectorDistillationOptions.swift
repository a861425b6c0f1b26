import LatentEditing

/// What is distilled into a control vector, and how.
public struct VectorDistillationOptions: Sendable {
  /// The editor's file.
  public var editor: String
  /// The instruction.
  public var instruction: String
  /// What users say, four at least; nil for questions and sentences that are built in.
  public var prompts: [String]?
  /// Blocks after which there is a direction; all are those that llama.cpp has one for, 1 to the last.
  public var layers = LayerSelection.all
  /// How prompts are written; nil for what the model's file says.
  public var chatTemplate: String?
  /// Most tokens of an answer.
  public var answerTokens = 32
  /// Steps, and answers of each.
  public var steps = 150
  /// See above.
  public var batchSize = 8
  /// Adam's rate at the first step, in the residual stream's unit; it falls to nothing in a straight line.
  public var learningRate: Float = 0.02
  /// Equal seeds keep and draw the same prompts.
  public var seed: UInt64 = 0

  /// The vector of an instruction as the editor in a file reads it.
  public init(_ instruction: String, editor: String) {
    self.instruction = instruction
    self.editor = editor
  }

  /// The prompts that are built in, in the order of the file.
  public static var defaultPrompts: [String] {
    String(decoding: PackageResources.prompts_txt, as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  /// One prompt of so many is kept to measure on.
  static let keptShare = 4
  /// KL(edited || unedited) below which there is nothing to take a part of, nats a token.
  static let leastDivergence = 0.05
  /// Answers that are shown.
  static let shown = 3
  /// Tokens of a window of unrelated text, and windows at most.
  static let windowTokens = 96
  /// See above.
  static let windows = 3
}

/// What happens while a control vector is distilled.
public enum VectorDistillationStage: String, Sendable, CaseIterable {
  /// The edited model answers.
  case answering
  /// The vector learns.
  case distilling
  /// What it does is measured.
  case measuring

  /// What part of the whole it takes.
  var weight: Double {
    switch self {
    case .answering: 2
    case .distilling: 16
    case .measuring: 2
    }
  }
}
