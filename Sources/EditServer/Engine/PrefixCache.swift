import LanguageModels

/// Beginnings of prompts that no sequence has any more, with their keys and values: kept in memory for the
/// next prompt that begins so under the same edit, those that were used last.
///
/// What is kept under one key is never found under another.
final class PrefixCache {
  private struct Entry {
    let key: String
    let tokens: [Int]
    let state: ProcessorState
    var lastUse: Int
    /// Of the keys and values, and of the tokens.
    var bytes: Int { state.cacheByteCount + tokens.count * MemoryLayout<Int>.stride }
  }

  /// Bytes at most; 0 for none.
  let limit: Int
  /// Bytes that are kept.
  private(set) var bytes = 0
  private var entries: [Entry] = []
  private var uses = 0

  init(limit: Int) { self.limit = limit }

  /// Beginnings that are kept.
  var count: Int { entries.count }

  /// The longest beginning of `prompt`, but for its last token, that is kept under `key`.
  func longest(_ prompt: [Int], key: String) -> CachedPrefix? {
    var best: (index: Int, count: Int)?
    for (index, entry) in entries.enumerated() where entry.key == key {
      let count = zip(prompt.dropLast(), entry.tokens).prefix { $0 == $1 }.count
      if count > best?.count ?? 0 { best = (index, count) }
    }
    guard let best else { return nil }
    uses += 1
    entries[best.index].lastUse = uses
    return CachedPrefix(state: entries[best.index].state, count: best.count)
  }

  /// Keeps what `slot` has, in the place of beginnings of it and of what was used longest ago. Nothing is kept that
  /// another one begins with, that is more than all there is room for, or for which there is no memory.
  func keep(_ slot: SequenceSlot) {
    let (tokens, key) = (slot.tokens, slot.key)
    guard limit > 0, !tokens.isEmpty, tokens.count == slot.state.position,
      !entries.contains(where: { $0.key == key && $0.tokens.starts(with: tokens) })
    else { return }
    remove { $0.key == key && tokens.starts(with: $0.tokens) }
    guard
      let needed = try? ProcessorState.plan(
        slot.state.processor, contextLength: tokens.count, cacheType: slot.state.cacheType
      ).cache + tokens.count * MemoryLayout<Int>.stride, needed <= limit
    else { return }
    while bytes + needed > limit, let oldest = entries.map(\.lastUse).min() {
      remove { $0.lastUse == oldest }
    }
    guard
      let state = try? ProcessorState(
        sharing: slot.state.memory, contextLength: tokens.count, cacheType: slot.state.cacheType)
    else { return }
    state.copy(prefix: tokens.count, of: slot.state)
    uses += 1
    let entry = Entry(key: key, tokens: tokens, state: state, lastUse: uses)
    entries.append(entry)
    bytes += entry.bytes
  }

  private func remove(where isOut: (Entry) -> Bool) {
    entries.removeAll { entry in
      guard isOut(entry) else { return false }
      bytes -= entry.bytes
      return true
    }
  }
}
