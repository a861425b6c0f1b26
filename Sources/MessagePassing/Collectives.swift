import Synchronization

/// The tags of messages, by what they are for.
package enum MessageTag {
  static let gather = 1
  static let broadcast = 2
  static let single = 3
  static let partSum = 4
  static let wholeSum = 5
  static let notice = 6
  /// Those of operations elsewhere begin here.
  package static let first = 16
}

/// Everyone's bytes for everyone, in ceil(log2 N) rounds (Bruck and others, 1997): in round k a rank has those of 2^k
/// ranks from its own on, and gives them to the rank 2^k before.
final class GatherOperation: MessageOperation, @unchecked Sendable {
  let isDone = Atomic(false)
  private let size: Int
  /// Of this rank, of the next one, and so on around.
  private var blocks: UnsafeMutableRawBufferPointer
  private var distance = 1
  private var requests: [MessageRequest]?

  init(_ own: [UInt8], ranks: Int) {
    size = own.count
    blocks = .allocate(byteCount: max(1, size * ranks), alignment: 16)
    blocks.copyBytes(from: own)
  }

  deinit { blocks.deallocate() }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    let count = transport.count
    guard distance < count else { return .done }
    if var open = requests {
      let all = try transport.areDone(&open)
      requests = all ? nil : open
      if all { distance *= 2 }
      return all ? .moved : .idle
    }
    let bytes = min(distance, count - distance) * size
    requests = [
      try transport.receive(
        UnsafeMutableRawBufferPointer(rebasing: blocks[distance * size..<distance * size + bytes]),
        from: (transport.rank + distance) % count, tag: MessageTag.gather),
      try transport.send(
        UnsafeRawBufferPointer(rebasing: blocks[..<bytes]),
        to: (transport.rank + count - distance) % count, tag: MessageTag.gather),
    ]
    return .moved
  }

  /// In the order of ranks.
  func result(rank: Int, count: Int) -> [[UInt8]] {
    (0..<count).map { other in
      let place = (other + count - rank) % count * size
      return Array(blocks[place..<place + size])
    }
  }
}

/// Rank 0's bytes for everyone, along a binomial tree: a rank has them from the one whose number lacks its lowest bit.
final class BroadcastOperation: MessageOperation, @unchecked Sendable {
  let isDone = Atomic(false)
  private let bytes: UnsafeMutableRawBufferPointer
  private enum Phase {
    case begins
    case receives
    case sends
  }
  private var phase = Phase.begins
  private var requests: [MessageRequest] = []

  /// `bytes` stay where they are until it is done.
  init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    let rank = transport.rank
    switch phase {
    case .begins:
      phase = .receives
      if rank > 0 {
        requests = [
          try transport.receive(bytes, from: rank & (rank - 1), tag: MessageTag.broadcast)
        ]
      }
      return .moved
    case .receives:
      guard try transport.areDone(&requests) else { return .idle }
      phase = .sends
      requests = []
      let lowest = rank == 0 ? transport.count : rank & -rank
      var bit = 1
      while bit < lowest, rank + bit < transport.count {
        requests.append(
          try transport.send(
            UnsafeRawBufferPointer(bytes), to: rank + bit, tag: MessageTag.broadcast))
        bit *= 2
      }
      return .moved
    case .sends: return try transport.areDone(&requests) ? .done : .idle
    }
  }
}

/// One message.
final class SingleOperation: MessageOperation, @unchecked Sendable {
  let isDone = Atomic(false)
  private let bytes: UnsafeMutableRawBufferPointer
  private let peer: Int
  private let isSending: Bool
  private var request: [MessageRequest]?

  /// `bytes` stay where they are until it is done.
  init(_ bytes: UnsafeMutableRawBufferPointer, peer: Int, isSending: Bool) {
    self.bytes = bytes
    self.peer = peer
    self.isSending = isSending
  }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    guard var open = request else {
      request = [
        isSending
          ? try transport.send(UnsafeRawBufferPointer(bytes), to: peer, tag: MessageTag.single)
          : try transport.receive(bytes, from: peer, tag: MessageTag.single)
      ]
      return .moved
    }
    let isDone = try transport.areDone(&open)
    request = open
    return isDone ? .done : .idle
  }
}

extension Communicator {
  /// The most that one message has.
  private static var pieceBytes: Int { 1 << 24 }

  /// Everyone's bytes, as many from each, in the order of ranks. Throws `failed`.
  package func gather(bytes own: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
    let operation = GatherOperation(own, ranks: count)
    try run(operation)
    return operation.result(rank: rank, count: count)
  }

  /// Everyone's numbers, as many from each, in the order of ranks. Throws `failed`.
  public func gather(_ own: [Double]) throws(CommunicationError) -> [[Double]] {
    try gather(bytes: own.withUnsafeBytes { Array($0) }).map { bytes in
      bytes.withUnsafeBytes { bytes in
        own.indices.map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
      }
    }
  }

  /// By place the sum of everyone's numbers, in the order of ranks: where each place is one rank's, and 0 at the others, all
  /// have all of them then, to the bit. Throws `failed`.
  package func sum(_ own: [Double]) throws(CommunicationError) -> [Double] {
    let all = try gather(own)
    return own.indices.map { index in all.reduce(0) { $0 + $1[index] } }
  }

  /// Everyone's texts, in the order of ranks. Throws `failed`.
  public func gather(_ own: String) throws(CommunicationError) -> [String] {
    let text = Array(own.utf8)
    let lengths = try gather([Double(text.count)]).map { Int($0[0]) }
    let most = lengths.max() ?? 0
    let all = try gather(bytes: text + [UInt8](repeating: 0, count: most - text.count))
    return zip(all, lengths).map { String(decoding: $0.prefix($1), as: UTF8.self) }
  }

  /// Gives rank 0's bytes to everyone, where they lie. Throws `failed`.
  package func broadcast(
    _ bytes: UnsafeMutableRawBufferPointer
  ) throws(CommunicationError) {
    for start in stride(from: 0, to: bytes.count, by: Self.pieceBytes) {
      let end = min(start + Self.pieceBytes, bytes.count)
      try run(BroadcastOperation(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end])))
    }
  }

  /// Sends bytes to one rank, which `receive`s them. Throws `failed`.
  package func send(_ bytes: UnsafeRawBufferPointer, to peer: Int) throws(CommunicationError) {
    try single(UnsafeMutableRawBufferPointer(mutating: bytes), peer, isSending: true)
  }

  /// Receives as many bytes as one rank `send`s. Throws `failed`.
  package func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from peer: Int
  ) throws(CommunicationError) {
    try single(bytes, peer, isSending: false)
  }

  private func single(
    _ bytes: UnsafeMutableRawBufferPointer, _ peer: Int, isSending: Bool
  ) throws(CommunicationError) {
    for start in stride(from: 0, to: bytes.count, by: Self.pieceBytes) {
      let end = min(start + Self.pieceBytes, bytes.count)
      try run(
        SingleOperation(
          UnsafeMutableRawBufferPointer(rebasing: bytes[start..<end]), peer: peer,
          isSending: isSending))
    }
  }

  /// Whether piece number `index` of work that is dealt out one by one is this rank's; it is where there are no ranks.
  package static func isTurn(of ranks: Communicator?, _ index: Int) -> Bool {
    ranks.map { index % $0.count == $0.rank } ?? true
  }

  /// `body` by itself where there are no ranks.
  public static func agreeing<Result>(
    _ ranks: Communicator?, _ body: () throws -> Result
  ) throws -> Result {
    try ranks?.agreeing(body) ?? body()
  }

  /// Runs `body` on every rank; where it throws on any, it throws on all: there its own error, elsewhere `otherRank`
  /// with the first that failed.
  public func agreeing<Result>(_ body: () throws -> Result) throws -> Result {
    var result: Result?
    var problem: (any Error)?
    do { result = try body() } catch { problem = error }
    let failed = try gather([problem == nil ? 0 : 1]).firstIndex { $0[0] != 0 }
    if let failed {
      // The first that failed speaks for all.
      if let problem, failed == rank { throw problem }
      throw CommunicationError.otherRank(failed)
    }
    return result!
  }
}
