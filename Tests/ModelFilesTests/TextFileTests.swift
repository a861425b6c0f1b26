import ModelFiles
import Testing

/// The one reader of text files.
struct TextFileTests {
  private func text(_ bytes: [UInt8]) throws -> String { try TextFile.text(bytes, path: "t.txt") }

  @Test func aByteOrderMarkIsNoText() throws {
    #expect(try text([0xEF, 0xBB, 0xBF, 0x61]) == "a")
    #expect(try text([0xEF, 0xBB, 0xBF]) == "")
    #expect(try text([]) == "")
    // One alone: a second is a character.
    #expect(try text([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF]).unicodeScalars.map(\.value) == [0xFEFF])
  }

  /// As Python's `io.TextIOWrapper(newline="\n")` has them, but for the CR before LF.
  @Test(arguments: [
    ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("a\r\nb\r\n", ["a", "b"]),
    ("\n\n", ["", ""]), ("a\u{2028}b\u{85}c\u{B}d\u{C}e\rf", ["a\u{2028}b\u{85}c\u{B}d\u{C}e\rf"]),
    ("a\r", ["a\r"]), ("é\r\n🦙\n", ["é", "🦙"]), ("a\r\r\nb", ["a\r", "b"]),
  ])
  func lines(text: String, lines: [String]) {
    #expect(TextFile.lines(text).map { Array($0.utf8) } == lines.map { Array($0.utf8) })
  }

  @Test(arguments: [
    ([0xFF, 0xFE, 0x61, 0], "UTF-16LE"), ([0xFE, 0xFF, 0, 0x61], "UTF-16BE"),
    ([0xFF, 0xFE, 0, 0], "UTF-32LE"), ([0, 0, 0xFE, 0xFF], "UTF-32BE"),
    ([0x7B, 0, 0x22, 0], "UTF-16LE"), ([0, 0x7B, 0, 0x22], "UTF-16BE"), ([0xFF, 0xFE], "UTF-16LE"),
  ])
  func otherEncodingsAreNamed(bytes: [UInt8], name: String) {
    #expect(throws: ModelFileError.wrongEncoding(path: "t.txt", found: name)) { try text(bytes) }
  }

  @Test func whatIsNoTextIsRefused() {
    #expect(throws: ModelFileError.invalidText(path: "t.txt", field: "its content")) {
      try text([0x61, 0xFF, 0x62, 0x63])
    }
  }
}
