import CPlatform
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the threads of a pool share.
///
/// A run's program is a list of steps that all threads number alike, each of so many portions. Who comes to
/// a step claims portions of it until there are none; a barrier waits until as many portions were
/// completed as the steps before it have. Who comes late finds claimed all that the others have done,
/// and every barrier open, up to where they are.
///
/// A thread that waits long leaves: its program hands out nothing more, and so ends. It comes back to the
/// same run when the caller calls.
final class PoolState: @unchecked Sendable {
  let threads: Int
  /// The thread whose run is under way; 0 between runs.
  let caller = Atomic<UInt>(0)
  let lock = Mutexed()
  /// Portions that were completed in all runs so far.
  let completed = Atomic<UInt64>(0)
  let places: [WorkerPlace]

  /// Twice the number of threads in the program beside the caller, and one more while it is open.
  private let gate = Atomic<Int>(0)
  private let stop = Atomic<Bool>(false)
  /// Whether a thread left a run that may go on without it for long.
  private let hasLeavers = Atomic<Bool>(false)
  /// Threads that may take part, the caller among them: see `Crowding`.
  private let limit: Atomic<Int>
  private let started = EventCount()
  /// What the caller waits for beyond its patience, and whether it has parked.
  private let wanted = Atomic<UInt64>(.max)
  private let callerSleeps = Atomic<Bool>(false)
  private let callerWoken = EventCount()

  // Written by the caller while no other thread is in the program, and read there.
  private nonisolated(unsafe) var job: ((Worker) -> Void)?
  private nonisolated(unsafe) var firstStep: UInt32 = 0
  private nonisolated(unsafe) var firstExpected: UInt64 = 0
  /// The caller's own.
  private nonisolated(unsafe) var crowding: Crowding

  /// Steps between two barriers, at most.
  static let mostSteps = 1024
  private static let mostNamed = 32
  /// The claims of step s, at s modulo `mostSteps`: s, and below it the portions that are taken: of at most
  /// `mostNamed` a bit for each, so that a thread can take those that it took in the steps before and has
  /// in its cache, and of more their number.
  private let claims: UnsafeMutablePointer<Atomic<UInt64>>

  /// Some 100 microseconds, for threads that have cores to spin on.
  static let spins = 4096
  /// Some microseconds.
  static let fewSpins = 128

  init(threads: Int) {
    self.threads = threads
    limit = Atomic(threads)
    places = (0..<threads).map { _ in WorkerPlace() }
    crowding = Crowding(threads: threads)
    claims = .allocate(capacity: PoolState.mostSteps)
    for i in 0..<PoolState.mostSteps { (claims + i).initialize(to: Atomic(0)) }
  }

  deinit {
    claims.deallocate()
    for place in places { place.deallocate() }
  }

  // MARK: The caller's

  /// Whether others are to take part in the run that begins.
  func begin() -> Bool {
    if limit.load(ordering: .relaxed) < threads {
      limit.store(crowding.limit(at: emend_clock_nanoseconds()), ordering: .relaxed)
    }
    return limit.load(ordering: .relaxed) > 1
  }

  /// Lets the others into `body`.
  func open(_ body: @escaping (Worker) -> Void) {
    job = body
    firstStep = places[0].step
    firstExpected = completed.load(ordering: .relaxed)
    places[0].begin(step: firstStep, expected: firstExpected)
    hasLeavers.store(false, ordering: .relaxed)
    gate.store(1, ordering: .releasing)
    started.advance(most: limit.load(ordering: .relaxed) - 1)
  }

  /// Lets nobody in any more, and waits for those who are.
  func close() {
    if gate.subtract(1, ordering: .acquiringAndReleasing).newValue != 0 {
      waitAsCaller(for: .max) { gate.load(ordering: .sequentiallyConsistent) == 0 }
    }
    job = nil
  }

  func end() {
    stop.store(true, ordering: .relaxed)
    started.advance()
  }

  /// Whether the caller has something to look at where it passes a barrier.
  var wantsCaller: Bool {
    hasLeavers.load(ordering: .relaxed) || limit.load(ordering: .relaxed) < threads
  }

  /// Whether more threads are in the program than should be.
  var isCrowded: Bool {
    gate.load(ordering: .relaxed) >> 1 >= limit.load(ordering: .relaxed)
  }

  func waitAtBarrier(_ index: Int, _ place: WorkerPlace) {
    if index == 0 {
      let expected = place.expected
      waitAsCaller(for: expected) {
        completed.load(ordering: .sequentiallyConsistent) >= expected
      }
      call()
    } else {
      waitAsHelper(place)
    }
  }

  /// Calls back those who left, as many as may take part.
  private func call() {
    let old = limit.load(ordering: .relaxed)
    if old < threads {
      let new = crowding.limit(at: emend_clock_nanoseconds())
      if new != old { limit.store(new, ordering: .relaxed) }
      if new > old { hasLeavers.store(true, ordering: .relaxed) }
    }
    guard limit.load(ordering: .relaxed) > 1, hasLeavers.load(ordering: .relaxed) else { return }
    hasLeavers.store(false, ordering: .relaxed)
    started.advance(most: limit.load(ordering: .relaxed) - 1)
  }

  private func waitAsCaller(for count: UInt64, _ isDone: () -> Bool) {
    let isCrowded = limit.load(ordering: .relaxed) < threads
    let spins = (isCrowded ? PoolState.fewSpins : PoolState.spins) / 2
    for _ in 0..<spins {
      if isDone() { return }
      emend_spin_hint()
    }
    let before = crowding.look(places)
    for _ in 0..<spins {
      if isDone() { return }
      emend_spin_hint()
    }
    wanted.store(count, ordering: .sequentiallyConsistent)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while true {
      let seen = callerWoken.value
      if isDone() { break }
      callerWoken.wait(past: seen, spins: 0)
    }
    callerSleeps.store(false, ordering: .sequentiallyConsistent)
    if let before {
      limit.store(crowding.limit(after: before, places), ordering: .relaxed)
    }
  }

  // MARK: Everybody's

  /// The number of a portion of step `step`, which has `parts`, for a thread; nil when all are taken, or it
  /// is over.
  func claim(_ step: UInt32, of parts: Int, for index: Int) -> Int? {
    let slot = claims + Int(step % UInt32(PoolState.mostSteps))
    var word = slot.pointee.load(ordering: .relaxed)
    while true {
      let age = Int32(bitPattern: UInt32(word >> 32) &- step)
      let taken = age == 0 ? UInt32(truncatingIfNeeded: word) : 0
      guard age <= 0 else { return nil }
      let number: Int
      let next: UInt32
      if parts <= PoolState.mostNamed {
        let free = ~taken & PoolState.bits(below: parts)
        guard free != 0 else { return nil }
        // Its own first; then the last of the others, who take theirs from the first on.
        let others = PoolState.bits(below: parts * index / threads)
        let own = free & PoolState.bits(below: parts * (index + 1) / threads) & ~others
        number = own != 0 ? own.trailingZeroBitCount : 31 - free.leadingZeroBitCount
        next = taken | 1 << UInt32(number)
      } else {
        guard taken < parts else { return nil }
        number = Int(taken)
        next = taken + 1
      }
      let (exchanged, found) = slot.pointee.compareExchange(
        expected: word, desired: UInt64(step) << 32 | UInt64(next), ordering: .relaxed)
      if exchanged { return number }
      word = found
    }
  }

  private static func bits(below count: Int) -> UInt32 { ~(UInt32.max << UInt32(count)) }

  /// Counts portions that are done.
  func complete(_ count: Int) {
    let new = completed.add(UInt64(count), ordering: .sequentiallyConsistent).newValue
    if callerSleeps.load(ordering: .sequentiallyConsistent),
      new >= wanted.load(ordering: .sequentiallyConsistent)
    {
      callerWoken.advance()
    }
  }

  // MARK: The others'

  func work(index: Int) {
    let place = places[index]
    place.setThread()
    var seen: UInt32 = 0
    var isPatient = true
    while true {
      started.wait(past: seen, spins: isPatient ? PoolState.spins : 0)
      seen = started.value
      if stop.load(ordering: .relaxed) { return }
      guard enter() else {
        isPatient = false
        continue
      }
      place.begin(step: firstStep, expected: firstExpected)
      // The closure is dropped before the thread says it has left: the caller's proof that it did
      // not escape counts references.
      do {
        let body = job!
        let worker = Worker(
          index: index, count: threads, shared: .passUnretained(self), place: place)
        body(worker)
      }
      isPatient = !place.hasLeft
      place.end()
      if gate.subtract(2, ordering: .sequentiallyConsistent).newValue == 0,
        callerSleeps.load(ordering: .sequentiallyConsistent)
      {
        callerWoken.advance()
      }
    }
  }

  private func enter() -> Bool {
    var word = gate.load(ordering: .relaxed)
    while word & 1 == 1, word >> 1 < limit.load(ordering: .relaxed) - 1 {
      let (exchanged, found) = gate.compareExchange(
        expected: word, desired: word + 2, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      word = found
    }
    return false
  }

  private func waitAsHelper(_ place: WorkerPlace) {
    if !isCrowded {
      let spins = limit.load(ordering: .relaxed) < threads ? PoolState.fewSpins : PoolState.spins
      for _ in 0..<spins {
        if completed.load(ordering: .acquiring) >= place.expected { return }
        emend_spin_hint()
      }
    }
    place.leave()
    hasLeavers.store(true, ordering: .relaxed)
  }
}

/// A mutex that can be a stored property of a class shared between threads.
final class Mutexed: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  init() { pthread_mutex_init(mutex, nil) }
  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }
  func lock() { pthread_mutex_lock(mutex) }
  func unlock() { pthread_mutex_unlock(mutex) }
}
