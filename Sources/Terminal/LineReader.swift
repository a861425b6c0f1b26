#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Reads standard input, or another file that is open, by lines. Unlike `readLine` it returns when Ctrl-C is pressed.
package struct LineReader {
  /// What reading a line came to.
  package enum Result: Equatable {
    case line(String)
    /// A line that is not UTF-8.
    case notText
    case end
    case interrupted
  }

  private var pending: [UInt8] = []
  private var isAtEnd = false
  /// A byte order mark stands before the first line alone.
  private var isFirst = true

  private let descriptor: Int32

  /// A reader of what is still to come.
  package init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

  /// The next line without its end.
  package mutating func next() -> Result {
    var searched = 0
    defer { isFirst = false }
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { pending.removeFirst(end + 1) }
        let line = pending[..<end].dropFirst(markLength)
        return Self.text(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      }
      if isAtEnd {
        defer { pending = [] }
        return pending.isEmpty ? .end : Self.text(pending[...].dropFirst(markLength))
      }
      searched = pending.count
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        pending += buffer[..<count]
      } else if count < 0, errno == EINTR {
        if Interrupt.isRequested { return .interrupted }
      } else {
        isAtEnd = true
      }
    }
  }

  private var markLength: Int {
    let mark = "\u{FEFF}".utf8
    return isFirst && pending.starts(with: mark) ? mark.count : 0
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> Result {
    String(validating: bytes, as: UTF8.self).map(Result.line) ?? .notText
  }
}
