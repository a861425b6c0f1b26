import Foundation

/// A thread of its own that does jobs one after the other. A model keeps a thread busy for seconds: the few
/// of Swift's cooperative pool would have none left for anybody else.
final class SessionThread: Sendable {
  private let jobs = Jobs()

  init() {
    let jobs = jobs
    let thread = Thread {
      while let job = jobs.next() { job() }
    }
    thread.name = "emend session"
    // Bodies of the pool's threads run on the caller's, with what that one has.
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit { jobs.end() }

  /// Does `job` after those before it.
  func enqueue(_ job: @escaping @Sendable () -> Void) { jobs.add(job) }

  /// What `body` returns or throws, once it was its turn.
  func run<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      enqueue { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  /// The jobs that are waiting; the thread ends when all are done and nobody can add one.
  private final class Jobs: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [@Sendable () -> Void] = []
    private var isEnding = false

    func add(_ job: @escaping @Sendable () -> Void) {
      condition.withLock {
        waiting.append(job)
        condition.signal()
      }
    }

    func end() {
      condition.withLock {
        isEnding = true
        condition.signal()
      }
    }

    func next() -> (@Sendable () -> Void)? {
      condition.withLock {
        while waiting.isEmpty {
          if isEnding { return nil }
          condition.wait()
        }
        return waiting.removeFirst()
      }
    }
  }
}

/// Something that one thread alone uses, whoever keeps it.
final class Confined<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
