import LatentEditing
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
    let chosen = prefixes.filter { $0.strength != 0 }
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
    let opening = try form.opening(
      with: chosen.map(\.text).joined(separator: "\n"), in: place, tokenizer)
    self.opening = opening
    let configuration = editors[first.editor]?.configuration
    written =
      configuration?.writtenTokens(of: opening.tokens.count).map { opening.tokens[$0] }
      ?? opening.tokens
  }
}
