import Synchronization

/// Ranks that work by themselves, one longer than another, and hear of each other when one is told to stop.
///
///     let notice = StopNotice(ranks)
///     ... work, until it is done or notice.isHeard ...
///     let wasStopped = try notice.end(stopped: Interrupt.isRequested)     // waits for all
public final class StopNotice: Sendable {
  private let ranks: Communicator
  private let operation: StopNoticeOperation

  /// All ranks begin, and all `end`.
  public init(_ ranks: Communicator) {
    self.ranks = ranks
    operation = StopNoticeOperation(ranks: ranks.count)
    ranks.begin(operation)
  }

  /// Whether another rank has stopped before its work was done.
  public var isHeard: Bool { operation.isHeard.load(ordering: .relaxed) }

  /// Says that this rank's work is at its end, or that it was `stopped` before, and waits until all have. Whether any
  /// was stopped. Throws `failed`.
  public func end(stopped: Bool) throws(CommunicationError) -> Bool {
    operation.end.store(stopped ? StopNoticeOperation.stopped : 1, ordering: .releasing)
    ranks.notify()
    try ranks.wait { operation.isDone.load(ordering: .acquiring) }
    return stopped || isHeard
  }
}

/// A byte from each rank to every other one, once it is at its end.
private final class StopNoticeOperation: MessageOperation, @unchecked Sendable {
  static let stopped: UInt8 = 2

  let isDone = Atomic(false)
  let isHeard = Atomic(false)
  /// This rank's byte; 0 while it works.
  let end = Atomic<UInt8>(0)
  private let bytes: UnsafeMutablePointer<UInt8>
  private let count: Int
  private var receipts: [MessageRequest]?
  private var sent: [MessageRequest]?

  init(ranks: Int) {
    count = ranks
    bytes = .allocate(capacity: ranks)
    bytes.initialize(repeating: 0, count: ranks)
  }

  deinit { bytes.deallocate() }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    let others = (0..<count).filter { $0 != transport.rank }
    guard var receipts else {
      receipts = try others.map { rank throws(CommunicationError) in
        try transport.receive(
          UnsafeMutableRawBufferPointer(start: bytes + rank, count: 1), from: rank,
          tag: MessageTag.notice)
      }
      return .moved
    }
    let areReceived = try transport.areDone(&receipts)
    self.receipts = receipts
    for (receipt, rank) in zip(receipts, others)
    where receipt.isDone && bytes[rank] == Self.stopped {
      isHeard.store(true, ordering: .relaxed)
    }
    guard var sent else {
      bytes[transport.rank] = end.load(ordering: .acquiring)
      guard bytes[transport.rank] != 0 else { return .idle }
      sent = try others.map { rank throws(CommunicationError) in
        try transport.send(
          UnsafeRawBufferPointer(start: bytes + transport.rank, count: 1), to: rank,
          tag: MessageTag.notice)
      }
      return .moved
    }
    let areSent = try transport.areDone(&sent)
    self.sent = sent
    return areSent && areReceived ? .done : .idle
  }
}
