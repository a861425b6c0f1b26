import MessagePassing
import Synchronization
import TensorKernels

/// The sums of a step's gradients over the ranks, each at the rank that has the share: bucket after bucket, as they
/// become final. A sum is ((g0 + g1) + g2) + ... in the order of ranks, whoever's gradients arrive first.
final class GradientReduction: MessageOperation, @unchecked Sendable {
  /// Buckets under way at once.
  static let window = 4

  let isDone = Atomic(false)
  /// Buckets of this stage and higher ones are final.
  let finalStage = Atomic(Int.max)
  /// While buckets were under way.
  private(set) var busy = Duration.zero

  private let shares: ParameterShares
  /// Indices of buckets, in the order in which they become final.
  private let order: [Int]
  private let memory: PageBuffer
  private let places: Int
  private var started = 0
  private var underWay: [Bucket] = []
  private var free: [Int]
  private var begin: ContinuousClock.Instant?

  private struct Bucket {
    let index: Int
    let place: Int
    var requests: [MessageRequest]
  }

  /// Bytes for what arrives.
  static func byteCount(_ shares: ParameterShares) -> Int {
    window * (shares.count - 1) * shares.largestShare * 4
  }

  /// A reduction that receives into `memory`, of `byteCount`.
  init(_ shares: ParameterShares, memory: PageBuffer) {
    self.shares = shares
    self.memory = memory
    order = shares.buckets.indices.sorted {
      (shares.buckets[$1].stage, $0) < (shares.buckets[$0].stage, $1)
    }
    places = Self.window
    free = Array(0..<Self.window)
  }

  func advance(_ transport: any MessageTransport) throws(CommunicationError) -> MessageProgress {
    var moved = false
    var left: [Bucket] = []
    for var bucket in underWay {
      if try transport.areDone(&bucket.requests) {
        add(bucket)
        free.append(bucket.place)
        moved = true
      } else {
        left.append(bucket)
      }
    }
    underWay = left
    let stage = finalStage.load(ordering: .acquiring)
    while started < order.count, let place = free.last,
      shares.buckets[order[started]].stage >= stage
    {
      free.removeLast()
      underWay.append(try start(order[started], place, transport))
      started += 1
      moved = true
    }
    if underWay.isEmpty {
      if let begin { busy += ContinuousClock.now - begin }
      begin = nil
      return started == order.count ? .done : moved ? .moved : .parked
    }
    if begin == nil { begin = .now }
    return moved ? .moved : .idle
  }

  /// Where the share of `peer` arrives.
  private func buffer(_ place: Int, _ peer: Int) -> UnsafeMutablePointer<Float> {
    let number = place * (shares.count - 1) + (peer < shares.rank ? peer : peer - 1)
    return memory.elements(Float.self) + number * shares.largestShare
  }

  private func start(
    _ index: Int, _ place: Int, _ transport: any MessageTransport
  ) throws(CommunicationError) -> Bucket {
    let tag = MessageTag.first + index
    let own = shares.segments(shares.share(of: index, rank: shares.rank))
    var requests: [MessageRequest] = []
    for step in 1..<shares.count {
      let from = (shares.rank + step) % shares.count
      var arrives = buffer(place, from)
      for segment in own {
        requests.append(
          try transport.receive(
            UnsafeMutableRawBufferPointer(start: arrives, count: 4 * segment.gradients.count),
            from: from, tag: tag))
        arrives += segment.gradients.count
      }
    }
    for step in 1..<shares.count {
      let to = (shares.rank + shares.count - step) % shares.count
      for segment in shares.segments(shares.share(of: index, rank: to)) {
        requests.append(
          try transport.send(UnsafeRawBufferPointer(segment.gradients), to: to, tag: tag))
      }
    }
    return Bucket(index: index, place: place, requests: requests)
  }

  private func add(_ bucket: Bucket) {
    var offset = 0
    for segment in shares.segments(shares.share(of: bucket.index, rank: shares.rank)) {
      addInRankOrder(
        into: segment.gradients.baseAddress!, count: segment.gradients.count, ranks: shares.count
      ) { rank in
        rank == shares.rank
          ? UnsafePointer(segment.gradients.baseAddress!)
          : UnsafePointer(buffer(bucket.place, rank) + offset)
      }
      offset += segment.gradients.count
    }
  }
}
