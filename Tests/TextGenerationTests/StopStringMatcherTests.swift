import TestSupport
import Testing
import TextGeneration

@Suite struct StopStringMatcherTests {
  /// What comes out for each piece, and at the end.
  private func stream(_ pieces: [String], stops: [String]) throws -> (out: [String], rest: String) {
    var matcher = try StopStringMatcher(stops)
    return (pieces.map { matcher.append($0) }, matcher.finish())
  }

  @Test func stopStringAcrossPieces() throws {
    let (out, rest) = try stream(["Hi ", "Us", "er", ":", " no"], stops: ["User:"])
    #expect(out == ["Hi ", "", "", "", ""] && rest == "")
  }

  @Test func textThatOnlyLooksLikeAStopStringComesOutLater() throws {
    let (out, rest) = try stream(["a#", "#b", "##", "#c", "#"], stops: ["###!"])
    #expect(out == ["a", "##b", "", "###c", ""] && rest == "#")
  }

  @Test func theFirstOfSeveralCounts() throws {
    #expect(try stream(["one END two STOP"], stops: ["STOP", "END"]).out == ["one "])
    // A stop string that begins inside the beginning of a longer one.
    #expect(try stream(["xab", "c"], stops: ["abd", "bc"]).out == ["x", "a"])
  }

  @Test func nonASCIITextStaysWhole() throws {
    // é and è share their first byte, which must not split them.
    let (out, rest) = try stream(["caf", "è", " é", "nd"], stops: ["én"])
    #expect(out == ["caf", "è", " ", ""] && rest == "")
  }

  @Test func withoutStopStringsNothingWaits() throws {
    let (out, rest) = try stream(["a", "b"], stops: [])
    #expect(out == ["a", "b"] && rest == "")
  }

  /// What separates a turn from the next belongs to neither; white space before other stop strings stays.
  @Test func turnEndsTakeTheSpaceBeforeThem() throws {
    var matcher = try StopStringMatcher(["END"], turnEnds: ["### Instruction:"])
    var out = ["Hello.", "\n", " \n", "##", "# Instr", "uction:", " more"].map {
      matcher.append($0)
    }
    #expect(out == ["Hello.", "", "", "", "", "", ""] && matcher.finish() == "")
    #expect(matcher.hasStopped)
    matcher = try StopStringMatcher(["END"], turnEnds: ["### Instruction:"])
    out = ["a \n", "b ", "### In", " x \n", "END"].map { matcher.append($0) }
    #expect(out.joined() == "a \nb ### In x \n" && matcher.hasStopped)
    matcher = try StopStringMatcher([], turnEnds: ["[INST]"])
    #expect(matcher.append("a  ") == "a" && matcher.finish() == "  ")
  }

  @Test func emptyStopStringIsRefused() {
    #expect(throws: TextGenerationError.self) { _ = try StopStringMatcher(["x", ""]) }
  }

  /// However a text is cut into pieces, what comes out is the text before the first stop string.
  @Test func cuttingDoesNotMatter() throws {
    var random = SplitMix64(seed: 11)
    let stops = ["aab", "bba", "cé"]
    for _ in 0..<2000 {
      let text = (0..<12).map { _ in ["a", "b", "c", "é"].randomElement(using: &random)! }.joined()
      let ends = stops.compactMap { text.firstRange(of: $0)?.lowerBound }
      let expected = String(text[..<(ends.min() ?? text.endIndex)])
      var pieces: [String] = []
      var rest = text[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int.random(in: 1...3, using: &random))
        pieces.append(String(piece))
        rest = rest.dropFirst(piece.count)
      }
      let (out, last) = try stream(pieces, stops: stops)
      #expect(out.joined() + last == expected, "\(pieces)")
    }
  }
}
