import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import Tokenization

/// What a prefix editor (P8) is to read: all of its instructions as one text, each on a line of its own.
struct PrefixReading {
  /// The editor's file.
  let path: String
  /// What it reads, and the tokens at the beginning of prompts that this takes the place of.
  let opening: (tokens: [Int], replaced: [Int])
  /// Those of its tokens that it writes.
  let written: [Int]
  /// How strongly.
  let strength: Float
  /// Whether it was trained to read what the system says in a conversation, and is to read a line of a text.
  let isTurnInText: Bool
  /// Openings with other instructions, for the mean edit.
  private let otherOpening: (String) throws -> [Int]

  /// Nil where no instruction of `request` is for such an editor, but those of strength 0, which are no edit.
  /// Throws `EditSessionError` where what is asked for cannot be together.
  init?(
    _ request: EditRequest, _ editors: [String: OpenedEditor], _ form: PromptForm,
    _ tokenizer: Tokenizer
  ) throws {
    let prefixes = request.instructions.filter {
      editors[$0.editor]?.configuration.interface.isPrefix == true
    }
    for instruction in prefixes where instruction.text.allSatisfy(\.isWhitespace) {
      throw EditSessionError.emptyInstruction(path: instruction.editor)
    }
    // Around the mean edit, 0 is that.
    let chosen = prefixes.filter { $0.strength != 0 || request.strengthAround == .mean }
    guard let first = chosen.first,
      let place = editors[first.editor]?.configuration.instructionPlace
    else { return nil }
    let paths = Set(chosen.map(\.editor)).sorted()
    guard paths.count == 1 else { throw EditSessionError.severalPrefixes(paths: paths) }
    let strengths = Set(chosen.map(\.strength)).sorted()
    guard strengths.count == 1 else { throw EditSessionError.prefixStrengths(strengths) }
    if request.compiled != nil { throw EditSessionError.prefixBeside("a compiled edit") }
    if editors.values.contains(where: { $0.configuration.reading == .withPrompt }) {
      throw EditSessionError.prefixBeside("an editor that reads the prompt")
    }
    path = first.editor
    strength = first.strength
    isTurnInText = form.isText && place == .system
    let opening = try form.opening(
      with: chosen.map(\.text).joined(separator: "\n"), in: place, tokenizer)
    self.opening = opening
    otherOpening = { try form.opening(with: $0, in: place, tokenizer).tokens }
    let configuration = editors[first.editor]?.configuration
    written =
      configuration?.writtenTokens(of: opening.tokens.count).map { opening.tokens[$0] }
      ?? opening.tokens
  }

  /// The edit with its strength around the mean edit of known instructions, which are read first; in the blocks that
  /// are not chosen it is the mean edit. Throws what reading throws.
  func readAroundMean(
    with editor: Editor, layers: LayerSelection?, on processor: Processor,
    identity: ProcessorIdentity, cacheType: CacheType, label: String
  ) throws -> CompiledEdit {
    let known = KnownInstructions.some
    let openings = try known.map { try otherOpening($0.text) }
    let (a, b) = PrefixFrame.samples
    let frame = PrefixFrame(try otherOpening(a), try otherOpening(b))
    let depth = processor.configuration.layerCount
    let longest = max(openings.map(\.count).max() ?? 0, opening.tokens.count)
    let most = processor.configuration.contextLength
    guard longest < most else {
      throw LatentEditingError.model(.contextFull(position: 0, count: longest, contextLength: most))
    }
    let state = try ProcessorState(processor, contextLength: longest, cacheType: cacheType)
    let mean = try MeanEdit(
      families: known.map(\.family), layerCount: depth,
      roles: openings.map { opening in
        let roles = frame.roles(of: opening)
        return editor.configuration.writtenTokens(of: opening.count).map { roles[$0] }
      }
    ) { try editor.write(openings[$0], roles: frame.roles(of: openings[$0]), on: state) }
    let read = try editor.write(
      opening.tokens, roles: frame.roles(of: opening.tokens), on: state)
    let chosen = try layers.map { Set(try $0.resolved(layerCount: depth)) }
    guard
      case .states(let states, let tokens, _) = try mean.around(
        read, strength: strength, layers: chosen)
    else { preconditionFailure("a prefix has states") }
    return CompiledEdit(
      processor: identity, place: .opening(replacing: opening.replaced), tokens: tokens,
      activations: processor.activations, cacheType: cacheType, label: label,
      positions: try Editor.keyValues(of: states, tokens: tokens.count, on: state))
  }
}
