import Foundation
import Synchronization

/// Something that takes several messages. The thread of messages has it go on, until it is done.
package protocol MessageOperation: AnyObject, Sendable {
  /// Set once nothing is left to do.
  var isDone: Atomic<Bool> { get }
  /// Goes on as far as it can without waiting.
  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress
}

/// What an operation came to.
package enum MessageProgress {
  /// Something was done; there may be more to do at once.
  case moved
  /// Messages are under way.
  case idle
  /// It waits for whoever computes, who says so by `Communicator.notify`.
  case parked
  /// It is done.
  case done
}

/// What the thread of messages and the others share.
final class Inbox: @unchecked Sendable {
  enum Request {
    case none
    case leave
    case abort(Int32)
  }

  private let condition = NSCondition()
  private var known: (rank: Int, count: Int, host: String)?
  private var failure: CommunicationError?
  private var operations: [any MessageOperation] = []
  private var request = Request.none
  private var hasLeft = false
  /// Whether anything came since the thread of messages last looked.
  private var isNew = false

  private func locked<Result>(_ body: () -> Result) -> Result {
    condition.lock()
    defer { condition.unlock() }
    return body()
  }

  // MARK: For others

  func identity() throws(CommunicationError) -> (rank: Int, count: Int, host: String) {
    try wait { known != nil }
    return locked { known! }
  }

  func add(_ operation: any MessageOperation) {
    locked {
      operations.append(operation)
      isNew = true
      condition.broadcast()
    }
  }

  func wake() {
    locked {
      isNew = true
      condition.broadcast()
    }
  }

  func wait(until holds: () -> Bool) throws(CommunicationError) {
    let problem: CommunicationError? = locked {
      while !holds() {
        if let failure { return failure }
        condition.wait()
      }
      return nil
    }
    if let problem { throw problem }
  }

  func leave() {
    locked {
      request = .leave
      isNew = true
      condition.broadcast()
      while !hasLeft { condition.wait() }
    }
  }

  func abort(code: Int32) -> Never {
    locked {
      request = .abort(code)
      isNew = true
      condition.broadcast()
    }
    while true { sleep(1) }
  }

  // MARK: For the thread of messages

  func began(_ transport: any MessageTransport) {
    locked {
      known = (transport.rank, transport.count, transport.host)
      condition.broadcast()
    }
  }

  func failed(_ error: CommunicationError) {
    locked {
      failure = error
      condition.broadcast()
    }
  }

  func left() {
    locked {
      hasLeft = true
      condition.broadcast()
    }
  }

  /// Wakes who waits for what operations have done.
  func announce() { locked { condition.broadcast() } }

  /// What came since the last call; with `waits` only once something comes.
  func take(waits: Bool) -> (operations: [any MessageOperation], request: Request) {
    locked {
      while waits, !isNew { condition.wait() }
      isNew = false
      defer { operations = [] }
      return (operations, request)
    }
  }
}

/// The thread that moves all messages.
struct MessageThread {
  /// Longest sleep between two looks at messages under way, in microseconds. A network of 1 Gbit/s moves 60 KB in it,
  /// less than the system keeps for a connection.
  private static let longestPause: UInt32 = 500

  private let inbox: Inbox

  init(_ inbox: Inbox) { self.inbox = inbox }

  func run(_ makeTransport: () throws(CommunicationError) -> any MessageTransport) {
    let transport: any MessageTransport
    do throws(CommunicationError) { transport = try makeTransport() } catch {
      inbox.failed(error)
      return
    }
    inbox.began(transport)
    var active: [any MessageOperation] = []
    var mustWait = true
    var pause: UInt32 = 1
    while true {
      let news = inbox.take(waits: mustWait)
      active += news.operations
      switch news.request {
      case .none: break
      case .abort(let code): transport.abort(code: code)
      case .leave:
        transport.end()
        inbox.left()
        return
      }
      do throws(CommunicationError) {
        let (moved, underWay) = try advance(&active, transport)
        mustWait = !moved && !underWay
        pause = moved ? 1 : min(2 * pause, Self.longestPause)
        if moved { inbox.announce() } else if underWay { usleep(pause) }
      } catch {
        // Nothing goes on; whoever waits is told, and ends the program.
        inbox.failed(error)
        active = []
        mustWait = true
      }
    }
  }

  private func advance(
    _ active: inout [any MessageOperation], _ transport: any MessageTransport
  ) throws(CommunicationError) -> (moved: Bool, underWay: Bool) {
    var moved = false
    var underWay = false
    var left: [any MessageOperation] = []
    for operation in active {
      switch try operation.advance(transport) {
      case .moved:
        moved = true
        left.append(operation)
      case .idle:
        underWay = true
        left.append(operation)
      case .parked: left.append(operation)
      case .done:
        operation.isDone.store(true, ordering: .releasing)
        moved = true
      }
    }
    active = left
    return (moved, underWay)
  }
}
