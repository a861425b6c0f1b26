import EditEvaluation
import Foundation
import TestSupport
import Testing

/// Against NumPy and a base file in llama.cpp's layout that NumPy wrote.
@Suite struct KLDivergenceTests {
  private let fixture = OutsideFiles.fixture("evaluation/base.kld")

  @Test func matchesNumPyOnItsBaseFile() throws {
    let expected = try Expected.load().divergence
    let base = try BaseLogits(path: fixture.path, beginning: 1)
    let result = try KLDivergence.measure(
      FormulaModel(salt: 4), against: base, vocabularySize: 11)
    #expect(isClose(result.mean, expected.mean))
    #expect(isClose(result.standardError, expected.standardError))
    #expect(isClose(result.maximum, expected.maximum))
    #expect(isClose(result.percentile(0.5), expected.median))
    #expect(isClose(result.percentile(0.9), expected.p90))
    #expect(result.sameTop == expected.sameTop)
    #expect(isClose(result.probabilityDifference, expected.probabilityDifference))
    #expect(isClose(result.perplexity.value, expected.perplexity))
    #expect(isClose(result.basePerplexity.value, expected.basePerplexity))
    #expect(result.sorted.count == 15 && result.sorted == result.sorted.sorted())
  }

  @Test func writesTheFileThatNumPyWrites() throws {
    let expected = try Expected.load()
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = try folder.file("base.kld")
    _ = try Perplexity.measure(
      FormulaModel(salt: 3), on: expected.windows(), vocabularySize: 11, base: path)
    let written = try Data(contentsOf: URL(fileURLWithPath: path))
    let wanted = try Data(contentsOf: fixture)
    try #require(written.count == wanted.count)
    // Header and tokens, then rows of scale, least and codes (11 and one of padding).
    let header = 20 + 4 * 40
    #expect(written[..<header] == wanted[..<header])
    for row in 0..<15 {
      let start = header + 32 * row
      for field in [start, start + 4] {
        let (a, b) = (float(written, field), float(wanted, field))
        #expect(abs(a - b) <= 2 * b.magnitude.ulp, "row \(row)")
      }
      #expect(written[(start + 8)..<(start + 32)] == wanted[(start + 8)..<(start + 32)])
    }
  }

  @Test func aModelDoesNotDivergeFromItself() throws {
    let base = try BaseLogits(path: fixture.path, beginning: 1)
    let result = try KLDivergence.measure(
      FormulaModel(salt: 3), against: base, vocabularySize: 11)
    // Logits reach over 12, so a code is 12/65535 = 1.8e-4 and ln p is off by at most half of that;
    // the first order of the error cancels only on average.
    #expect(abs(result.mean) < 1e-4 && result.sameTop == 1)
    #expect(abs(result.perplexityRatio - 1) < 1e-4)
  }

  @Test func fewerWindowsCanBeCompared() throws {
    let base = try BaseLogits(path: fixture.path, beginning: 1)
    let result = try KLDivergence.measure(
      FormulaModel(salt: 4), against: base, vocabularySize: 11, limit: 2)
    #expect(result.sorted.count == 6)
    #expect(throws: EvaluationError.self) {
      try KLDivergence.measure(FormulaModel(salt: 4), against: base, vocabularySize: 12)
    }
  }

  /// Every length and a lie in every field: one clear error each, and no trap.
  @Test func damagedBaseFilesAreRefused() throws {
    let good = try Data(contentsOf: fixture)
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let path = try folder.file("damaged.kld")
    func refused(_ data: Data) throws -> Bool {
      try data.write(to: URL(fileURLWithPath: path))
      do {
        _ = try BaseLogits(path: path, beginning: nil)
        return false
      } catch { return true }
    }
    for count in 0..<good.count { #expect(try refused(good[..<count]), "\(count) bytes") }
    #expect(try refused(good + [0]))
    for field in [8, 12, 16] {
      for lie in [-1, 0, 1, 3, .max, .min, 1 << 16] as [Int32] {
        var bad = good
        bad.replaceSubrange(field..<(field + 4), with: withUnsafeBytes(of: lie) { Data($0) })
        #expect(try refused(bad), "\(lie) at \(field)")
      }
    }
    var bad = good
    bad[20] = 11  // a token that is not in the vocabulary
    #expect(try refused(bad))
    bad = good
    bad[0] = UInt8(ascii: "-")
    #expect(try refused(bad))
    // A scale that is not a number is found when its row is read.
    bad = good
    bad.replaceSubrange(180..<184, with: [0, 0, 0xC0, 0x7F])
    try bad.write(to: URL(fileURLWithPath: path))
    let base = try BaseLogits(path: path, beginning: 1)
    #expect(throws: EvaluationError.self) {
      try KLDivergence.measure(FormulaModel(salt: 4), against: base, vocabularySize: 11)
    }
  }

  private func float(_ data: Data, _ offset: Int) -> Float {
    Float(bitPattern: data[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }
}
