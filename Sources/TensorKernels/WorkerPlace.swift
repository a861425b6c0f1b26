import CPlatform
import Synchronization

/// Where one thread is in a run's program; written by that thread alone, on cache lines of its own.
struct WorkerPlace: @unchecked Sendable {
  private struct Content {
    var step: UInt32 = 0
    var expected: UInt64 = 0
    var stepOfBarrier: UInt32 = 0
    var hasLeft = false
  }

  private let content: UnsafeMutablePointer<Content>
  private let inside: UnsafeMutablePointer<Atomic<Bool>>
  private let thread: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
    content = memory.bindMemory(to: Content.self, capacity: 1)
    content.initialize(to: Content())
    inside = (memory + 64).bindMemory(to: Atomic<Bool>.self, capacity: 1)
    inside.initialize(to: Atomic(false))
    thread = (memory + 72).bindMemory(to: Atomic<UInt64>.self, capacity: 1)
    thread.initialize(to: Atomic(0))
  }

  func deallocate() { UnsafeMutableRawPointer(content).deallocate() }

  /// The number of the next step.
  var step: UInt32 { content.pointee.step }
  /// `PoolState.completed` when all portions of the steps so far are done.
  var expected: UInt64 { content.pointee.expected }
  /// Whether this thread takes nothing more and waits for nothing, up to the program's end.
  var hasLeft: Bool { content.pointee.hasLeft }

  func begin(step: UInt32, expected: UInt64) {
    content.pointee = Content(step: step, expected: expected, stepOfBarrier: step)
    inside.pointee.store(true, ordering: .relaxed)
  }

  func end() { inside.pointee.store(false, ordering: .relaxed) }
  func passBarrier() { content.pointee.stepOfBarrier = content.pointee.step }
  func leave() { content.pointee.hasLeft = true }
  func expect(_ portions: Int) { content.pointee.expected &+= UInt64(portions) }

  /// The number of a step of so many portions, which this thread has come to.
  func enterStep(_ portions: Int) -> UInt32 {
    let step = content.pointee.step
    precondition(
      step &- content.pointee.stepOfBarrier < PoolState.mostSteps,
      "too many steps without a barrier")
    content.pointee.step = step &+ 1
    expect(portions)
    return step
  }

  /// Lets others see how long this thread, which calls, has been on a core.
  func setThread() { thread.pointee.store(emend_this_thread(), ordering: .relaxed) }

  /// Whether the thread is in the program, as others see it.
  var isInside: Bool { inside.pointee.load(ordering: .relaxed) }
  /// Nanoseconds for which the thread has been on a core; -1 where that is not known.
  var processorNanoseconds: Int64 {
    emend_processor_nanoseconds(thread.pointee.load(ordering: .relaxed))
  }
}
