import KernelInterface

/// Which rank keeps the moments of which parameters, and updates them (ZeRO-1, arXiv 1910.02054).
///
/// Parameters are counted in blocks of `OptimizerKernels.momentBlock`, of each range whole ones, in the order of the
/// ranges. Those that get their gradients together make a bucket of at most `bucketBlocks`, and every rank has an
/// equal share of every bucket: at any moment of a backward pass all ranks send and receive alike.
struct ParameterShares {
  /// Blocks that are exchanged together.
  struct Bucket: Equatable {
    /// When its gradients are final: a backward pass goes from the highest stage to the lowest, and a forward pass
    /// reads the lowest first.
    let stage: Int
    let blocks: Range<Int>
  }

  /// Parameters and gradients that lie side by side.
  struct Segment {
    var parameters: UnsafeMutableBufferPointer<Float>
    var gradients: UnsafeMutableBufferPointer<Float>
  }

  /// 2 MB of floats.
  static let bucketBlocks = 2048

  let rank: Int
  let count: Int
  /// In the order of their blocks.
  let buckets: [Bucket]
  private let ranges: [OptimizedRange]
  /// The first block of each range, and the end of the last one.
  private let starts: [Int]

  /// Of `ranges`, each of a stage of `stages`, over `count` ranks of which this one is `rank`.
  init(_ ranges: [OptimizedRange], stages: [Int], rank: Int, count: Int) {
    precondition(ranges.count == stages.count && (0..<count).contains(rank))
    self.ranges = ranges
    self.rank = rank
    self.count = count
    var starts = [0]
    for range in ranges {
      starts.append(
        starts.last! + MomentStorage.wholeBlocks(range.parameters.count)
          / OptimizerKernels.momentBlock)
    }
    self.starts = starts
    var buckets: [Bucket] = []
    var first = 0
    while first < ranges.count {
      var end = first + 1
      while end < ranges.count, stages[end] == stages[first] { end += 1 }
      let all = starts[first]..<starts[end]
      for start in stride(from: all.lowerBound, to: all.upperBound, by: Self.bucketBlocks) {
        buckets.append(
          Bucket(
            stage: stages[first],
            blocks: start..<min(start + Self.bucketBlocks, all.upperBound)))
      }
      first = end
    }
    self.buckets = buckets
  }

  /// The blocks of a bucket that `rank` has.
  func share(of bucket: Int, rank: Int) -> Range<Int> {
    let blocks = buckets[bucket].blocks
    return blocks.lowerBound + blocks.count * rank / count..<blocks.lowerBound
      + blocks.count * (rank + 1) / count
  }

  /// The blocks of all buckets that this rank has, in order.
  var owned: [Range<Int>] {
    buckets.indices.map { share(of: $0, rank: rank) }.filter { !$0.isEmpty }
  }

  /// Floats of the largest share of a bucket.
  var largestShare: Int {
    let most = buckets.map { ($0.blocks.count + count - 1) / count }.max() ?? 0
    return most * OptimizerKernels.momentBlock
  }

  /// Where blocks lie in memory: as few stretches as there are, without what fills up the last block of a range.
  func segments(_ blocks: Range<Int>) -> [Segment] {
    let size = OptimizerKernels.momentBlock
    var result: [Segment] = []
    for (index, range) in ranges.enumerated() {
      let mine = blocks.clamped(to: starts[index]..<starts[index + 1])
      guard !mine.isEmpty else { continue }
      let first = (mine.lowerBound - starts[index]) * size
      let end = min((mine.upperBound - starts[index]) * size, range.parameters.count)
      let next = Segment(
        parameters: UnsafeMutableBufferPointer(rebasing: range.parameters[first..<end]),
        gradients: UnsafeMutableBufferPointer(rebasing: range.gradients[first..<end]))
      if let last = result.last, last.isBefore(next) {
        result[result.count - 1].append(next)
      } else {
        result.append(next)
      }
    }
    return result
  }
}

extension ParameterShares.Segment {
  /// Whether `next` lies behind this in both memories.
  fileprivate func isBefore(_ next: Self) -> Bool {
    parameters.baseAddress! + parameters.count == next.parameters.baseAddress!
      && gradients.baseAddress! + gradients.count == next.gradients.baseAddress!
  }

  fileprivate mutating func append(_ next: Self) {
    let count = parameters.count + next.parameters.count
    parameters = UnsafeMutableBufferPointer(start: parameters.baseAddress, count: count)
    gradients = UnsafeMutableBufferPointer(start: gradients.baseAddress, count: count)
  }
}
