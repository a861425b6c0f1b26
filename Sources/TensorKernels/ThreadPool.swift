import CPlatform
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Threads that run one program together: every thread executes the same closure with its own
/// `Worker`, takes its own share of each step by index and meets the others at barriers.
///
/// A model's forward pass is hundreds of short steps, so a pass is entered once and its steps are
/// parted by barriers (well under a microsecond each) instead of being handed out one by one. The
/// caller is the first worker. Threads spin briefly where they wait and then park.
public final class ThreadPool: Sendable {
  /// Threads that take part, the caller among them.
  public let threadCount: Int

  private let shared: Shared

  /// Cores that do not share execution units, of those this process may use.
  public static var physicalCoreCount: Int { Int(emend_physical_core_count()) }

  /// Threads that run at once: the logical processors that this process may use.
  public static var hardwareThreadCount: Int { Int(emend_hardware_thread_count()) }

  /// Starts `threads` - 1 threads beside the caller's.
  public init(threads: Int = ThreadPool.physicalCoreCount) {
    precondition(threads >= 1, "a pool needs at least one thread")
    threadCount = threads
    shared = Shared()
    for index in 1..<max(threads, 1) {
      let start = Unmanaged.passRetained(Start(shared, index, threads))
      #if canImport(Darwin)
        var thread: pthread_t?
      #else
        var thread = pthread_t()
      #endif
      let status = pthread_create(&thread, nil, workerMain, start.toOpaque())
      precondition(status == 0, "the system refused a thread (error \(status))")
    }
  }

  deinit {
    shared.stop.store(true, ordering: .relaxed)
    shared.started.advance()
  }

  /// Runs `body` once on every thread and returns when all have finished. One caller at a time: a
  /// second one waits. Inside a run, the caller's thread runs `body` alone, since the others are taken.
  public func run(_ body: (Worker) -> Void) {
    let caller = currentThread()
    if shared.caller.load(ordering: .relaxed) == caller {
      return body(Worker(index: 0, count: 1, shared: .passUnretained(shared)))
    }
    shared.lock.lock()
    shared.caller.store(caller, ordering: .relaxed)
    defer {
      shared.caller.store(0, ordering: .relaxed)
      shared.lock.unlock()
    }
    let first = Worker(index: 0, count: threadCount, shared: .passUnretained(shared))
    guard threadCount > 1 else { return body(first) }
    withoutActuallyEscaping(body) { escapable in
      shared.job = escapable
      shared.pending.store(threadCount - 1, ordering: .relaxed)
      shared.dealt.store(0, ordering: .relaxed)
      let finished = shared.finished.value
      shared.started.advance()
      escapable(first)
      shared.finished.wait(past: finished)
      shared.job = nil
    }
  }

  /// Splits 0..<count into consecutive ranges, one for each thread, and runs `body` on each.
  public func parallel(_ count: Int, _ body: (Range<Int>) -> Void) {
    run { worker in body(worker.share(of: count)) }
  }
}

/// One thread's view of a run.
public struct Worker {
  /// 0..<count; 0 is the caller.
  public let index: Int
  /// Threads in the run.
  public let count: Int
  /// Not counted: a run does not outlive its pool, and every thread would fight for the count.
  fileprivate let shared: Unmanaged<Shared>

  /// Waits until every thread of the run is here; what was written before is seen after.
  public func barrier() {
    guard count > 1 else { return }
    shared._withUnsafeGuaranteedRef { $0.barrier(threads: count) }
  }

  /// Deals 0..<total out, one number after the other, to whoever is free: for work so long that a thread
  /// that was held up should not keep the others waiting at the barrier. Every thread calls it, and once
  /// at most from one barrier to the next.
  package func deal(_ total: Int, _ body: (Int) -> Void) {
    guard count > 1 else {
      for item in 0..<total { body(item) }
      return
    }
    shared._withUnsafeGuaranteedRef { shared in
      while true {
        let item = shared.dealt.add(1, ordering: .relaxed).oldValue
        if item >= total { return }
        body(item)
      }
    }
  }

  /// This thread's part of 0..<total, whole multiples of `unit` but for the last.
  public func share(of total: Int, unit: Int = 1) -> Range<Int> {
    let units = (total + unit - 1) / unit
    let first = units * index / count * unit
    let end = min(units * (index + 1) / count * unit, total)
    return min(first, end)..<end
  }
}

/// What the threads of a pool share. `job` is written by the caller while all workers wait for the
/// next start, and read after they have seen it.
private final class Shared: @unchecked Sendable {
  let stop = Atomic<Bool>(false)
  /// Workers that have not finished the run.
  let pending = Atomic<Int>(0)
  /// The thread whose run is under way; 0 between runs.
  let caller = Atomic<UInt>(0)
  /// Threads at the barrier.
  let arrived = Atomic<Int>(0)
  /// What `Worker.deal` has given out since the last barrier.
  let dealt = Atomic<Int>(0)
  let started = EventCount()
  let finished = EventCount()
  let passed = EventCount()
  let lock = Mutexed()
  nonisolated(unsafe) var job: ((Worker) -> Void)?

  func barrier(threads: Int) {
    let current = passed.value
    if arrived.add(1, ordering: .acquiringAndReleasing).newValue == threads {
      arrived.store(0, ordering: .relaxed)
      dealt.store(0, ordering: .relaxed)
      passed.advance()
    } else {
      passed.wait(past: current)
    }
  }

  func work(index: Int, threads: Int) {
    var seen: UInt32 = 0
    while true {
      started.wait(past: seen)
      seen = started.value
      if stop.load(ordering: .relaxed) { return }
      // The closure is dropped before the thread says it is done: the caller's proof that it did
      // not escape counts references.
      do {
        let body = job!
        body(Worker(index: index, count: threads, shared: .passUnretained(self)))
      }
      let left = pending.subtract(1, ordering: .acquiringAndReleasing).newValue
      if left == 0 { finished.advance() }
    }
  }
}

/// A mutex that can be a stored property of a class shared between threads.
private final class Mutexed: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  init() { pthread_mutex_init(mutex, nil) }
  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }
  func lock() { pthread_mutex_lock(mutex) }
  func unlock() { pthread_mutex_unlock(mutex) }
}

private final class Start {
  let shared: Shared
  let index: Int
  let threads: Int
  init(_ shared: Shared, _ index: Int, _ threads: Int) {
    self.shared = shared
    self.index = index
    self.threads = threads
  }
}

/// A number that no other living thread has; not 0.
private func currentThread() -> UInt {
  #if canImport(Darwin)
    UInt(bitPattern: pthread_self())
  #else
    UInt(pthread_self())
  #endif
}

#if canImport(Darwin)
  private let workerMain: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
    startWorker($0)
  }
#else
  private let workerMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    startWorker($0!)
  }
#endif

private func startWorker(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
  start.shared.work(index: start.index, threads: start.threads)
  return nil
}
