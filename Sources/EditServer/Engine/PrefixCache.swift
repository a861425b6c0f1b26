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
    let bytes: Int
    var lastUse: Int
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

  /// Gives `slot` what is kept of `prefix`, which `longest` found, and keeps what the slot has, as `keep` does; nothing is
  /// copied. Whether it did: not of a prefix that is not kept here, nor where more than half of what is kept goes on
  /// otherwise, which is worth keeping.
  func restore(_ prefix: CachedPrefix, to slot: SequenceSlot) -> Bool {
    guard let entry = entries.first(where: { $0.state === prefix.state }),
      2 * prefix.count >= entry.tokens.count,
      entry.state.contextLength == slot.state.contextLength
    else { return false }
    remove { $0.state === entry.state }
    keep(slot)
    slot.exchange(with: entry.state, entry.tokens, key: entry.key)
    return true
  }

  /// Keeps what `slot` has, in the place of beginnings of it and of what was used longest ago. Nothing is kept that
  /// another one begins with, that is more than all there is room for, or for which there is no memory.
  ///
  /// The keys and values are not copied: `slot` is empty then, with another cache that takes memory as it is filled.
  /// Those few that are left of a much longer sequence are copied, so that its memory is not kept with them.
  func keep(_ slot: SequenceSlot) {
    let (tokens, key, state) = (slot.tokens, slot.key, slot.state)
    guard limit > 0, !tokens.isEmpty, tokens.count == state.position,
      !entries.contains(where: { $0.key == key && $0.tokens.starts(with: tokens) })
    else { return }
    remove { $0.key == key && tokens.starts(with: $0.tokens) }
    guard
      let copied = try? ProcessorState.plan(
        state.processor, contextLength: tokens.count, cacheType: state.cacheType
      ).cache
    else { return }
    let isMoved = state.touchedByteCount <= 2 * copied
    let needed =
      (isMoved ? state.touchedByteCount : copied) + tokens.count * MemoryLayout<Int>.stride
    guard needed <= limit else { return }
    while bytes + needed > limit, let oldest = entries.map(\.lastUse).min() {
      remove { $0.lastUse == oldest }
    }
    guard
      let kept = try? ProcessorState(
        sharing: state.memory, contextLength: isMoved ? state.contextLength : tokens.count,
        cacheType: state.cacheType)
    else { return }
    if isMoved {
      slot.exchange(with: kept, [], key: key)
    } else {
      kept.copy(prefix: tokens.count, of: state)
    }
    uses += 1
    entries.append(Entry(key: key, tokens: tokens, state: kept, bytes: needed, lastUse: uses))
    bytes += needed
  }

  private func remove(where isOut: (Entry) -> Bool) {
    entries.removeAll { entry in
      guard isOut(entry) else { return false }
      bytes -= entry.bytes
      return true
    }
  }
}
