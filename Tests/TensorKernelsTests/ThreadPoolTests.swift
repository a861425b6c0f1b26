import Foundation
import Synchronization
import TensorKernels
import Testing

@Suite struct ThreadPoolTests {
  /// All that is handed out is done, once, whoever came; the caller is there in any case.
  @Test(arguments: [1, 2, 3, 16])
  func everythingIsDoneOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    #expect(pool.threadCount == threads)
    let total = 100
    let done = Counters(total)
    var callers = 0
    for run in 1...50 {
      pool.run { worker in
        precondition((0..<threads).contains(worker.index) && worker.count <= threads)
        if worker.index == 0 { callers += 1 }
        for item in worker.each(total) { done[item] += 1 }
      }
      #expect(done.values == [Int](repeating: run, count: total) && callers == run)
    }
  }

  /// A run inside a run is the caller's alone, and ends.
  @Test func runsInsideRuns() {
    let pool = ThreadPool(threads: 2)
    let counts = UnsafeMutablePointer<Int>.allocate(capacity: 2)
    defer { counts.deallocate() }
    counts.initialize(repeating: 0, count: 2)
    for _ in 0..<100 {
      pool.run { worker in
        worker.onCaller {
          pool.run { inner in
            counts[0] += inner.count
            inner.barrier()
          }
        }
        worker.barrier()
        for item in worker.each(1) { counts[1] += item + 1 }
      }
    }
    #expect(counts[0] == 100 && counts[1] == 100)
  }

  /// Every number is dealt to one thread, in each of many steps; where one thread works long on its
  /// first, the others take the rest.
  @Test(arguments: [1, 2, 3, 8])
  func dealsEveryNumberOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    let total = 37
    let taken = UnsafeMutablePointer<Int>.allocate(capacity: total)
    defer { taken.deallocate() }
    taken.initialize(repeating: 0, count: total)
    for _ in 0..<20 {
      pool.run { worker in
        for _ in 0..<50 {
          worker.deal(total) { taken[$0] += 1 }
          worker.barrier()
        }
        worker.deal(0) { _ in preconditionFailure("nothing is there to deal") }
      }
    }
    #expect((0..<total).allSatisfy { taken[$0] == 1000 })

    // Who has the first number waits until the others have taken all there are.
    guard threads > 1 else { return }
    let done = Atomic<Int>(0)
    pool.run { worker in
      worker.deal(total) { number in
        while number == 0, worker.count > 1, done.load(ordering: .acquiring) < total - 1 {}
        done.add(1, ordering: .releasing)
      }
    }
    #expect(done.load(ordering: .acquiring) == total)
  }

  /// A thread that is held up outside of its portions keeps nobody waiting: here all but the caller, up to
  /// the end of the caller's last step; and where it comes late it does nothing a second time.
  @Test(arguments: [2, 5])
  func nobodyWaitsForWhoHasNoWork(threads: Int) {
    let pool = ThreadPool(threads: threads)
    let steps = 200
    let done = Counters(steps)
    let caller = Atomic<Int>(0)
    pool.run { worker in
      while worker.index > 0, caller.load(ordering: .acquiring) < steps {}
      for step in 0..<steps {
        for _ in worker.each(7) { done[step] += 1 }
        worker.barrier()
        if worker.index == 0 { caller.store(step + 1, ordering: .releasing) }
      }
    }
    #expect(done.values == [Int](repeating: 7, count: steps))
  }

  /// A thread that waits for long leaves the run, and is back in it later.
  @Test func leaversComeBack() {
    let pool = ThreadPool(threads: 2)
    let entered = Counters(2)
    let steps = Counters(2)
    pool.run { worker in
      entered[worker.index] += 1
      for step in 0..<20 {
        worker.onCaller { usleep(2_000) }
        worker.barrier()
        worker.deal(2) { _ in
          steps[worker.index] += 1
          if step == 19 { usleep(20_000) }
        }
        worker.barrier()
      }
    }
    // The system decides how often the second thread had a core; all work was done in any case.
    #expect(entered[0] == 1 && steps.values.reduce(0, +) == 40)
  }

  /// The caller is worker 0 and the others are threads of their own.
  @Test func workersAreThreads() {
    let pool = ThreadPool(threads: 4)
    let threads = UnsafeMutablePointer<pthread_t?>.allocate(capacity: 4)
    threads.initialize(repeating: nil, count: 4)
    defer { threads.deallocate() }
    // Each holds a portion until all four have one.
    let here = Atomic<Int>(0)
    pool.run { worker in
      worker.deal(4) { _ in
        threads[worker.index] = pthread_self()
        here.add(1, ordering: .sequentiallyConsistent)
        while worker.count > 1, here.load(ordering: .sequentiallyConsistent) < 4 { usleep(100) }
      }
    }
    #expect(pthread_equal(threads[0]!, pthread_self()) != 0)
    for i in 0..<4 {
      for j in 0..<i { #expect(pthread_equal(threads[i]!, threads[j]!) == 0) }
    }
  }

  /// What was written before a barrier every thread reads after it, hundreds of times in one run; with
  /// more threads than cores too.
  @Test(arguments: [2, 3, 8])
  func barrierOrdersWrites(threads: Int) {
    let pool = ThreadPool(threads: threads)
    let count = 4 * threads
    let current = Counters(count)
    let stale = Counters(threads)
    let steps = 300
    pool.run { worker in
      for step in 1...steps {
        for item in worker.portions(of: count, perThread: 4).joined() {
          current[item] = step * count + item
        }
        worker.barrier()
        worker.deal(threads) { _ in
          for other in 0..<count where current[other] != step * count + other {
            stale[worker.index] += 1
          }
        }
        worker.barrier()
      }
    }
    #expect(stale.values == [Int](repeating: 0, count: threads))
  }

  /// Fewer with more threads than cores, where each run waits for the system to switch.
  @Test(arguments: [(2, 10_000), (5, 500)])
  func manyRuns(threads: Int, runs: Int) {
    let pool = ThreadPool(threads: threads)
    let sums = Counters(threads)
    for run in 0..<runs {
      pool.run { worker in worker.deal(threads) { sums[$0] += run } }
    }
    #expect(sums.values == [Int](repeating: runs * (runs - 1) / 2, count: threads))
  }

  /// Workers park after a while without work and must be woken.
  @Test func wakesAfterARest() {
    let pool = ThreadPool(threads: 3)
    let runs = Counters(3)
    for _ in 0..<10 {
      usleep(5_000)
      pool.run { worker in worker.deal(3) { runs[$0] += 1 } }
    }
    #expect(runs.values == [10, 10, 10])
  }

  @Test func poolsWorkBesideEachOther() {
    let pools = (1...4).map { ThreadPool(threads: $0) }
    let runs = Counters(4)
    let callers = pools.indices.map { index in
      let pool = pools[index]
      return Thread {
        for _ in 0..<500 {
          pool.run { worker in
            worker.barrier()
            if worker.index == 0 { runs[index] += 1 }
          }
        }
      }
    }
    for caller in callers { caller.start() }
    while callers.contains(where: { !$0.isFinished }) { usleep(1_000) }
    #expect(runs.values == [500, 500, 500, 500])
  }

  /// Callers of one pool take turns: no run meets another one's workers.
  @Test func callersTakeTurns() {
    let pool = ThreadPool(threads: 3)
    let runs = Counters(3)
    let callers = (0..<3).map { _ in
      Thread {
        for _ in 0..<300 {
          pool.run { worker in
            worker.deal(3) { runs[$0] += 1 }  // loses counts if two runs overlap
            worker.barrier()
          }
        }
      }
    }
    for caller in callers { caller.start() }
    while callers.contains(where: { !$0.isFinished }) { usleep(1_000) }
    #expect(runs.values == [900, 900, 900])
  }

  /// Each thread leaves a thread-specific value whose destructor counts its end.
  @Test func threadsEndWithThePool() {
    var key = pthread_key_t()
    pthread_key_create(&key) { _ in endedThreads.add(1, ordering: .sequentiallyConsistent) }
    let value = UnsafeMutableRawPointer(bitPattern: 1)!
    var pool: ThreadPool? = ThreadPool(threads: 9)
    // Each holds a portion until all nine have one.
    let here = Atomic<Int>(0)
    pool!.run { worker in
      worker.deal(9) { _ in
        if worker.index > 0 { pthread_setspecific(key, value) }
        here.add(1, ordering: .sequentiallyConsistent)
        while here.load(ordering: .sequentiallyConsistent) < 9 { usleep(100) }
      }
    }
    #expect(endedThreads.load(ordering: .sequentiallyConsistent) == 0)
    pool = nil
    // They end soon, on a loaded machine too; the limit only keeps a failure from hanging.
    for _ in 0..<60_000 where endedThreads.load(ordering: .sequentiallyConsistent) < 8 {
      usleep(1_000)
    }
    #expect(endedThreads.load(ordering: .sequentiallyConsistent) == 8)
  }

  @Test(arguments: [1, 2, 3, 7])
  func portionsCoverExactly(threads: Int) {
    let pool = ThreadPool(threads: threads)
    for unit in [1, 2, 16] {
      for total in Array(0...40) + [1000, 1001] {
        let ends = Counters(total + 1)  // by where a portion begins, its end
        pool.run { worker in
          for range in worker.portions(of: total, unit: unit, perThread: 3) {
            ends[range.lowerBound] = range.upperBound
          }
        }
        var sizes: [Int] = []
        var next = 0
        while next < total, ends[next] > next {
          #expect(next % unit == 0)
          sizes.append((ends[next] - next + unit - 1) / unit)
          next = ends[next]
        }
        #expect(next == total && sizes.count <= 3 * threads)
        // No portion has two units more than another.
        #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
      }
    }
  }

  /// Steps whose numbers have wrapped around the list of claims, with portions and without.
  @Test func manyStepsInOneRun() {
    let pool = ThreadPool(threads: 3)
    let sums = Counters(5)
    pool.run { worker in
      for step in 0..<5_000 {
        for item in worker.each(step % 6 == 5 ? 0 : 5) { sums[item] += 1 }
        if step % 3 == 2 { worker.barrier() }
        for _ in worker.portions(of: 0) { preconditionFailure("there is nothing to hand out") }
        worker.barrier()
      }
    }
    let expected = (0..<5_000).filter { $0 % 6 != 5 }.count
    #expect(sums.values == [Int](repeating: expected, count: 5))
  }

  @Test func parallelCoversExactly() {
    let pool = ThreadPool(threads: 3)
    for count in [0, 1, 2, 3, 100] {
      let seen = Counters(max(count, 1))
      pool.parallel(count) { share in
        for i in share { seen[i] += 1 }
      }
      #expect(seen.values.prefix(count).allSatisfy { $0 == 1 })
    }
  }
}

private let endedThreads = Atomic<Int>(0)

/// Plain counters, each on cache lines of its own and written by one thread at a time: it is the pool
/// that must order the accesses.
private final class Counters: @unchecked Sendable {
  private let memory: UnsafeMutablePointer<Int>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    memory = .allocate(capacity: count * 16)
    memory.initialize(repeating: 0, count: count * 16)
  }

  deinit { memory.deallocate() }

  subscript(_ index: Int) -> Int {
    get { memory[index * 16] }
    set { memory[index * 16] = newValue }
  }

  var values: [Int] { (0..<count).map { self[$0] } }
}
