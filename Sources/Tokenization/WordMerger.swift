/// Merges the symbols of one word: as long as two neighbours have a merge, the pair of the smallest
/// rank, the leftmost of equals, becomes one symbol. O(n log n) in the symbols of the word, so that
/// a text without spaces costs no more than any other.
///
/// The arrays are kept from word to word.
struct WordMerger {
  private struct Candidate {
    /// Rank and, below it, the position of the left symbol.
    var order: UInt64
    var left: Int32
    var right: Int32
    var result: Int32
  }

  private static let dead: Int32 = -1

  private var symbols: [Int32] = []
  private var next: [Int32] = []
  private var previous: [Int32] = []
  /// A binary heap, the smallest order first.
  private var heap: [Candidate] = []

  /// Calls `emit` with each symbol that is left of `word`, and the bytes it stands for.
  mutating func merge(
    _ word: UnsafeBufferPointer<UInt8>, with table: MergeTable,
    emit: (Int32, UnsafeBufferPointer<UInt8>) -> Void
  ) {
    symbols.removeAll(keepingCapacity: true)
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    for (position, byte) in word.enumerated() {
      symbols.append(table.byteSymbols[Int(byte)])
      next.append(Int32(position + 1))
      previous.append(Int32(position - 1))
    }
    for position in 0..<word.count - 1 { propose(position, position + 1, table) }

    while let candidate = popSmallest() {
      let position = Int(candidate.order & 0xFFFF_FFFF)
      // A candidate is stale when either symbol was merged with another neighbour meanwhile.
      guard symbols[position] == candidate.left else { continue }
      let follower = Int(next[position])
      guard follower < word.count, symbols[follower] == candidate.right else { continue }

      symbols[position] = candidate.result
      symbols[follower] = WordMerger.dead
      let after = Int(next[follower])
      next[position] = Int32(after)
      if after < word.count {
        previous[after] = Int32(position)
        propose(position, after, table)
      }
      if previous[position] >= 0 { propose(Int(previous[position]), position, table) }
    }

    var position = 0
    while position < word.count {
      let end = Int(next[position])
      emit(symbols[position], UnsafeBufferPointer(rebasing: word[position..<end]))
      position = end
    }
  }

  private mutating func propose(_ position: Int, _ follower: Int, _ table: MergeTable) {
    let (left, right) = (symbols[position], symbols[follower])
    guard let merge = table.merge(left, right) else { return }
    push(
      Candidate(
        order: UInt64(merge.rank) << 32 | UInt64(position), left: left, right: right,
        result: merge.result))
  }

  private mutating func push(_ candidate: Candidate) {
    var hole = heap.count
    heap.append(candidate)
    while hole > 0 {
      let parent = (hole - 1) / 2
      if heap[parent].order <= candidate.order { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = candidate
  }

  private mutating func popSmallest() -> Candidate? {
    guard let smallest = heap.first, let moved = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return smallest }
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].order < heap[child].order { child += 1 }
      if moved.order <= heap[child].order { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = moved
    return smallest
  }
}
