import Foundation
import MessagePassing
import TestSupport
import Testing

/// What ranks tell each other, whatever the order in which messages arrive.
@Suite struct CommunicatorTests {
  private static let counts = [1, 2, 3, 4, 5, 8, 13]

  @Test(arguments: counts, [UInt64(1), 2]) func everybodyHasEverything(count: Int, seed: UInt64)
    throws
  {
    let wanted = (0..<count).map { [Double($0), 0.1 * Double($0)] }
    let texts = (0..<count).map { String(repeating: "é", count: $0) }
    let results = try LocalRanks.run(count, seed: seed) { ranks in
      // Several in a row, so that a fast rank is ahead of a slow one.
      for _ in 0..<3 { _ = try ranks.gather([1]) }
      return (
        try ranks.gather([Double(ranks.rank), 0.1 * Double(ranks.rank)]),
        try ranks.gather(texts[ranks.rank])
      )
    }
    for result in results {
      #expect(result.0 == wanted)
      #expect(result.1 == texts)
    }
  }

  @Test(arguments: counts) func theFirstRanksBytesGoToAll(count: Int) throws {
    let size = 100_000
    let results = try LocalRanks.run(count, seed: 3) { ranks in
      var bytes = [UInt8](repeating: ranks.isFirst ? 7 : 0, count: size)
      if ranks.isFirst { bytes[size - 1] = 9 }
      try bytes.withUnsafeMutableBytes { bytes in
        try ranks.broadcast(bytes)
        try ranks.broadcast(UnsafeMutableRawBufferPointer(rebasing: bytes[..<0]))
      }
      return bytes
    }
    for result in results {
      #expect(result == [UInt8](repeating: 7, count: size - 1) + [9])
    }
  }

  /// Floats are added in the order of ranks, whatever arrives first: another order rounds otherwise.
  @Test(arguments: counts, [UInt64(4), 5]) func floatsAreSummedInOrder(count: Int, seed: UInt64)
    throws
  {
    for size in [0, 1, 5, 30_001] {
      let values = (0..<count).map { rank in
        var generator = SplitMix64(seed: UInt64(rank))
        return (0..<size).map { _ in Float.random(in: -1...1, using: &generator) }
      }
      let wanted = (0..<size).map { index in
        values.dropFirst().reduce(values[0][index]) { $0 + $1[index] }
      }
      let results = try LocalRanks.run(count, seed: seed) { ranks in
        var own = values[ranks.rank]
        // Twice in a row, so that a fast rank is ahead of a slow one.
        for _ in 0..<2 {
          own = values[ranks.rank]
          try own.withUnsafeMutableBufferPointer { try ranks.sum($0) }
        }
        return own
      }
      for result in results { #expect(result == wanted) }
    }
  }

  /// A rank that is told to stop is heard by those that work on, and all leave together.
  @Test(arguments: [2, 3, 5], [nil, 0, 1]) func aStopIsHeard(count: Int, stopped: Int?) throws {
    let results = try LocalRanks.run(count, seed: 6) { ranks -> (turns: Int, end: Bool) in
      let notice = StopNotice(ranks)
      var turns = 0
      while ranks.rank != stopped, turns < 10_000, !notice.isHeard {
        if stopped == nil, turns == ranks.rank { break }
        turns += 1
        usleep(1000)
      }
      return (turns, try notice.end(stopped: ranks.rank == stopped))
    }
    for (rank, result) in results.enumerated() {
      #expect(result.end == (stopped != nil))
      if stopped == nil { #expect(result.turns == rank) } else { #expect(result.turns < 10_000) }
    }
    // What comes after is not disturbed.
    let again = try LocalRanks.run(count, seed: 7) { ranks in
      let notice = StopNotice(ranks)
      _ = try notice.end(stopped: false)
      return try ranks.gather([Double(ranks.rank)]).map { $0[0] }
    }
    for all in again { #expect(all == (0..<count).map(Double.init)) }
  }

  /// The first rank that fails says why, and all end.
  @Test func aFailureIsEverybodys() throws {
    struct Failure: Error {}
    let results = try LocalRanks.run(4) { ranks -> String in
      do {
        try ranks.agreeing { if ranks.rank == 1 || ranks.rank == 3 { throw Failure() } }
        return "none"
      } catch let error as CommunicationError { return "\(error == .otherRank(1))" } catch {
        return "own"
      }
    }
    #expect(results == ["true", "own", "true", "true"])
    #expect(try LocalRanks.run(3) { try $0.agreeing { 5 } } == [5, 5, 5])
  }
}

@Suite struct RankEnvironmentTests {
  private func ranks(_ variables: [String: String]) -> [Int?] {
    let environment = RankEnvironment { variables[$0] }
    return [environment.rank, environment.count, environment.localCount]
  }

  @Test func launchersAreUnderstood() {
    #expect(ranks([:]) == [0, 1, nil])
    #expect(
      ranks([
        "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
      ]) == [3, 8, 2])
    #expect(ranks(["PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALNRANKS": "2"]) == [1, 2, 2])
    #expect(
      ranks([
        "PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
      ]) == [1, 4, nil])
    // A job of Slurm is no set of ranks by itself.
    #expect(ranks(["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"]) == [0, 1, nil])
    for nonsense in ["-1", "8", "x", ""] {
      #expect(
        ranks(["OMPI_COMM_WORLD_RANK": nonsense, "OMPI_COMM_WORLD_SIZE": "8"]) == [0, 1, nil])
    }
  }
}
