import LanguageModels

/// Where a prompt goes on: a place, and what is there or elsewhere of its beginning.
///
/// The longest beginning wins, wherever it is: in the place itself, in that of another sequence, running or not,
/// or among those that were kept. A place that a prompt has little in common with is left to the prompts that have,
/// as long as another one is free.
struct SlotPlacement {
  let slot: SequenceSlot
  let prefix: CachedPrefix?

  /// - Parameters:
  ///   - prompt: as it is fed.
  ///   - key: what is done to the model.
  ///   - slots: all places.
  ///   - wanted: the place that was asked for, which is free; nil for any that is.
  ///   - mayReuse: whether what is in a cache may be used.
  ///   - emptiesItsCache: whether the edit empties the cache of its place when it meets a prompt; what is there is
  ///     then kept elsewhere before.
  init(
    of prompt: [Int], key: String, among slots: [SequenceSlot], wanted: Int?, mayReuse: Bool,
    emptiesItsCache: Bool, keeping cache: PrefixCache
  ) {
    let free = slots.filter { $0.answer == nil && (wanted == nil || $0.index == wanted) }
    precondition(!free.isEmpty, "no place is free")
    let oldest = free.min { $0.lastUse < $1.lastUse } ?? free[0]
    guard mayReuse else {
      slot = oldest
      prefix = nil
      cache.keep(slot)
      return
    }
    func common(_ slot: SequenceSlot) -> Int { slot.common(prompt, key: key) }
    let own = free.max { (common($0), -$0.lastUse) < (common($1), -$1.lastUse) } ?? oldest
    var best = CachedPrefix(state: own.state, count: common(own))
    for slot in slots where slot.answer != nil || !free.contains(where: { $0 === slot }) {
      if common(slot) > best.count { best = CachedPrefix(state: slot.state, count: common(slot)) }
    }
    if let kept = cache.longest(prompt, key: key), kept.count > best.count { best = kept }

    // Of a place that goes on with what it has, less than half is lost.
    let isInPlace = best.state === own.state && 2 * best.count >= own.tokens.count
    slot = isInPlace ? own : oldest
    if !emptiesItsCache, cache.restore(best, to: slot) {
      best = CachedPrefix(state: slot.state, count: best.count)
    } else if emptiesItsCache || !isInPlace {
      cache.keep(slot)
      // What was in the place may be in the cache now.
      if slot.state === best.state, emptiesItsCache || slot.tokens.isEmpty {
        best = cache.longest(prompt, key: key) ?? CachedPrefix(state: slot.state, count: 0)
      }
    }
    prefix = best.count > 0 ? best : nil
  }
}
