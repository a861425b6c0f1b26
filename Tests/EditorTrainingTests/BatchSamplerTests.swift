import EditorTraining
import Foundation
import TestSupport
import Testing

@Suite struct BatchSamplerTests {
  private func lengths(_ count: Int) -> [Int] {
    var random = SplitMix64(seed: 6)
    return (0..<count).map { _ in .random(in: 5...200, using: &random) }
  }

  private func sampler(
    _ lengths: [Int], files: [Int]? = nil, weights: [Double] = [1], batchSize: Int = 4,
    window: Int = 8, seed: UInt64 = 1
  ) throws -> BatchSampler {
    try BatchSampler(
      lengths: lengths, files: files ?? lengths.map { _ in 0 }, weights: weights,
      batchSize: batchSize, window: window, seed: seed)
  }

  private func epoch(_ sampler: inout BatchSampler) -> [[Int]] {
    (0..<sampler.batchesPerEpoch).map { _ in sampler.next() }
  }

  @Test func eachExampleOnceInAnEpoch() throws {
    let lengths = lengths(103)
    var sampler = try self.sampler(lengths)
    #expect(sampler.batchesPerEpoch == 26)
    let first = epoch(&sampler)
    let second = epoch(&sampler)
    #expect(sampler.epoch == 1)
    for batches in [first, second] {
      #expect(batches.flatMap(\.self).sorted() == Array(0..<103))
      #expect(batches.map(\.count).sorted() == [3] + Array(repeating: 4, count: 25))
    }
    #expect(first != second, "another order")
    var other = try self.sampler(lengths, seed: 2)
    #expect(epoch(&other) != first)
  }

  /// Sorted within windows: padding to the longest of a batch is less than half of what it is without.
  @Test func batchesHaveEqualLengths() throws {
    let lengths = lengths(800)
    func padding(window: Int) throws -> Int {
      var sampler = try self.sampler(lengths, batchSize: 8, window: window)
      return epoch(&sampler).reduce(0) { sum, batch in
        let longest = batch.map { lengths[$0] }.max()!
        return sum + batch.reduce(0) { $0 + longest - lengths[$1] }
      }
    }
    #expect(try 2 * padding(window: 16) < padding(window: 1))
    // The batches come in no order of length.
    var sampler = try self.sampler(lengths, batchSize: 8, window: 100)
    let means = epoch(&sampler).map { $0.reduce(0) { $0 + lengths[$1] } }
    #expect(means != means.sorted())
  }

  @Test func weightsSayHowOften() throws {
    let files = (0..<100).map { $0 < 40 ? 0 : $0 < 90 ? 1 : 2 }
    let weights = [2.5, 0.5, 0.001]
    var sampler = try self.sampler(lengths(100), files: files, weights: weights)
    var halves: Set<[Int]> = []
    for _ in 0..<3 {
      var counts = [Int](repeating: 0, count: 100)
      for example in epoch(&sampler).flatMap(\.self) { counts[example] += 1 }
      #expect(counts[..<40].allSatisfy { $0 == 2 || $0 == 3 })
      #expect(counts[..<40].reduce(0, +) == 100)
      #expect(counts[40..<90].allSatisfy { $0 <= 1 })
      #expect(counts[40..<90].reduce(0, +) == 25)
      #expect(counts[90...].reduce(0, +) == 1, "no file is left out")
      halves.insert(counts)
    }
    #expect(halves.count == 3, "another half each time")
  }

  /// From every point on: the state, as JSON, brings the same batches.
  @Test func resumesAnywhere() throws {
    let lengths = lengths(50)
    var whole = try sampler(lengths)
    var states: [Data] = []
    var batches: [[Int]] = []
    for _ in 0..<30 {
      states.append(try JSONEncoder().encode(whole.state))
      batches.append(whole.next())
    }
    for start in 0..<30 {
      var resumed = try sampler(lengths)
      try resumed.resume(
        from: JSONDecoder().decode(BatchSampler.State.self, from: states[start]))
      #expect((start..<30).map { _ in resumed.next() } == Array(batches[start...]))
    }
  }

  /// The order of one epoch, as another program computes it, so that trainings resume in later versions.
  @Test func theOrderStaysWhatItIs() throws {
    var sampler = try self.sampler([3, 1, 2, 5, 4, 7, 6], batchSize: 2, window: 2, seed: 5)
    #expect((0..<8).map { _ in sampler.next() } == Self.wantedOrder)
  }

  private static let wantedOrder = [[2, 4], [1, 0], [3, 5], [6], [2, 3], [1, 0], [5], [4, 6]]

  @Test func otherDataIsRefused() throws {
    let lengths = lengths(50)
    let state = try sampler(lengths).state
    var changed = lengths
    changed[7] += 1
    for other in [
      try sampler(changed), try sampler(lengths, batchSize: 5), try sampler(lengths, window: 9),
      try sampler(lengths, weights: [2]), try sampler(lengths, seed: 3),
    ] {
      var other = other
      #expect(throws: EditorTrainingError.otherData) { try other.resume(from: state) }
    }
    var bad = state
    bad.batch = 1000
    var same = try sampler(lengths)
    #expect(throws: EditorTrainingError.otherData) { try same.resume(from: bad) }
    bad.batch = -1
    #expect(throws: EditorTrainingError.otherData) { try same.resume(from: bad) }
    #expect(throws: EditorTrainingError.noExamples) { try sampler([]) }
    #expect(throws: EditorTrainingError.self) { try sampler(lengths, batchSize: 0) }
    #expect(throws: EditorTrainingError.self) { try sampler(lengths, window: 0) }
  }
}
