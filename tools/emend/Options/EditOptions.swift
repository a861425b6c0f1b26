import ArgumentParser
import EditSessions
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
    help: ArgumentHelp(
      "What strengths are counted from: zero, as the editor's file has it, or mean, the mean edit of known "
        + "instructions, which makes them a dose: 0 is what all edits have in common, and 1 the edit. Takes a second "
        + "or more.", valueName: "zero|mean"))
  var strengthAround = EditRequest.StrengthCenter.zero

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
    if editor.isEmpty, strengthAround != .zero {
      throw ValidationError("--strength-around is for instructions, and there is no --editor")
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

  /// The same as values: the k-th instruction is for the k-th editor, or all for the only one.
  func request() throws -> EditRequest {
    var request = EditRequest(
      instructions: instruction.enumerated().map { index, text in
        .init(
          text, editor: editor.count == 1 ? editor[0] : editor[index],
          strength: strength.isEmpty ? 1 : strength[index])
      },
      layers: try layers.map(LayerSelection.init(parsing:)),
      controlVectors: controlVector.map(NumberedFile<Float>.init).map {
        .init($0.path, scale: $0.number ?? 1)
      },
      controlVectorBlocks: controlVectorLayerRange.isEmpty
        ? nil : controlVectorLayerRange[0]...controlVectorLayerRange[1], compiled: edit)
    request.strengthAround = strengthAround
    return request
  }
}

extension EditRequest.StrengthCenter: ExpressibleByArgument {}
