import Synchronization

/// The events of one request, between the thread that makes them and the task that sends them.
///
/// It holds a few: a sequence whose client does not read is left out until there is room, and is not
/// buffered without bound.
final class EventQueue: Sendable {
  /// Events that wait at most.
  static let capacity = 64

  private struct State {
    var events: [AnswerEvent] = []
    var first = 0
    var waiting: CheckedContinuation<AnswerEvent?, Never>?
    var isClosed = false
    var lastEvent = ContinuousClock.now
  }

  private let state = Mutex(State())

  /// Whether another event may come.
  var hasRoom: Bool {
    state.withLock { $0.events.count - $0.first < Self.capacity || $0.isClosed }
  }

  /// Adds an event; one that is forgotten where nobody listens any more.
  func push(_ event: AnswerEvent) {
    let waiting = state.withLock { state -> CheckedContinuation<AnswerEvent?, Never>? in
      guard !state.isClosed else { return nil }
      state.lastEvent = .now
      if let waiting = state.waiting {
        state.waiting = nil
        return waiting
      }
      state.events.append(event)
      return nil
    }
    waiting?.resume(returning: event)
  }

  /// Adds a sign of life where nothing has happened for `interval`.
  func ping(after interval: Duration) {
    let isDue = state.withLock {
      $0.first == $0.events.count && $0.lastEvent.duration(to: .now) >= interval
    }
    if isDue { push(.ping) }
  }

  /// The next event; nil when it was closed. One task at a time waits.
  func next() async -> AnswerEvent? {
    await withCheckedContinuation { continuation in
      let ready = state.withLock { state -> AnswerEvent?? in
        if state.isClosed { return .some(nil) }
        if state.first < state.events.count {
          let event = state.events[state.first]
          state.first += 1
          if state.first == state.events.count {
            state.events.removeAll(keepingCapacity: true)
            state.first = 0
          }
          return event
        }
        state.waiting = continuation
        return nil
      }
      if let ready { continuation.resume(returning: ready) }
    }
  }

  /// Ends it: nobody listens any more.
  func close() {
    let waiting = state.withLock { state -> CheckedContinuation<AnswerEvent?, Never>? in
      state.isClosed = true
      state.events = []
      state.first = 0
      let waiting = state.waiting
      state.waiting = nil
      return waiting
    }
    waiting?.resume(returning: nil)
  }
}
