import InstructionEditors
import LatentEditing

/// What stands in front of prompts.
extension StudiedEditor {
  /// How many tokens of a prompt's beginning edits take the place of.
  var replacedCount: Int {
    configuration.interface.isPrefix ? replaced.count : configuration.positions == .ghost ? 0 : 1
  }

  /// The tokens in front of prompts whose keys and values an edit of `instruction` has; those of no edit where it is nil.
  func front(of instruction: String?) -> [Int] {
    guard configuration.interface.isPrefix else { return [replaced.first ?? 0] }
    guard let instruction else { return replaced }
    let opening = tokens(of: instruction)
    return configuration.processorTokens(
      of: configuration.writtenTokens(of: opening).map { opening[$0] })
  }

  /// What the processor by itself has in the place of what the editor writes for `instruction`: of a prefix that it makes
  /// with its own blocks, the states without adapters, which know the words and nothing of the editor; nil of others. Throws
  /// what reading throws.
  func unread(_ instruction: String) throws -> WrittenEdit? {
    guard let frame, !configuration.hasPrefixHeads else { return nil }
    let tokens = tokens(of: instruction)
    return try editor.write(tokens, roles: frame.roles(of: tokens), on: reading, unread: true)
  }

  /// No edit, as keys and values of the tokens that edits take the place of. Throws what running the processor throws.
  func compiledNothing() throws -> CompiledEdit {
    let tokens = front(of: nil)
    reading.truncate(to: 0)
    _ = try reading.forward(tokens)
    return CompiledEdit(
      processor: identity,
      place: configuration.interface.isPrefix
        ? .opening(replacing: replaced)
        : configuration.positions == .ghost ? .ghost : .firstToken,
      tokens: tokens, activations: loaded.processor.activations, cacheType: loaded.state.cacheType,
      label: "", positions: tokens.indices.map(reading.keyValues))
  }
}
