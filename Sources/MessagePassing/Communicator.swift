import Foundation

/// The ranks of one training, and this one's way to the others.
///
///     guard let ranks = try Communicator.joining() else { ... }     // one process by itself
///     let all = try ranks.gather([loss])                            // everyone's, in the order of ranks
///     ranks.leave()
///
/// A thread of its own moves all messages, so that they go on while others compute. Its methods are called by one
/// other thread at a time, by all ranks in the same order.
public final class Communicator: @unchecked Sendable {
  /// This rank, from 0.
  public let rank: Int
  /// How many there are.
  public let count: Int
  /// The machine's name.
  public let host: String
  /// Whether this one prints and writes.
  public var isFirst: Bool { rank == 0 }

  private let inbox: Inbox

  /// Joins the ranks that a launcher began; nil for a process by itself. Throws `notBuilt` where there are several
  /// and the package's trait MPI was off, and `failed`.
  public static func joining() throws(CommunicationError) -> Communicator? {
    let environment = RankEnvironment.current
    guard environment.count > 1 else { return nil }
    #if MPI
      let joined = try Communicator { () throws(CommunicationError) in try MPITransport() }
      guard joined.count == environment.count else {
        joined.leave()
        throw .otherCount(launcher: environment.count, mpi: joined.count)
      }
      return joined
    #else
      throw .notBuilt(ranks: environment.count)
    #endif
  }

  /// Ranks over the messages of a transport, which is made and used by the thread of messages. Throws what that
  /// throws.
  package init(
    _ makeTransport: @escaping @Sendable () throws(CommunicationError) -> any MessageTransport
  ) throws(CommunicationError) {
    let inbox = Inbox()
    let thread = Thread { MessageThread(inbox).run(makeTransport) }
    thread.name = "messages"
    thread.start()
    self.inbox = inbox
    (rank, count, host) = try inbox.identity()
  }

  /// Has the thread of messages begin `operation`.
  package func begin(_ operation: any MessageOperation) { inbox.add(operation) }

  /// Tells the thread of messages that something has changed which an operation waits for.
  package func notify() { inbox.wake() }

  /// Waits until `condition` holds, which changes by what operations do. Throws what went wrong with messages.
  package func wait(until condition: () -> Bool) throws(CommunicationError) {
    try inbox.wait(until: condition)
  }

  /// Begins `operation` and waits for its end.
  package func run(_ operation: any MessageOperation) throws(CommunicationError) {
    begin(operation)
    try wait { operation.isDone.load(ordering: .acquiring) }
  }

  /// Leaves, once all ranks do.
  public func leave() { inbox.leave() }

  /// Ends all ranks with exit code `code`, without a word.
  public func abort(code: Int32) -> Never { inbox.abort(code: code) }
}
