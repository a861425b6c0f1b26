/// The tokens that may still come next, with their logits: what the steps of a `SamplingChain`
/// narrow down and rescale. Probabilities are the softmax over the candidates that are left.
public struct Candidates: Sendable {
  /// One possible next token.
  public struct Element: Sendable, Equatable {
    /// The token's id.
    public var id: Int32
    /// Its logit, after the steps so far.
    public var logit: Float

    /// Greater logit first; of equal logits the lower id, so that every run agrees.
    @inline(__always) func precedes(_ other: Element) -> Bool {
      logit > other.logit || (logit == other.logit && id < other.id)
    }
  }

  /// What is known of the order of `elements`.
  enum Order {
    /// Every token of the vocabulary, each at the index that is its id.
    case vocabulary
    /// Greatest logit first.
    case descending
    case unknown
  }

  /// The candidates that are left; never empty.
  public private(set) var elements: [Element] = []
  private(set) var order = Order.vocabulary
  /// The greatest logit, while nothing has changed since they were loaded.
  private var greatest: Float?
  /// The greatest of every `blockSize` logits that were loaded.
  private var blockMaxima: [Float] = []

  package init() {}

  /// Candidates for `logits`, one for each token of the vocabulary.
  public init(logits: [Float]) throws(TextGenerationError) {
    try load(logits)
  }

  /// Starts again from all of `logits`, reusing the storage.
  package mutating func load(_ logits: [Float]) throws(TextGenerationError) {
    greatest = try findGreatest(of: logits)
    elements.removeAll(keepingCapacity: true)
    logits.withUnsafeBufferPointer { logits in
      elements.append(
        contentsOf: logits.indices.lazy.map {
          Element(id: Int32(truncatingIfNeeded: $0), logit: logits[$0])
        })
    }
    order = .vocabulary
  }

  /// As `load` and then `keepBest(count)`, without a look at most of the others.
  package mutating func load(_ logits: [Float], best count: Int) throws(TextGenerationError) {
    let count = max(count, 1)
    guard count < logits.count else {
      try load(logits)
      return keepBest(count)
    }
    _ = try findGreatest(of: logits)
    greatest = nil
    elements.removeAll(keepingCapacity: true)
    for id in 0..<count { elements.append(Element(id: Int32(id), logit: logits[id])) }
    elements.makeHeap()
    // Of equal logits the earlier one is there already.
    for block in count / Self.blockSize..<blockMaxima.count
    where blockMaxima[block] > elements[0].logit {
      let first = block * Self.blockSize
      for id in max(first, count)..<min(first + Self.blockSize, logits.count)
      where logits[id] > elements[0].logit {
        elements[0] = Element(id: Int32(truncatingIfNeeded: id), logit: logits[id])
        elements.siftDown(from: 0)
      }
    }
    elements.sort { $0.precedes($1) }
    order = .descending
  }

  private static let blockSize = 64

  /// The greatest of `logits`, and those of each block of them. Throws for none, for one that is NaN or +infinity,
  /// and where all are -infinity.
  private mutating func findGreatest(of logits: [Float]) throws(TextGenerationError) -> Float {
    typealias Lanes = SIMD8<Float>
    guard !logits.isEmpty else { throw .noLogits }
    blockMaxima.removeAll(keepingCapacity: true)
    // One comparison refuses both: NaN is less than nothing, and +infinity not less than itself.
    var areUsable = SIMDMask<SIMD8<Int32>>(repeating: true)
    logits.withUnsafeBytes { bytes in
      for first in stride(from: 0, to: logits.count, by: Self.blockSize) {
        let end = min(first + Self.blockSize, logits.count)
        var lanes = Lanes(repeating: -.infinity)
        var id = first
        while id + Lanes.scalarCount <= end {
          let some = bytes.loadUnaligned(fromByteOffset: 4 * id, as: Lanes.self)
          areUsable .&= some .< Float.infinity
          lanes.replace(with: some, where: some .> lanes)
          id += Lanes.scalarCount
        }
        var greatest = lanes.max()
        for id in id..<end {
          if !(logits[id] < .infinity) { areUsable = SIMDMask(repeating: false) }
          greatest = max(greatest, logits[id])
        }
        blockMaxima.append(greatest)
      }
    }
    if areUsable != SIMDMask(repeating: true),
      let token = logits.firstIndex(where: { !($0 < .infinity) })
    {
      throw .unusableLogit(token: token, value: logits[token])
    }
    let greatest = blockMaxima.max() ?? -.infinity
    guard greatest > -.infinity else { throw .everythingMasked(tokens: logits.count) }
    return greatest
  }

  /// The candidate with the greatest logit (of equals, the lowest id).
  public var best: Element {
    if order == .descending { return elements[0] }
    if let greatest, let first = elements.first(where: { $0.logit == greatest }) { return first }
    var best = elements[0]
    for element in elements where element.precedes(best) { best = element }
    return best
  }

  /// Replaces the logit of token `id` by `change(logit)`, if it is still a candidate.
  public mutating func adjust(_ id: Int, by change: (Float) -> Float) {
    let index: Int?
    if order == .vocabulary {
      index = elements.indices.contains(id) ? id : nil
    } else {
      index = elements.firstIndex { Int($0.id) == id }
      order = .unknown
    }
    guard let index, elements[index].logit > -.infinity else { return }
    greatest = nil
    // Kept finite: infinity minus infinity would have no probability.
    let limit = Float.greatestFiniteMagnitude
    elements[index].logit = min(max(change(elements[index].logit), -limit), limit)
  }

  /// Divides every logit's distance from the greatest one by `divisor`, which must be positive: the
  /// same probabilities as dividing the logits, and the greatest, then 0, cannot overflow.
  public mutating func divide(by divisor: Float) {
    precondition(divisor > 0)
    let greatest = best.logit
    self.greatest = nil
    for index in elements.indices {
      elements[index].logit = (elements[index].logit - greatest) / divisor
    }
  }

  /// Keeps the candidates whose logit is at least `threshold`; the best always stays.
  public mutating func keep(from threshold: Float) {
    let best = best
    elements.removeAll { $0.logit < threshold && $0 != best }
    if order == .vocabulary { order = .unknown }
  }

  /// Keeps the `count` best, sorted from the greatest logit down.
  ///
  /// - Complexity: O(n log count), and close to O(n) when `count` is much smaller than n.
  public mutating func keepBest(_ count: Int) {
    let count = max(count, 1)
    if order == .descending {
      if count < elements.count { elements.removeSubrange(count...) }
    } else {
      // In the same storage, for the next token.
      let best = elements.sortedBest(count)
      elements.removeAll(keepingCapacity: true)
      elements += best
      order = .descending
    }
  }

  /// Σ exp(logit − greatest logit) over the candidates: what a probability is divided by.
  var partition: Double {
    let greatest = best.logit
    var sum = 0.0
    for element in elements { sum += Double(exponential(element.logit - greatest)) }
    return sum
  }

  /// The softmax over the candidates that are left, in the order of `elements`.
  public var probabilities: [Double] {
    let greatest = best.logit
    let partition = partition
    return elements.map { Double(exponential($0.logit - greatest)) / partition }
  }
}

extension [Candidates.Element] {
  /// The `count` elements that precede all others, in order.
  ///
  /// A heap of the best so far with the worst of them at its root: an element that does not beat
  /// the root costs one comparison, which is nearly all of them when `count` is small.
  func sortedBest(_ count: Int) -> [Element] {
    guard count < self.count else { return sorted { $0.precedes($1) } }
    var heap = Array(self[..<count])
    heap.makeHeap()
    for element in self[count...] where element.precedes(heap[0]) {
      heap[0] = element
      heap.siftDown(from: 0)
    }
    heap.sort { $0.precedes($1) }
    return heap
  }

  /// Puts the worst at the root of a heap.
  mutating func makeHeap() {
    for root in stride(from: count / 2 - 1, through: 0, by: -1) { siftDown(from: root) }
  }

  mutating func siftDown(from start: Int) {
    var parent = start
    while true {
      var worst = parent
      let left = 2 * parent + 1
      if left < count, self[worst].precedes(self[left]) { worst = left }
      if left + 1 < count, self[worst].precedes(self[left + 1]) { worst = left + 1 }
      if worst == parent { return }
      swapAt(parent, worst)
      parent = worst
    }
  }
}
