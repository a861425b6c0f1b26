/// One thread's view of a run: a program of steps, which every thread goes through in the same order.
///
/// A step hands out portions (`portions`, `each`, `deal`), each to one thread, and `barrier` parts it from
/// the next one. All a thread does to what others see it does in its portions; how far they reach depends
/// on the number of threads, and nothing else may.
public struct Worker {
  /// 0..<count, each on one thread: scratch memory goes by it; 0 is the caller.
  public let index: Int
  /// Threads that may take part in the run.
  public let count: Int
  /// Not counted: a run does not outlive its pool, and every thread would fight for the count.
  let shared: Unmanaged<PoolState>
  /// Where this thread is in the program.
  let place: WorkerPlace

  /// Waits until all work that was handed out so far is done; what was written before is seen after.
  /// Every thread calls it.
  public func barrier() {
    guard count > 1 else { return }
    place.passBarrier()
    guard !place.hasLeft else { return }
    shared._withUnsafeGuaranteedRef { shared in
      if shared.completed.load(ordering: .acquiring) < place.expected
        || (index == 0 ? shared.wantsCaller : shared.isCrowded)
      {
        shared.waitAtBarrier(index, place)
      }
    }
  }

  /// Ranges of 0..<total, whole multiples of `unit` but for the last: `perThread` for each thread, so
  /// that each takes about as many. Every thread must ask for them, and take them until there are no more.
  public func portions(of total: Int, unit: Int = 1, perThread: Int = 1) -> Portions {
    let units = (total + unit - 1) / unit
    return Portions(self, total: total, unit: unit, parts: min(units, count * perThread))
  }

  /// The numbers of 0..<total, in portions: of many, several portions for each thread.
  public func each(_ total: Int) -> Items {
    Items(portions(of: total, perThread: total >= 64 * count ? 2 : 1))
  }

  /// Deals 0..<total out, one number after the other, to whoever is free: for work so long that a thread
  /// that was held up should not keep the others waiting at the barrier.
  package func deal(_ total: Int, _ body: (Int) -> Void) {
    var portions = Portions(self, total: total, unit: 1, parts: total)
    guard count > 1 else {
      for item in 0..<total { body(item) }
      return
    }
    while let item = portions.take() { body(item) }
  }

  /// Work that the caller's thread does: what may start runs of its own, or is not for several threads.
  package func onCaller(_ body: () -> Void) {
    guard count > 1 else { return body() }
    place.expect(1)
    guard index == 0 else { return }
    body()
    shared._withUnsafeGuaranteedRef { $0.complete(1) }
  }
}

/// The ranges of one step that a thread takes, one after the other.
public struct Portions: Sequence, IteratorProtocol {
  private let worker: Worker
  private let total: Int
  private let unit: Int
  private let units: Int
  private let parts: Int
  private let step: UInt32
  /// Taken by this thread and not yet reported.
  private var taken = 0

  fileprivate init(_ worker: Worker, total: Int, unit: Int, parts: Int) {
    self.worker = worker
    self.total = total
    self.unit = unit
    units = (total + unit - 1) / unit
    self.parts = parts
    step = worker.count > 1 ? worker.place.enterStep(parts) : 0
  }

  /// The number of the next portion.
  fileprivate mutating func take() -> Int? {
    guard worker.count > 1 else {
      defer { taken += 1 }
      return taken == 0 && parts > 0 ? 0 : nil
    }
    return worker.shared._withUnsafeGuaranteedRef { shared in
      if !worker.place.hasLeft, let number = shared.claim(step, of: parts, for: worker.index) {
        taken += 1
        return number
      }
      if taken > 0 {
        shared.complete(taken)
        taken = 0
      }
      return nil
    }
  }

  /// The next range that this thread takes; what it took before is done.
  public mutating func next() -> Range<Int>? {
    guard let number = take() else { return nil }
    guard worker.count > 1 else { return 0..<total }
    return units * number / parts * unit..<Swift.min(units * (number + 1) / parts * unit, total)
  }
}

/// The numbers of one step that a thread takes, one after the other.
public struct Items: Sequence, IteratorProtocol {
  private var portions: Portions
  private var current = 0..<0
  private var position = 0

  fileprivate init(_ portions: Portions) { self.portions = portions }

  /// The next number that this thread takes; what it took before is done.
  public mutating func next() -> Int? {
    if position == current.upperBound {
      guard let range = portions.next() else { return nil }
      current = range
      position = range.lowerBound
    }
    defer { position += 1 }
    return position
  }
}
