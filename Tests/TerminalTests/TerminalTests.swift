import Foundation
import Terminal
import Testing

@Suite(.serialized) struct TerminalTests {
  private func lines(_ bytes: [UInt8]) throws -> [LineReader.Result] {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(bytes))
    try pipe.fileHandleForWriting.close()
    return withExtendedLifetime(pipe) {
      var reader = LineReader(descriptor: pipe.fileHandleForReading.fileDescriptor)
      var results: [LineReader.Result] = []
      while results.last != .end, results.count < 100 { results.append(reader.next()) }
      return results
    }
  }

  /// Lines end with LF or CR LF, the last one with the file; a byte order mark is one in front of all alone.
  @Test func linesAreRead() throws {
    #expect(try lines([]) == [.end])
    #expect(try lines(Array("a\r\n\nb\rc".utf8)) == [.line("a"), .line(""), .line("b\rc"), .end])
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    #expect(
      try lines(mark + Array("a\n".utf8) + mark + Array("b".utf8)) == [
        .line("a"), .line("\u{FEFF}b"), .end,
      ])
    #expect(try lines([0x61, 0xFF, 0x0A, 0x62, 0x0A]) == [.notText, .line("b"), .end])
    // Longer than what is read at once.
    let long = String(repeating: "é", count: 5000)
    #expect(try lines(Array("\(long)\n\(long)".utf8)) == [.line(long), .line(long), .end])
  }

  @Test func requestsToStopAreForgotten() {
    Interrupt.install()
    #expect(!Interrupt.isRequested)
    Interrupt.request()
    #expect(Interrupt.isRequested)
    #expect(Interrupt.finishing { 7 } == 7)
    Interrupt.clear()
    #expect(!Interrupt.isRequested)
    // As Ctrl-C sends it, to the thread that handles it at once.
    raise(SIGINT)
    #expect(Interrupt.isRequested)
    Interrupt.clear()
  }
}
