import ArgumentParser
import LanguageModels
import LatentEditing

/// What is done to the model while it runs.
struct EditOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "An editor; it reads the --instruction in the same place of the order, or all of them when it "
        + "is the only one. May be repeated.", valueName: "file"))
  var editor: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "What the answer shall be like, in plain words. May be repeated.", valueName: "text"))
  var instruction: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "How strongly: 0 is no edit, negative the opposite direction; one for each --instruction. "
        + "(default: 1)", valueName: "x"))
  var strength: [Float] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A control vector as llama.cpp reads it, with its scale. May be repeated.",
      valueName: "file[:scale]"))
  var controlVector: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "First and last block that control vectors act after. (default: all they have)",
      valueName: "first last"))
  var controlVectorLayerRange: [Int] = []

  @Option(
    help: ArgumentHelp(
      "Only the latents of these blocks: all, 0-31 or 2,10,18. (default: all the editor has)",
      valueName: "blocks"))
  var layers: String?

  @Option(
    name: .customLong("edit"), parsing: .singleValue,
    help: ArgumentHelp("A compiled edit, as emend edit compile writes it.", valueName: "file"))
  var compiled: [String] = []

  /// The compiled edit.
  var edit: String? { compiled.first }

  /// The files that the edits are made from.
  var files: [String] {
    editor + controlVector.map { NumberedFile<Float>($0).path } + compiled
  }

  /// Whether anything is to be edited.
  var isEmpty: Bool { editor.isEmpty && controlVector.isEmpty && compiled.isEmpty }

  func validate() throws {
    if editor.isEmpty, !instruction.isEmpty || !strength.isEmpty {
      throw ValidationError("--instruction and --strength need an --editor that reads them")
    }
    if compiled.count > 1 {
      throw ValidationError(
        "--edit is there \(compiled.count) times, and only one compiled edit can take the place of token 0; "
          + "give the instructions together to emend edit compile")
    }
    if instruction.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw ValidationError("--instruction is empty; say what the answer shall be like")
    }
    if !editor.isEmpty, instruction.isEmpty {
      throw ValidationError("--editor needs an --instruction to read")
    }
    if editor.count > 1, editor.count != instruction.count {
      throw ValidationError(
        "there are \(editor.count) of --editor and \(instruction.count) of --instruction; give one "
          + "instruction for each editor, or one editor for all of them")
    }
    if !strength.isEmpty, strength.count != instruction.count {
      throw ValidationError(
        "there are \(strength.count) of --strength and \(instruction.count) of --instruction; give "
          + "one for each")
    }
    if let bad = strength.first(where: { !$0.isFinite }) {
      throw ValidationError("--strength is \(bad), and must be a finite number")
    }
    if !controlVectorLayerRange.isEmpty {
      guard controlVectorLayerRange.count == 2,
        controlVectorLayerRange[0] <= controlVectorLayerRange[1], controlVectorLayerRange[0] >= 0
      else {
        throw ValidationError(
          "--control-vector-layer-range takes two blocks, the first and the last")
      }
      if controlVector.isEmpty {
        throw ValidationError("--control-vector-layer-range needs a --control-vector")
      }
    }
    if layers != nil, editor.isEmpty {
      throw ValidationError("--layers chooses among the latents of an --editor, and there is none")
    }
    for text in controlVector where NumberedFile<Float>(text).number?.isFinite == false {
      throw ValidationError("the scale in --control-vector \(text) is not a finite number")
    }
    do { _ = try layers.map(LayerSelection.init(parsing:)) } catch {
      throw ValidationError("\(error)")
    }
  }

  /// The k-th instruction, who reads it and how strongly.
  var requests: [(editor: String, instruction: String, strength: Float)] {
    instruction.enumerated().map { index, text in
      (
        editor: editor.count == 1 ? editor[0] : editor[index], instruction: text,
        strength: strength.isEmpty ? 1 : strength[index]
      )
    }
  }

  /// What a compiled edit is called: the instructions.
  var label: String { instruction.joined(separator: " | ") }

  /// The sum of the control vectors, or nil where there is none.
  func controlVectors(
    _ configuration: ProcessorConfiguration
  ) throws -> LatentEdit? {
    guard !controlVector.isEmpty else { return nil }
    let range = controlVectorLayerRange
    if let last = range.last, last >= configuration.layerCount {
      throw CommandError.layerRange(last: last, layerCount: configuration.layerCount)
    }
    return try LatentEdit.sum(
      controlVector.map(NumberedFile<Float>.init).map { argument in
        try ControlVector(
          path: argument.path, width: configuration.hiddenSize,
          layerCount: configuration.layerCount, range: range.isEmpty ? nil : range[0]...range[1]
        ).edit(
          width: configuration.hiddenSize, layerCount: configuration.layerCount,
          scale: argument.number ?? 1, range: range.isEmpty ? nil : range[0]...range[1])
      })
  }
}
