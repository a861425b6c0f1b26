import LanguageModels
import LatentEditing

/// What is to be done to a model, all of it together: instructions that editors read, control vectors, a
/// compiled edit, and edits that somebody made already.
public struct EditRequest: Sendable, Equatable {
  /// An instruction and who reads it.
  public struct Instruction: Sendable, Equatable {
    /// The editor's file.
    public var editor: String
    /// What the answer shall be like, in plain words.
    public var text: String
    /// How strongly: 0 is no edit, negative the opposite direction.
    public var strength: Float

    /// An instruction for the editor in a file.
    public init(_ text: String, editor: String, strength: Float = 1) {
      self.editor = editor
      self.text = text
      self.strength = strength
    }
  }

  /// What strengths are counted from, of instructions.
  public enum StrengthCenter: String, Sendable, CaseIterable {
    /// As the editor's file has it: s v of latents v, and of a reading prefix around the mean of its file.
    case zero
    /// mu + s (v - mu), with mu the mean edit of known instructions (`KnownInstructions.some`, `MeanEdit`): at 0 what the
    /// edits of all instructions have in common, from there on a dose.
    case mean
  }

  /// A control vector as llama.cpp reads it.
  public struct ControlVectorFile: Sendable, Equatable {
    /// The file.
    public var path: String
    /// How many times as long it is made.
    public var scale: Float

    /// The control vector in a file.
    public init(_ path: String, scale: Float = 1) {
      self.path = path
      self.scale = scale
    }
  }

  /// Instructions, each with the editor that reads it.
  public var instructions: [Instruction]
  /// What strengths are counted from.
  public var strengthAround = StrengthCenter.zero
  /// Only the latents of these blocks, of what editors make; nil for all.
  public var layers: LayerSelection?
  /// Control vectors, which are added up.
  public var controlVectors: [ControlVectorFile]
  /// First and last block that control vectors act after; nil for all they have.
  public var controlVectorBlocks: ClosedRange<Int>?
  /// The file of a compiled edit, as `emend edit compile` writes it.
  public var compiled: String?
  /// Edits of the model that were made before.
  public var edits: [LatentEdit]

  /// A request; without anything it asks for the model as it is.
  public init(
    instructions: [Instruction] = [], layers: LayerSelection? = nil,
    controlVectors: [ControlVectorFile] = [], controlVectorBlocks: ClosedRange<Int>? = nil,
    compiled: String? = nil, edits: [LatentEdit] = []
  ) {
    self.instructions = instructions
    self.layers = layers
    self.controlVectors = controlVectors
    self.controlVectorBlocks = controlVectorBlocks
    self.compiled = compiled
    self.edits = edits
  }

  /// One instruction for one editor.
  public init(_ instruction: String, editor: String, strength: Float = 1) {
    self.init(instructions: [Instruction(instruction, editor: editor, strength: strength)])
  }

  /// Whether nothing is to be done.
  public var isEmpty: Bool {
    instructions.isEmpty && controlVectors.isEmpty && compiled == nil && edits.isEmpty
  }

  /// What a compiled edit is called: the instructions.
  public var label: String { instructions.map(\.text).joined(separator: " | ") }

  /// The files of the editors, each once.
  var editorPaths: [String] { Set(instructions.map(\.editor)).sorted() }

  /// The sum of the control vectors, or nil where there is none.
  func controlVectorEdit(_ configuration: ProcessorConfiguration) throws -> LatentEdit? {
    guard !controlVectors.isEmpty else { return nil }
    if let last = controlVectorBlocks?.upperBound, last >= configuration.layerCount {
      throw EditSessionError.controlVectorBlock(last: last, blockCount: configuration.layerCount)
    }
    let (width, layerCount) = (configuration.hiddenSize, configuration.layerCount)
    return try LatentEdit.sum(
      controlVectors.map { vector in
        try ControlVector(
          path: vector.path, width: width, layerCount: layerCount, range: controlVectorBlocks
        ).edit(
          width: width, layerCount: layerCount, scale: vector.scale, range: controlVectorBlocks)
      })
  }
}
