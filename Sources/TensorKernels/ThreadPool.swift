import CPlatform
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Threads that run one program together: every thread executes the same closure with its own `Worker`,
/// whose steps hand out portions of work to whoever comes for them, parted by barriers.
///
/// A model's forward pass is hundreds of short steps, so a pass is entered once and its steps are
/// parted by barriers (well under a microsecond each) instead of being handed out one by one. A barrier
/// waits for work, not for threads: one that has no core takes no portion, and keeps nobody waiting. It
/// joins where the others are once it has one, since the steps behind it have no portions left. What is
/// waited for is a thread that lost its core in the middle of a portion; `Crowding` has fewer threads take
/// part for a while where that happens often.
///
/// The caller is the first worker, and can do all the work alone. Threads spin briefly where they wait
/// and then give their core away.
public final class ThreadPool: Sendable {
  /// Threads that may take part, the caller among them.
  public let threadCount: Int

  private let shared: PoolState

  /// Cores that do not share execution units, of those this process may use.
  public static var physicalCoreCount: Int { Int(emend_physical_core_count()) }

  /// Threads that run at once: the logical processors that this process may use.
  public static var hardwareThreadCount: Int { Int(emend_hardware_thread_count()) }

  /// Starts `threads` - 1 threads beside the caller's.
  public init(threads: Int = ThreadPool.defaultThreadCount) {
    precondition(threads >= 1, "a pool needs at least one thread")
    threadCount = threads
    shared = PoolState(threads: threads)
    for index in 1..<max(threads, 1) {
      let start = Unmanaged.passRetained(Start(shared, index))
      #if canImport(Darwin)
        var thread: pthread_t?
      #else
        var thread = pthread_t()
      #endif
      let status = pthread_create(&thread, nil, workerMain, start.toOpaque())
      precondition(status == 0, "the system refused a thread (error \(status))")
    }
  }

  deinit { shared.end() }

  /// Runs `body` on the caller's thread, and on each of the others that comes in time, which may run it
  /// more than once: what it does must be handed out by its `Worker`. Returns when all work is done and no
  /// thread is in `body`. One caller at a time: a second one waits. Inside a run, the caller's thread runs
  /// `body` alone, since the others are taken.
  public func run(_ body: (Worker) -> Void) {
    let caller = currentThread()
    let alone = Worker(index: 0, count: 1, shared: .passUnretained(shared), place: shared.places[0])
    if shared.caller.load(ordering: .relaxed) == caller { return body(alone) }
    shared.lock.lock()
    shared.caller.store(caller, ordering: .relaxed)
    defer {
      shared.caller.store(0, ordering: .relaxed)
      shared.lock.unlock()
    }
    guard threadCount > 1, shared.begin() else { return body(alone) }
    let first = Worker(
      index: 0, count: threadCount, shared: .passUnretained(shared), place: shared.places[0])
    withoutActuallyEscaping(body) { escapable in
      shared.open(escapable)
      escapable(first)
      first.barrier()
      shared.close()
    }
  }

  /// Splits 0..<count into consecutive ranges, a few for each thread, and runs `body` on each.
  public func parallel(_ count: Int, _ body: (Range<Int>) -> Void) {
    run { worker in
      let perThread = count >= 64 * worker.count ? 4 : 1
      for range in worker.portions(of: count, perThread: perThread) { body(range) }
    }
  }
}

private final class Start {
  let shared: PoolState
  let index: Int
  init(_ shared: PoolState, _ index: Int) {
    self.shared = shared
    self.index = index
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
  start.shared.work(index: start.index)
  return nil
}
