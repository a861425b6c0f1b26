import Foundation
import MessagePassing
import Synchronization

/// Ranks that are threads of one process, for tests of what ranks do together. Messages take as long to arrive as a
/// seed says, so that no two seeds have the same order of arrivals.
package enum LocalRanks {
  /// What `body` gives on each of `count` ranks, which run at once.
  package static func run<Result: Sendable>(
    _ count: Int, seed: UInt64 = 0, _ body: @escaping @Sendable (Communicator) throws -> Result
  ) throws -> [Result] {
    let post = Post()
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    let group = DispatchGroup()
    for rank in 0..<count {
      group.enter()
      // A thread of its own, since it waits for the others.
      Thread {
        let result = Swift.Result {
          let ranks = try Communicator { () throws(CommunicationError) in
            LocalTransport(rank: rank, count: count, post: post, seed: seed)
          }
          defer { ranks.leave() }
          return try body(ranks)
        }
        results.withLock { $0[rank] = result }
        group.leave()
      }.start()
    }
    group.wait()
    let all = results.withLock { $0 }
    return try (0..<count).map { try all[$0]!.get() }
  }
}

/// Messages that were sent and not yet received.
private final class Post: Sendable {
  struct Address: Hashable {
    let from: Int
    let to: Int
    let tag: Int
  }

  private let messages = Mutex<[Address: [[UInt8]]]>([:])

  func put(_ bytes: [UInt8], _ address: Address) {
    messages.withLock { $0[address, default: []].append(bytes) }
  }

  func take(_ address: Address) -> [UInt8]? {
    messages.withLock { messages in
      guard let first = messages[address]?.first else { return nil }
      messages[address]?.removeFirst()
      return first
    }
  }
}

private final class LocalTransport: MessageTransport {
  let rank: Int
  let count: Int
  var host: String { "host-\(rank)" }
  private let post: Post
  private var generator: SplitMix64
  private struct Receipt {
    let address: Post.Address
    let bytes: UnsafeMutableRawBufferPointer
  }
  private var receipts: [UInt64: Receipt] = [:]
  /// Numbers of receipts in the order in which they were begun, by address.
  private var queues: [Post.Address: [UInt64]] = [:]
  private var next: UInt64 = 1

  init(rank: Int, count: Int, post: Post, seed: UInt64) {
    self.rank = rank
    self.count = count
    self.post = post
    generator = SplitMix64(seed: seed &* 1000 &+ UInt64(rank))
  }

  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) -> MessageRequest {
    post.put(Array(bytes), .init(from: self.rank, to: rank, tag: tag))
    return MessageRequest(bits: 0)
  }

  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
  ) -> MessageRequest {
    let address = Post.Address(from: rank, to: self.rank, tag: tag)
    defer { next += 1 }
    receipts[next] = Receipt(address: address, bytes: bytes)
    queues[address, default: []].append(next)
    return MessageRequest(bits: next)
  }

  func isDone(_ request: inout MessageRequest) -> Bool {
    guard let receipt = receipts[request.bits] else { return true }
    guard queues[receipt.address]?.first == request.bits, generator.next() % 4 == 0,
      let message = post.take(receipt.address)
    else { return false }
    precondition(message.count == receipt.bytes.count, "as many bytes as were sent")
    receipt.bytes.copyBytes(from: message)
    receipts[request.bits] = nil
    queues[receipt.address]?.removeFirst()
    return true
  }

  func end() {}

  func abort(code: Int32) -> Never { exit(code) }
}
