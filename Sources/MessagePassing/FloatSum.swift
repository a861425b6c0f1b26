import Synchronization

/// sum_i = ((part(0)_i + part(1)_i) + part(2)_i) + ... for `count` floats, put to `sum`, which may be one of the parts.
package func addInRankOrder(
  into sum: UnsafeMutablePointer<Float>, count: Int, ranks: Int,
  part: (_ rank: Int) -> UnsafePointer<Float>
) {
  // A cache holds as many of each rank.
  let tile = 2048
  withUnsafeTemporaryAllocation(of: Float.self, capacity: tile) { tileSum in
    let tileSum = tileSum.baseAddress!
    for start in stride(from: 0, to: count, by: tile) {
      let some = min(tile, count - start)
      tileSum.update(from: part(0) + start, count: some)
      for rank in 1..<max(ranks, 1) {
        let more = part(rank) + start
        for i in 0..<some { tileSum[i] += more[i] }
      }
      (sum + start).update(from: tileSum, count: some)
    }
  }
}

/// Everyone's floats, added up by place in the order of ranks, where they lie: each rank has the sum of an equal part of
/// them, and gives it to all.
final class FloatSumOperation: MessageOperation, @unchecked Sendable {
  let isDone = Atomic(false)
  private let values: UnsafeMutablePointer<Float>
  private let count: Int
  /// What the others have of this rank's part, one rank after the other.
  private let arrived: UnsafeMutablePointer<Float>
  private let partRoom: Int
  private enum Phase {
    case begins
    case sums
    case gives
  }
  private var phase = Phase.begins
  private var requests: [MessageRequest] = []

  /// `count` floats at `values` stay where they are until it is done.
  init(_ values: UnsafeMutablePointer<Float>, count: Int, ranks: Int) {
    self.values = values
    self.count = count
    partRoom = (count + ranks - 1) / ranks
    arrived = .allocate(capacity: max(1, partRoom * (ranks - 1)))
  }

  deinit { arrived.deallocate() }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    switch phase {
    case .begins:
      try exchange(
        transport, tag: MessageTag.partSum, sends: { self.part($0, transport) },
        receives: { rank in
          UnsafeMutableRawBufferPointer(
            start: self.place(rank, transport), count: self.part(transport.rank, transport).count)
        })
      phase = .sums
      return .moved
    case .sums:
      guard try transport.areDone(&requests) else { return .idle }
      let own = part(transport.rank, transport)
      if let sum = own.baseAddress?.assumingMemoryBound(to: Float.self) {
        addInRankOrder(into: sum, count: own.count / 4, ranks: transport.count) { rank in
          UnsafePointer(rank == transport.rank ? sum : place(rank, transport))
        }
      }
      try exchange(
        transport, tag: MessageTag.wholeSum, sends: { _ in own },
        receives: { self.part($0, transport) })
      phase = .gives
      return .moved
    case .gives: return try transport.areDone(&requests) ? .done : .idle
    }
  }

  /// The part of which `rank` has the sum.
  private func part(
    _ rank: Int, _ transport: any MessageTransport
  ) -> UnsafeMutableRawBufferPointer {
    let first = count * rank / transport.count
    let end = count * (rank + 1) / transport.count
    return UnsafeMutableRawBufferPointer(start: values + first, count: 4 * (end - first))
  }

  /// Where what `rank` has of this one's part arrives.
  private func place(
    _ rank: Int, _ transport: any MessageTransport
  ) -> UnsafeMutablePointer<Float> {
    arrived + partRoom * (rank < transport.rank ? rank : rank - 1)
  }

  /// Begins to send to, and to receive from, every other rank.
  private func exchange(
    _ transport: any MessageTransport, tag: Int,
    sends: (_ rank: Int) -> UnsafeMutableRawBufferPointer,
    receives: (_ rank: Int) -> UnsafeMutableRawBufferPointer
  ) throws(CommunicationError) {
    requests = []
    for step in 1..<max(transport.count, 1) {
      let from = (transport.rank + step) % transport.count
      requests.append(try transport.receive(receives(from), from: from, tag: tag))
    }
    for step in 1..<max(transport.count, 1) {
      let to = (transport.rank + transport.count - step) % transport.count
      requests.append(
        try transport.send(UnsafeRawBufferPointer(sends(to)), to: to, tag: tag))
    }
  }
}

extension Communicator {
  /// By place the sum of everyone's floats, as many from each, added up in the order of ranks: the same bits on all, and
  /// each time with as many ranks. Memory: (N - 1) / N as many floats. Throws `failed`.
  package func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(CommunicationError) {
    guard let start = values.baseAddress, count > 1 else { return }
    try run(FloatSumOperation(start, count: values.count, ranks: count))
  }
}
