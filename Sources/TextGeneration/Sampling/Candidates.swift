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

  init() {}

  /// Candidates for `logits`, one for each token of the vocabulary.
  public init(logits: [Float]) throws(TextGenerationError) {
    try load(logits)
  }

  /// Starts again from all of `logits`, reusing the storage.
  mutating func load(_ logits: [Float]) throws(TextGenerationError) {
    guard !logits.isEmpty else { throw .noLogits }
    elements.removeAll(keepingCapacity: true)
    elements.reserveCapacity(logits.count)
    var greatest = -Float.infinity
    for (id, logit) in logits.enumerated() {
      // One comparison refuses both: NaN is less than nothing, and +infinity not less than itself.
      guard logit < .infinity else { throw .unusableLogit(token: id, value: logit) }
      greatest = max(greatest, logit)
      elements.append(Element(id: Int32(truncatingIfNeeded: id), logit: logit))
    }
    guard greatest > -.infinity else { throw .everythingMasked(tokens: logits.count) }
    order = .vocabulary
  }

  /// The candidate with the greatest logit (of equals, the lowest id).
  public var best: Element {
    if order == .descending { return elements[0] }
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
    // Kept finite: infinity minus infinity would have no probability.
    let limit = Float.greatestFiniteMagnitude
    elements[index].logit = min(max(change(elements[index].logit), -limit), limit)
  }

  /// Divides every logit's distance from the greatest one by `divisor`, which must be positive: the
  /// same probabilities as dividing the logits, and the greatest, then 0, cannot overflow.
  public mutating func divide(by divisor: Float) {
    precondition(divisor > 0)
    let greatest = best.logit
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
      elements = elements.sortedBest(count)
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
    for root in stride(from: count / 2 - 1, through: 0, by: -1) { heap.siftDown(from: root) }
    for element in self[count...] where element.precedes(heap[0]) {
      heap[0] = element
      heap.siftDown(from: 0)
    }
    heap.sort { $0.precedes($1) }
    return heap
  }

  private mutating func siftDown(from start: Int) {
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
