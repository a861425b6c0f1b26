import BlockFormats
import Foundation
import MessagePassing
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Calibrations that ranks share out; here they are threads, whose messages arrive in any order.
struct CalibrationRanksTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private static func conversion(_ name: String, _ type: BlockFormat, windows: Int) throws
    -> Conversion
  {
    let source = try Checkpoint.open(ConversionFixture.path(name))
    let calibration = Calibration(
      text: try CalibrationText(
        CalibrationTests.text(words: 2000, seed: 1), name: "words.txt",
        tokenizer: source.tokenizer(), length: 32, count: windows))
    return try Conversion(
      source, recipe: ConversionRecipe(type: type), calibration: calibration)
  }

  /// The file that `count` ranks make; 1 is one process.
  private func file(
    _ name: String, _ type: BlockFormat, ranks count: Int, windows: Int = 8, seed: UInt64 = 1
  ) throws -> [UInt8] {
    let path = scratch.path(UUID().uuidString)
    if count == 1 {
      _ = try Self.conversion(name, type, windows: windows)
        .write(to: path, pool: ThreadPool(threads: 2)) { _ in true }
    } else {
      _ = try LocalRanks.run(count, seed: seed) { ranks in
        let conversion = try Self.conversion(name, type, windows: windows)
        let pool = ThreadPool(threads: 1 + ranks.rank % 2)
        let result = try conversion.write(to: path, pool: pool, ranks: ranks) { _ in true }
        #expect((result != nil) == ranks.isFirst)
      }
    }
    return Array(try Data(contentsOf: URL(filePath: path)))
  }

  /// As many ranks give the same bytes, whatever arrives first. Other numbers add H up otherwise: rounding differs in the
  /// last bit, and so do few codes of a weight. Ranks without a window, and without rows, take part too.
  @Test(arguments: [(BlockFormat.q4_0, 2), (.q4_1, 3), (.q8_0, 12)])
  func ranksMakeWhatOneMakes(type: BlockFormat, count: Int) throws {
    let one = try file("whole", type, ranks: 1)
    let several = try file("whole", type, ranks: count)
    #expect(try file("whole", type, ranks: count, seed: 2) == several)
    try #require(several.count == one.count)
    let differing = zip(one, several).count { $0 != $1 }
    #expect(differing * 50 < one.count, "\(differing) of \(one.count) bytes")
  }

  /// With one window there is but one part of H, and sums with zeros round nothing.
  @Test(arguments: [2, 4]) func oneWindowsBitsAreThoseOfOne(count: Int) throws {
    let one = try file("whole", .q4_0, ranks: 1, windows: 1)
    #expect(try file("whole", .q4_0, ranks: count, windows: 1) == one)
  }

  /// What is wrong on one rank ends all, and nothing is left.
  @Test func ranksThatDifferAreRefused() throws {
    let path = scratch.path("out.gguf")
    let errors = try LocalRanks.run(2) { ranks -> ConversionError? in
      let conversion = try Self.conversion("whole", ranks.isFirst ? .q4_0 : .q4_1, windows: 4)
      do throws(ConversionError) {
        _ = try conversion.write(to: path, pool: ThreadPool(threads: 1), ranks: ranks) { _ in true }
      } catch { return error }
      return nil
    }
    for error in errors {
      guard case .ranksDiffer(1, "host-1", let found, let wanted)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(found.contains("q4_1") && wanted.contains("q4_0"))
    }
    #expect(try scratch.names == [])
  }

  @Test(arguments: [0, 1]) func aStoppedRankStopsAll(stopped: Int) throws {
    let path = scratch.path("out.gguf")
    let errors = try LocalRanks.run(3) { ranks -> ConversionError? in
      let conversion = try Self.conversion("whole", .q4_0, windows: 6)
      var calls = 0
      func isToGoOn(_ progress: ConversionProgress) -> Bool {
        calls += progress.calibration == nil ? 0 : 1
        return ranks.rank != stopped || calls < 7
      }
      do throws(ConversionError) {
        _ = try conversion.write(
          to: path, pool: ThreadPool(threads: 1), ranks: ranks, onProgress: isToGoOn)
      } catch { return error }
      return nil
    }
    for (rank, error) in errors.enumerated() {
      if rank == stopped {
        #expect(error == .quantization(.cancelled(layer: 0, layers: 2)))
      } else {
        #expect(error == .ranks(.otherRank(stopped)))
      }
    }
    #expect(try scratch.names == [])
  }
}
