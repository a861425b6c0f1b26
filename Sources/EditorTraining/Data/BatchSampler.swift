import Crypto
import ModelFiles

/// Which examples come in which batch: the same for the same seed, wherever it is resumed.
///
/// In an epoch each example comes up as often as its file's weight says; of a weight of 1.5 a different
/// half of the file comes up a second time in each epoch. The examples are shuffled, sorted by length
/// within windows of some batches, so that a batch has little padding, cut into batches, and the
/// batches shuffled. The last batch of an epoch may be smaller.
public struct BatchSampler: Sendable {
  /// What is needed to go on.
  public struct State: Sendable, Codable, Equatable {
    /// From 0.
    public var epoch: Int
    /// Batches of the epoch that were handed out.
    public var batch: Int
    /// Of the examples and the options: it must be the same where a training is resumed.
    public var fingerprint: String
  }

  private let lengths: [Int]
  /// The examples of each file.
  private let members: [[Int]]
  private let weights: [Double]
  private let batchSize: Int
  private let window: Int
  private let seed: UInt64
  private let fingerprint: String
  private var batches: [[Int]] = []
  /// The epoch of the next batch, from 0.
  public private(set) var epoch = 0
  private var batch = 0

  /// Batches of `batchSize` of the examples, which have these lengths and are of these files, whose
  /// weights are given; `window` batches are sorted together.
  ///
  /// Throws `EditorTrainingError.option` where a size makes no sense and `.noExamples` without examples.
  public init(
    lengths: [Int], files: [Int], weights: [Double], batchSize: Int, window: Int = 16, seed: UInt64
  ) throws(EditorTrainingError) {
    precondition(lengths.count == files.count, "each example is of a file")
    precondition(files.allSatisfy(weights.indices.contains), "each file has a weight")
    guard batchSize >= 1 else {
      throw .option(name: "the batch size", found: "\(batchSize)", needed: "at least 1")
    }
    guard window >= 1 else {
      throw .option(name: "the window", found: "\(window)", needed: "at least 1 batch")
    }
    self.lengths = lengths
    var members = [[Int]](repeating: [], count: weights.count)
    for (example, file) in files.enumerated() { members[file].append(example) }
    self.members = members
    self.weights = weights
    self.batchSize = batchSize
    self.window = window
    self.seed = seed
    fingerprint = Self.fingerprint(lengths, files, weights, batchSize, window, seed)
    batches = makeEpoch()
    guard !batches.isEmpty else { throw .noExamples }
  }

  /// Batches of each epoch, up to what comes of rounding weights.
  public var batchesPerEpoch: Int { batches.count }

  /// Where it is.
  public var state: State { State(epoch: epoch, batch: batch, fingerprint: fingerprint) }

  /// Goes on from `state`. Throws `EditorTrainingError.otherData` where it is of other examples or
  /// options.
  public mutating func resume(from state: State) throws(EditorTrainingError) {
    guard state.fingerprint == fingerprint, state.epoch >= 0, state.batch >= 0 else {
      throw .otherData
    }
    epoch = state.epoch
    batches = makeEpoch()
    guard state.batch <= batches.count else { throw .otherData }
    batch = state.batch
  }

  /// The indices of the examples of the next batch.
  public mutating func next() -> [Int] {
    if batch == batches.count {
      epoch += 1
      batch = 0
      batches = makeEpoch()
    }
    batch += 1
    return batches[batch - 1]
  }

  private func makeEpoch() -> [[Int]] {
    var generator = SeededGenerator(seed, UInt64(epoch))
    var order: [Int] = []
    for (members, weight) in zip(members, weights) where !members.isEmpty {
      var members = members
      // At least one row of each file, whatever its weight.
      var left = max(Int((weight * Double(members.count)).rounded()), 1)
      while left > 0 {
        generator.shuffle(&members)
        order += members.prefix(left)
        left -= min(left, members.count)
      }
    }
    generator.shuffle(&order)
    var batches: [[Int]] = []
    for start in stride(from: 0, to: order.count, by: batchSize * window) {
      // Sorting is stable: examples of equal length stay shuffled.
      let sorted = order[start..<min(start + batchSize * window, order.count)]
        .enumerated().sorted {
          (lengths[$0.element], $0.offset) < (lengths[$1.element], $1.offset)
        }.map(\.element)
      for first in stride(from: 0, to: sorted.count, by: batchSize) {
        batches.append(Array(sorted[first..<min(first + batchSize, sorted.count)]))
      }
    }
    generator.shuffle(&batches)
    return batches
  }

  private static func fingerprint(
    _ lengths: [Int], _ files: [Int], _ weights: [Double], _ batchSize: Int, _ window: Int,
    _ seed: UInt64
  ) -> String {
    var digest = SHA256()
    func add(_ words: [UInt64]) {
      words.map(\.littleEndian).withUnsafeBytes { digest.update(bufferPointer: $0) }
    }
    add([UInt64(lengths.count), UInt64(batchSize), UInt64(window), seed])
    add(lengths.map(UInt64.init))
    add(files.map(UInt64.init))
    add(weights.map(\.bitPattern))
    return digest.finalize().prefix(16).hexadecimal
  }
}
