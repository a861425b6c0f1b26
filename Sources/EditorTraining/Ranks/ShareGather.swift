import MessagePassing
import Synchronization

/// Every rank's shares for everyone, where they lie: of parameters after a step, bucket after bucket, those that the
/// next forward pass reads first coming first; or of sums of gradients.
final class ShareGather: MessageOperation, @unchecked Sendable {
  typealias Part = KeyPath<ParameterShares.Segment, UnsafeMutableBufferPointer<Float>> & Sendable

  let isDone = Atomic(false)
  /// Buckets of the order that have arrived whole, from its beginning on.
  let arrived = Atomic(0)
  /// Indices of buckets, in the order in which they are read.
  let order: [Int]
  /// While buckets were under way.
  private(set) var busy = Duration.zero

  private let shares: ParameterShares
  private let part: Part
  private var started = 0
  private var underWay: [[MessageRequest]] = []
  private let begin = ContinuousClock.now

  init(_ shares: ParameterShares, _ part: Part) {
    self.shares = shares
    self.part = part
    order = shares.buckets.indices.sorted {
      (shares.buckets[$0].stage, $0) < (shares.buckets[$1].stage, $1)
    }
  }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    var moved = false
    for index in underWay.indices { _ = try transport.areDone(&underWay[index]) }
    while let first = underWay.first, first.allSatisfy(\.isDone) {
      underWay.removeFirst()
      arrived.add(1, ordering: .releasing)
      moved = true
    }
    while started < order.count, underWay.count < GradientReduction.window {
      underWay.append(try start(order[started], transport))
      started += 1
      moved = true
    }
    guard underWay.isEmpty else { return moved ? .moved : .idle }
    busy = ContinuousClock.now - begin
    return .done
  }

  private func start(
    _ index: Int, _ transport: any MessageTransport
  ) throws(CommunicationError) -> [MessageRequest] {
    let tag = MessageTag.first + shares.buckets.count + index
    var requests: [MessageRequest] = []
    for step in 1..<shares.count {
      let from = (shares.rank + step) % shares.count
      for segment in shares.segments(shares.share(of: index, rank: from)) {
        requests.append(
          try transport.receive(
            UnsafeMutableRawBufferPointer(segment[keyPath: part]), from: from, tag: tag))
      }
    }
    for step in 1..<shares.count {
      let to = (shares.rank + shares.count - step) % shares.count
      for segment in shares.segments(shares.share(of: index, rank: shares.rank)) {
        requests.append(
          try transport.send(UnsafeRawBufferPointer(segment[keyPath: part]), to: to, tag: tag))
      }
    }
    return requests
  }
}
