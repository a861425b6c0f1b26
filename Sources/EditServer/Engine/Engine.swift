import EditSessions
import Foundation
import Synchronization

/// The one thread that uses the model, and the queue in front of it.
///
/// Requests are let in in the order of their arrival, each of their sequences to a place of its own; those
/// that have one go through the model together, a step at a time, and prompts in parts, so that a long one does not
/// keep the others waiting.
final class Engine: Sendable {
  /// One place, as `/slots` tells it.
  struct SlotStatus: Sendable {
    var digest: String?
    var isBusy = false
    var promptTokens = 0
    var decoded = 0
  }

  /// What a thread that has the model can be asked to do between two steps.
  typealias Task = @Sendable (EngineWorker) -> Void

  enum Phase: Equatable { case loading, running, draining, ended }

  private struct State {
    var phase = Phase.loading
    var failure: (any Error)?
    var waiting: [AnswerJob] = []
    var tasks: [Task] = []
    var slots: [SlotStatus] = []
    var metrics = EngineMetrics()
    /// When running answers are given up.
    var deadline: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let queueLimit: Int

  init(queueLimit: Int) { self.queueLimit = queueLimit }

  /// Starts the thread, which makes the worker first; `ended` hears why it could not, or nil when all is
  /// done.
  func start(
    _ make: @escaping @Sendable () throws -> EngineWorker,
    ended: @escaping @Sendable ((any Error)?) -> Void
  ) {
    let thread = Thread { [self] in
      do {
        let worker = try make()
        state.withLock { state in
          state.slots = worker.slots.map { _ in SlotStatus() }
          if state.phase == .loading { state.phase = .running }
        }
        run(worker)
        ended(nil)
      } catch {
        state.withLock { $0.phase = .ended }
        ended(error)
      }
    }
    thread.name = "emend engine"
    // Bodies of the pool's threads run on the caller's, with what that one has.
    thread.stackSize = 8 << 20
    thread.start()
  }

  // MARK: From requests

  /// What it is doing.
  var phase: Phase { state.withLock { $0.phase } }

  /// Throws where no request can be taken now.
  func check() throws(ServerError) { try Self.check(phase) }

  private static func check(_ phase: Phase) throws(ServerError) {
    switch phase {
    case .loading: throw .loading
    case .running: return
    case .draining, .ended: throw .draining
    }
  }

  /// Queues the sequences of one request. Throws `queue_full`, or where none is taken.
  func submit(_ jobs: [AnswerJob]) throws(ServerError) {
    try state.withLock { state throws(ServerError) in
      try Self.check(state.phase)
      // One that could never be taken is taken where nobody else waits.
      guard state.waiting.count + jobs.count <= max(queueLimit, jobs.count) else {
        var error = ServerError(
          429, .rateLimit, "\(queueLimit) requests are waiting already; ask again in a while",
          code: "queue_full")
        error.headers["Retry-After"] = "1"
        throw error
      }
      state.waiting += jobs
    }
    wake.signal()
  }

  /// What `body` makes with the model, once the steps that are under way are done.
  func perform<Result: Sendable>(
    _ body: @escaping @Sendable (EngineWorker) throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      do throws(ServerError) {
        try state.withLock { state throws(ServerError) in
          // After the thread has ended nobody would do it.
          try Self.check(state.phase)
          state.tasks.append { worker in
            continuation.resume(with: Swift.Result { try body(worker) })
          }
        }
        wake.signal()
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  /// A client has left: its place is free at the next step.
  func cancel(_ request: AnswerRequest) {
    request.cancel()
    wake.signal()
  }

  /// The places.
  var slots: [SlotStatus] { state.withLock { $0.slots } }

  /// What was done, and how many sequences run and wait.
  var metrics: (EngineMetrics, processing: Int, deferred: Int) {
    state.withLock { ($0.metrics, $0.slots.count(where: \.isBusy), $0.waiting.count) }
  }

  /// Takes no more requests, gives running ones so many seconds, and ends.
  func drain(seconds: Double) {
    state.withLock { state in
      guard state.phase != .ended else { return }
      state.phase = .draining
      state.deadline = .now + .seconds(seconds)
    }
    wake.signal()
  }

  // MARK: On the thread

  private func run(_ worker: EngineWorker) {
    while true {
      let (tasks, isEnding, isLate) = state.withLock { state in
        let tasks = state.tasks
        state.tasks = []
        let late = state.deadline.map { $0 <= .now } ?? false
        return (tasks, state.phase == .draining, late)
      }
      for task in tasks { task(worker) }
      if isLate { worker.cancelAll(giveUp(.draining)) }
      state.withLock { $0.waiting.removeAll { $0.request.isCancelled } }
      admit(to: worker)
      let worked = worker.step()
      publish(worker)
      let isDone = state.withLock { state in
        guard isEnding, !worker.isBusy, state.waiting.isEmpty, state.tasks.isEmpty else {
          return false
        }
        state.phase = .ended
        return true
      }
      if isDone { return }
      // Idle, or nobody reads: until something happens, or soon.
      if !worked { _ = wake.wait(timeout: .now() + (worker.isBusy || isEnding ? 0.005 : 60)) }
    }
  }

  /// Fails what waits; returns the error.
  private func giveUp(_ error: ServerError) -> ServerError {
    let waiting = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
    for job in waiting { job.request.events.push(.failed(error)) }
    return error
  }

  private func admit(to worker: EngineWorker) {
    var index = 0
    while worker.hasRoom {
      let job = state.withLock { state -> AnswerJob? in
        guard index < state.waiting.count else { return nil }
        // One for a chosen place that is busy waits, and those behind it do not.
        guard worker.canTake(state.waiting[index]) else { return nil }
        return state.waiting.remove(at: index)
      }
      if let job {
        worker.take(job)
      } else if state.withLock({ index < $0.waiting.count }) {
        index += 1
      } else {
        return
      }
    }
  }

  private func publish(_ worker: EngineWorker) {
    state.withLock { state in
      for slot in worker.slots {
        state.slots[slot.index] = SlotStatus(
          digest: slot.answer?.job.edit.digest, isBusy: slot.answer != nil,
          promptTokens: slot.answer?.prompt.count ?? 0,
          decoded: slot.answer?.timings.predicted ?? 0)
      }
      state.metrics = worker.metrics
    }
  }
}
