import EditSessions
import EditorTraining
import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import Tokenization

/// An editor with its processor, and the edits that a study needs: of an instruction, their mean, around it. Its edits
/// are keys and values in front of prompts: a first-token edit has one such pair for each block, a reading prefix of n
/// tokens n.
///
/// Used by one thread at a time.
public final class StudiedEditor {
  /// The processor.
  public let loaded: LoadedModel
  /// The editor's blueprint.
  public let configuration: EditorConfiguration
  /// How prompts are written.
  public let template: PromptTemplate
  let editor: Editor
  private let instructions: InstructionTokenizer
  let identity: ProcessorIdentity
  let reading: ProcessorState
  /// The tokens with which prompts begin that a prefix takes the place of.
  let replaced: [Int]
  let frame: PrefixFrame?

  /// The editor in `file` on `loaded`, which has room for an instruction and two sequences at least. Throws
  /// `unsupportedEditor`, and what makes the editor unusable.
  public init(_ file: OpenedEditor, on loaded: LoadedModel, template: PromptTemplate) throws {
    try Self.check(file)
    self.loaded = loaded
    self.template = template
    configuration = file.configuration
    identity = try loaded.opened.identity()
    editor = try file.editor(
      identity: identity, processor: loaded.processor, pool: loaded.processor.pool)
    instructions = try file.instructionTokenizer(processor: loaded.tokenizer)
    reading = try loaded.anotherState()
    let row = TrainingRow(instruction: "x", input: "x", output: "x")
    replaced = Array(
      template.prompt(row, with: loaded.tokenizer)
        .prefix(template.firstContent(with: loaded.tokenizer)))
    let (configuration, instructions) = (configuration, instructions)
    frame =
      !configuration.interface.isPrefix
      ? nil
      : PrefixFrame(of: {
        template.opening(with: $0, for: configuration, instructions, with: loaded.tokenizer) ?? []
      })
  }

  /// `editor`, of the same blueprint as `other` and on its processor.
  init(_ editor: Editor, beside other: StudiedEditor) {
    loaded = other.loaded
    template = other.template
    configuration = other.configuration
    identity = other.identity
    instructions = other.instructions
    reading = other.reading
    replaced = other.replaced
    frame = other.frame
    self.editor = editor
  }

  /// Throws `unsupportedEditor` where its edits are no keys and values in front of prompts.
  public static func check(_ file: OpenedEditor) throws(StudyError) {
    let c = file.configuration
    guard
      c.interface.isPrefix || ([.first, .ghost].contains(c.positions) && c.crossAttention == nil)
    else {
      throw .unsupportedEditor(
        path: file.path, interface: c.interface.rawValue, positions: c.positions.description)
    }
  }

  /// Blocks of the processor.
  public var layerCount: Int { loaded.configuration.layerCount }

  /// The tokens that are read of an instruction.
  public func tokens(of instruction: String) -> [Int] {
    if let opening = template.opening(
      with: instruction, for: configuration, instructions, with: loaded.tokenizer)
    {
      return opening
    }
    let tokens = instructions.tokens(of: instruction)
    return tokens.isEmpty ? instructions.empty : tokens
  }

  /// The bytes that one of the tokens that are read stands for.
  func bytes(of token: Int) -> ArraySlice<UInt8> {
    instructions.bytes(of: token, for: configuration, processor: loaded.tokenizer)
  }

  /// The roles of the tokens that are written of an instruction; none where latents are.
  func writtenRoles(of instruction: String) -> [PrefixRole] {
    guard let frame else { return [] }
    let tokens = tokens(of: instruction)
    let roles = frame.roles(of: tokens)
    return configuration.writtenTokens(of: tokens).map { roles[$0] }
  }

  /// What the editor writes for `instruction`. Throws what reading throws.
  public func write(_ instruction: String) throws -> WrittenEdit {
    let tokens = tokens(of: instruction)
    guard let frame else {
      guard tokens.count <= configuration.instructionLimit else {
        throw StudyError.tooLong(
          what: "the instruction", tokens: tokens.count, most: configuration.instructionLimit)
      }
      return .latents(try editor.edit(tokens))
    }
    guard tokens.count < reading.contextLength else {
      throw StudyError.tooLong(
        what: "the instruction", tokens: tokens.count, most: reading.contextLength - 1)
    }
    return try editor.write(tokens, roles: frame.roles(of: tokens), on: reading)
  }

  /// The mean edit of `known`; `each` is handed the number of an instruction and what was written for it. Throws
  /// `tooFewInstructions`, and what reading and `each` throw.
  public func mean(
    of known: [KnownInstructions.Entry], each: (Int, WrittenEdit) throws -> Void = { _, _ in }
  ) throws -> MeanEdit {
    guard known.count > 1 else {
      throw StudyError.tooFewInstructions(found: known.count, needed: 2)
    }
    return try MeanEdit(
      families: known.map(\.family), layerCount: layerCount,
      firstBlock: configuration.firstWrittenBlock,
      roles: known.map { writtenRoles(of: $0.text) }
    ) { number in
      let written = try write(known[number].text)
      try each(number, written)
      return written
    }
  }

  /// The keys and values that the processor makes of what was written, in front of prompts; those of a first token
  /// are for prompts that begin with `firstToken`, or as the template's do where it is nil. Throws what running the
  /// processor throws, and `notFinite`.
  public func compile(_ written: WrittenEdit, firstToken: Int? = nil) throws -> CompiledEdit {
    switch written {
    case .latents(let edit):
      return try CompiledEdit.compiling(
        edit, on: loaded.processor, identity: identity,
        firstToken: firstToken ?? replaced.first ?? 0,
        cacheType: loaded.state.cacheType, label: "")
    case .states(let states, let tokens, _):
      return CompiledEdit(
        processor: identity, place: .opening(replacing: replaced),
        tokens: configuration.processorTokens(of: tokens),
        activations: loaded.processor.activations, cacheType: loaded.state.cacheType, label: "",
        positions: try Editor.keyValues(of: states, tokens: tokens.count, on: reading))
    }
  }

  /// The edit whose tokens have `states`, `[layers][tokens][width]`, at the input of every block, in the place of `edit`, which has as
  /// many. Throws what running the processor throws, and `notFinite`.
  func compile(states: [Float], like edit: CompiledEdit) throws -> CompiledEdit {
    CompiledEdit(
      processor: identity, place: edit.place, tokens: edit.tokens, activations: edit.activations,
      cacheType: edit.cacheType, label: "",
      positions: try Editor.keyValues(of: states, tokens: edit.positions.count, on: reading))
  }

  /// The states that `written` leaves at the input of every block for its tokens, `[layers][tokens][width]`: of a reading
  /// prefix what was written, of latents what the first token has when they are added, which is `firstToken`, or the
  /// template's where it is nil. Throws what running the processor throws.
  public func states(of written: WrittenEdit, firstToken: Int? = nil) throws -> [Float] {
    switch written {
    case .states(let states, _, _): return states
    case .latents(let edit):
      precondition(edit.valueWidth == nil, "edits of values leave states as they are")
      let capture = StateCapture(
        points: 0..<layerCount, behind: try EditInjector(edit, prompt: PromptShape(length: 1)))
      reading.truncate(to: 0)
      _ = try reading.forward([firstToken ?? replaced.first ?? 0], visitor: capture)
      return (0..<layerCount).flatMap { capture.states[.init(point: $0, position: 0)] ?? [] }
    }
  }

  /// The prompt that `input` is in, as the edited processor sees it.
  public func prompt(_ input: String) -> [Int] {
    template.prompt(
      TrainingRow(instruction: "x", input: input, output: "x"), with: loaded.tokenizer)
  }

  /// What the template writes in front of inputs and behind them, in tokens.
  public var promptFrame: (front: Int, back: Int) {
    let frame = PrefixFrame(of: prompt)
    return (frame.front.count, frame.back.count)
  }

  /// The prompt with the instruction in it, as the unedited processor is asked.
  public func prompted(_ input: String, _ instruction: String) -> [Int] {
    template.promptedPrompt(
      TrainingRow(instruction: instruction, input: input, output: "x"), with: loaded.tokenizer)
  }
}
