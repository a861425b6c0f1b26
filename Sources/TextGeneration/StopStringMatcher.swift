/// Cuts a stream of text off at the first stop string, wherever the pieces' borders lie. Text that
/// could be the beginning of a stop string is held back until that is decided.
public struct StopStringMatcher: Sendable {
  private let stops: [[UInt8]]
  /// Of these, the ones that take white space before them away too.
  private let turnEnds: [[UInt8]]
  private var pending: [UInt8] = []
  /// Whether a stop string has been found; nothing comes out after that.
  public private(set) var hasStopped = false

  /// A matcher for any of `stops` and `turnEnds`. The white space that stands before one of `turnEnds`
  /// separates it from the text, and does not come out either.
  public init(_ stops: [String], turnEnds: [String] = []) throws(TextGenerationError) {
    guard !stops.contains(""), !turnEnds.contains("") else { throw .emptyStopString }
    self.stops = (stops + turnEnds).map { Array($0.utf8) }
    self.turnEnds = turnEnds.map { Array($0.utf8) }
  }

  /// Adds `text`; returns the text that is now certain to come before any stop string.
  public mutating func append(_ text: String) -> String {
    if hasStopped { return "" }
    if stops.isEmpty { return text }
    pending += text.utf8
    for start in pending.indices {
      let rest = pending[start...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        hasStopped = true
        return take(start)
      }
      if stops.contains(where: { $0.starts(with: rest) }) { return take(start) }
      guard !turnEnds.isEmpty, Self.isSpace(pending[start]),
        start == 0 || !Self.isSpace(pending[start - 1])
      else { continue }
      let after = rest.drop(while: Self.isSpace)
      if turnEnds.contains(where: { after.starts(with: $0) }) {
        hasStopped = true
        return take(start)
      }
      // An empty rest could go on with anything.
      if turnEnds.contains(where: { $0.starts(with: after) }) { return take(start) }
    }
    return take(pending.count)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// The text still held back, once no more can follow.
  public mutating func finish() -> String {
    hasStopped ? "" : take(pending.count)
  }

  /// Removes and returns the first `count` bytes. They end between characters: what follows starts
  /// with a stop string's first byte, and that begins a character.
  private mutating func take(_ count: Int) -> String {
    defer { pending.removeFirst(count) }
    return String(decoding: pending[..<count], as: UTF8.self)
  }
}
