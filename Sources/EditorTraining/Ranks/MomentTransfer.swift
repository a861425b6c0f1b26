import KernelInterface
import MessagePassing
import TensorKernels

/// The moments of all ranks as those of one: on their way into a training's state, and out of it. All ranks take part
/// in the same order; no rank has more than its own and one share of a bucket.
struct MomentTransfer {
  let ranks: Communicator
  let shares: ParameterShares
  let optimizer: AdamW

  /// One buffer of moments: of all ranks, and where this rank's lie.
  struct Section {
    let name: String
    /// Bytes of a block of parameters.
    let blockBytes: Int
    let byteCount: Int
    let own: UnsafeMutableRawBufferPointer
  }

  /// In the order of `AdamW.state`.
  var sections: [Section] {
    let all = shares.buckets.last?.blocks.upperBound ?? 0
    let mine = shares.owned.reduce(0) { $0 + $1.count }
    return optimizer.state.map { name, bytes in
      let block = optimizer.blockByteCount(of: name)
      precondition(bytes.count == block * mine, "a rank has the moments of its share")
      return Section(name: name, blockBytes: block, byteCount: block * all, own: bytes)
    }
  }

  /// Calls `body` with the bytes of each share of a section, in the order of the parameters, and with the rank that
  /// has it; `own` is where they lie, if that is this one.
  private func eachShare(
    _ section: Section,
    _ body: (_ rank: Int, _ byteCount: Int, _ own: UnsafeMutableRawBufferPointer?)
      throws(EditorTrainingError) -> Void
  ) throws(EditorTrainingError) {
    var offset = 0
    for bucket in shares.buckets.indices {
      for rank in 0..<shares.count {
        let bytes = shares.share(of: bucket, rank: rank).count * section.blockBytes
        guard bytes > 0 else { continue }
        guard rank == shares.rank else {
          try body(rank, bytes, nil)
          continue
        }
        let mine = UnsafeMutableRawBufferPointer(rebasing: section.own[offset..<offset + bytes])
        offset += bytes
        try body(rank, bytes, mine)
      }
    }
  }

  /// Gives rank 0 what this one has of a section, while that one runs `collect`. Throws `ranks`.
  func give(_ section: Section) throws(EditorTrainingError) {
    try eachShare(section) { _, _, own throws(EditorTrainingError) in
      guard let own else { return }
      do throws(CommunicationError) { try ranks.send(UnsafeRawBufferPointer(own), to: 0) } catch {
        throw .ranks(error)
      }
    }
  }

  /// On rank 0: hands all of a section to `write`, in order. Throws `ranks`, and what that throws.
  func collect(
    _ section: Section,
    _ write: (UnsafeRawBufferPointer) throws(EditorTrainingError) -> Void
  ) throws(EditorTrainingError) {
    let bounce = try bounce(section)
    try eachShare(section) { rank, count, own throws(EditorTrainingError) in
      if let own { return try write(UnsafeRawBufferPointer(own)) }
      let arrived = UnsafeMutableRawBufferPointer(start: bounce.address, count: count)
      do throws(CommunicationError) { try ranks.receive(arrived, from: rank) } catch {
        throw .ranks(error)
      }
      try write(UnsafeRawBufferPointer(arrived))
    }
  }

  /// Takes what is this rank's of a section, while rank 0 runs a `Distribution` of it. Throws `ranks`.
  func take(_ section: Section) throws(EditorTrainingError) {
    try eachShare(section) { _, _, own throws(EditorTrainingError) in
      guard let own else { return }
      do throws(CommunicationError) { try ranks.receive(own, from: 0) } catch {
        throw .ranks(error)
      }
    }
  }

  private func bounce(_ section: Section) throws(EditorTrainingError) -> PageBuffer {
    let blocks = shares.largestShare / OptimizerKernels.momentBlock
    do { return try PageBuffer(byteCount: blocks * section.blockBytes) } catch {
      throw .memory(error)
    }
  }

  /// On rank 0: a section that is read piece by piece, each share of which goes to its rank once it is whole.
  struct Distribution {
    private let ranks: Communicator
    private var shares: [(rank: Int, place: UnsafeMutableRawBufferPointer?, count: Int)] = []
    private let bounce: PageBuffer
    private var next = 0
    private var filled = 0

    init(_ section: Section, of transfer: MomentTransfer) throws(EditorTrainingError) {
      ranks = transfer.ranks
      bounce = try transfer.bounce(section)
      var all: [(rank: Int, place: UnsafeMutableRawBufferPointer?, count: Int)] = []
      try transfer.eachShare(section) { rank, count, own in all.append((rank, own, count)) }
      shares = all
    }

    /// Takes the section's next bytes. Throws `ranks`.
    mutating func take(_ piece: UnsafeRawBufferPointer) throws(EditorTrainingError) {
      var rest = piece[...]
      while !rest.isEmpty {
        let share = shares[next]
        let target =
          share.place ?? UnsafeMutableRawBufferPointer(start: bounce.address, count: share.count)
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(share.count - filled))
        UnsafeMutableRawBufferPointer(rebasing: target[filled...]).copyMemory(from: part)
        filled += part.count
        rest = rest.dropFirst(part.count)
        guard filled == share.count else { return }
        if share.place == nil {
          do throws(CommunicationError) {
            try ranks.send(UnsafeRawBufferPointer(target), to: share.rank)
          } catch {
            throw .ranks(error)
          }
        }
        (next, filled) = (next + 1, 0)
      }
    }
  }
}
