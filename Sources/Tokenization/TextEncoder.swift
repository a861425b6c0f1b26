/// Turns plain text, free of special tokens, into ids. One for each kind of vocabulary.
protocol TextEncoder: Sendable {
  /// Appends the ids of `text`, which is valid UTF-8 and not empty; `isStart` says whether nothing stands
  /// before it.
  func encode(_ text: UnsafeBufferPointer<UInt8>, isStart: Bool, into ids: inout [Int])
}

/// The ids of words that occurred before in one text: most words of a text are repeats.
///
/// A word is found by its bytes in the text itself and its ids in the output so far, so that nothing
/// is copied. It lives for one text, needs no lock, and is bounded by the text.
struct WordCache {
  private struct Entry {
    var hash = 0
    var start = 0
    var length = -1
    var firstID = 0
    var idCount = 0
  }

  private var entries = [Entry](repeating: Entry(), count: 256)
  private var count = 0

  /// If `text[word]` was remembered, appends its ids again; else returns the hash for `remember`.
  mutating func repeatIDs(
    of word: Range<Int>, in text: UnsafeBufferPointer<UInt8>, into ids: inout [Int]
  ) -> (hash: Int, found: Bool) {
    let bytes = UnsafeBufferPointer(rebasing: text[word])
    let hash = hash(of: bytes)
    var slot = hash & (entries.count - 1)
    while entries[slot].length >= 0 {
      let entry = entries[slot]
      if entry.hash == hash, entry.length == bytes.count,
        equal(UnsafeBufferPointer(rebasing: text[entry.start..<entry.start + entry.length]), bytes)
      {
        for index in entry.firstID..<entry.firstID + entry.idCount { ids.append(ids[index]) }
        return (hash, true)
      }
      slot = (slot + 1) & (entries.count - 1)
    }
    return (hash, false)
  }

  /// Remembers that `text[word]` became the ids from `firstID` to the end of `ids`.
  mutating func remember(_ word: Range<Int>, hash: Int, firstID: Int, ids: [Int]) {
    if count * 2 >= entries.count { grow() }
    place(
      Entry(
        hash: hash, start: word.lowerBound, length: word.count, firstID: firstID,
        idCount: ids.count - firstID))
    count += 1
  }

  private mutating func grow() {
    let old = entries
    entries = [Entry](repeating: Entry(), count: old.count * 2)
    for entry in old where entry.length >= 0 { place(entry) }
  }

  private mutating func place(_ entry: Entry) {
    var slot = entry.hash & (entries.count - 1)
    while entries[slot].length >= 0 { slot = (slot + 1) & (entries.count - 1) }
    entries[slot] = entry
  }
}
