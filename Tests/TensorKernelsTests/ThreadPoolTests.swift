import Foundation
import Synchronization
import TensorKernels
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 16])
  func everyWorkerRunsOnce(threads: Int) {
    let pool = ThreadPool(threads: threads)
    #expect(pool.threadCount == threads)
    let runs = Counters(threads)
    for run in 1...50 {
      pool.run { worker in
        precondition(worker.count == threads)
        runs[worker.index] += 1
      }
      #expect(runs.values == [Int](repeating: run, count: threads))
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
        if worker.index == 0 {
          pool.run { inner in
            counts[0] += inner.count
            inner.barrier()
          }
        }
        worker.barrier()
        if worker.index == 1 { counts[1] += 1 }
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
        while number == 0, done.load(ordering: .acquiring) < total - 1 {}
        done.add(1, ordering: .releasing)
      }
    }
    #expect(done.load(ordering: .acquiring) == total)
  }

  /// The caller is worker 0 and the others are threads of their own.
  @Test func workersAreThreads() {
    let pool = ThreadPool(threads: 4)
    let threads = UnsafeMutablePointer<pthread_t>.allocate(capacity: 4)
    defer { threads.deallocate() }
    pool.run { threads[$0.index] = pthread_self() }
    #expect(pthread_equal(threads[0], pthread_self()) != 0)
    for i in 0..<4 {
      for j in 0..<i { #expect(pthread_equal(threads[i], threads[j]) == 0) }
    }
  }

  /// What every thread wrote before a barrier, every thread reads after it, hundreds of times in one
  /// run; with more threads than cores too.
  @Test(arguments: [2, 3, 8])
  func barrierOrdersWrites(threads: Int) {
    let pool = ThreadPool(threads: threads)
    let current = Counters(threads)
    let stale = Counters(threads)
    let steps = 300
    pool.run { worker in
      for step in 1...steps {
        current[worker.index] = step * threads + worker.index
        worker.barrier()
        for other in 0..<threads where current[other] != step * threads + other {
          stale[worker.index] += 1
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
    for run in 0..<runs { pool.run { sums[$0.index] += run } }
    #expect(sums.values == [Int](repeating: runs * (runs - 1) / 2, count: threads))
  }

  /// Workers park after a while without work and must be woken.
  @Test func wakesAfterARest() {
    let pool = ThreadPool(threads: 3)
    let runs = Counters(3)
    for _ in 0..<10 {
      usleep(5_000)
      pool.run { runs[$0.index] += 1 }
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
            runs[worker.index] += 1  // loses counts if two runs overlap
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
    pool!.run { if $0.index > 0 { pthread_setspecific(key, value) } }
    #expect(endedThreads.load(ordering: .sequentiallyConsistent) == 0)
    pool = nil
    // They end soon, on a loaded machine too; the limit only keeps a failure from hanging.
    for _ in 0..<60_000 where endedThreads.load(ordering: .sequentiallyConsistent) < 8 {
      usleep(1_000)
    }
    #expect(endedThreads.load(ordering: .sequentiallyConsistent) == 8)
  }

  @Test(arguments: [1, 2, 3, 7])
  func sharesCoverExactly(threads: Int) {
    let pool = ThreadPool(threads: threads)
    let lower = Counters(threads)
    let upper = Counters(threads)
    for unit in [1, 2, 16] {
      for total in Array(0...40) + [1000, 1001] {
        pool.run { worker in
          let share = worker.share(of: total, unit: unit)
          lower[worker.index] = share.lowerBound
          upper[worker.index] = share.upperBound
        }
        var next = 0
        for i in 0..<threads where lower[i] < upper[i] {
          #expect(lower[i] == next && lower[i] % unit == 0)
          next = upper[i]
        }
        #expect(next == total)
        // No thread has two units more than another.
        let units = (0..<threads).map { (upper[$0] - lower[$0] + unit - 1) / unit }
        #expect(units.max()! - units.min()! <= 1)
      }
    }
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
