import Foundation

/// How text files are read, everywhere: UTF-8, a byte order mark in front left out, lines that end with LF or
/// CR LF. Other separators that Unicode has (U+2028, NEL, VT, FF, a CR by itself) belong to the text.
public enum TextFile {
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The text of the file at `path`, to its end whatever its size is said to be, so that pipes,
  /// `/dev/stdin` and `/proc` are read like files; "-" is standard input.
  public static func read(_ path: String) throws(TextFileError) -> String {
    let data: Data
    do {
      let file =
        path == "-"
        ? FileHandle.standardInput
        : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      data = try file.readToEnd() ?? Data()
    } catch {
      throw .unreadable(path: path, reason: reason(path))
    }
    do { return try text(data, path: path) } catch {
      if case .wrongEncoding(_, let found) = error {
        throw .wrongEncoding(path: path, found: found)
      }
      throw .notText(path: path)
    }
  }

  /// Writes `text` to `path`, which is there whole or not at all. Throws what keeps it from being written.
  public static func write(_ text: String, to path: String) throws(ModelFileError) {
    var file = try AtomicFileWriter(path: path)
    try file.append(text)
    try file.commit()
  }

  private static func reason(_ path: String) -> String {
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      return "there is no such file; check the path"
    }
    return isFolder.boolValue ? "it is a folder; name the file in it" : "you may not read it"
  }

  /// The text in `bytes`, of the file `path`. Throws `wrongEncoding` where it is UTF-16 or UTF-32, and
  /// `invalidText`.
  public static func text(
    _ bytes: some RandomAccessCollection<UInt8>, path: String
  ) throws(ModelFileError) -> String {
    try checkEncoding(bytes, path: path)
    guard let text = String(validating: bytes.dropFirst(markLength(bytes)), as: UTF8.self) else {
      throw .invalidText(path: path, field: "its content")
    }
    return text
  }

  /// The text in a mapped file. Throws as above.
  public static func text(_ file: MappedFile) throws(ModelFileError) -> String {
    defer { withExtendedLifetime(file) {} }
    return try text(file.bytes, path: file.path)
  }

  /// The lines of `text` without their ends; nothing after the last end.
  public static func lines(_ text: String) -> [Substring] {
    let units = text.utf8
    var lines: [Substring] = []
    var start = units.startIndex
    while start < units.endIndex {
      let end = units[start...].firstIndex(of: UInt8(ascii: "\n")) ?? units.endIndex
      let line = text[start..<end]
      let endsInReturn = end < units.endIndex && line.utf8.last == UInt8(ascii: "\r")
      lines.append(endsInReturn ? line[..<units.index(before: end)] : line)
      start = end < units.endIndex ? units.index(after: end) : end
    }
    return lines
  }

  /// Bytes of the byte order mark that `bytes` begin with: 3 or 0.
  public static func markLength(_ bytes: some Collection<UInt8>) -> Int {
    bytes.starts(with: mark) ? mark.count : 0
  }

  /// Throws `wrongEncoding` where `bytes` begin as text of 16 or 32 bits does: with a mark, or with a zero
  /// beside a first character.
  public static func checkEncoding(
    _ bytes: some Collection<UInt8>, path: String
  ) throws(ModelFileError) {
    let head = Array(bytes.prefix(4))
    let found: String? =
      switch (head.count, head) {
      case (4, _) where head == [0xFF, 0xFE, 0, 0]: "UTF-32LE"
      case (4, _) where head == [0, 0, 0xFE, 0xFF]: "UTF-32BE"
      case (2..., _) where head[0] == 0xFF && head[1] == 0xFE: "UTF-16LE"
      case (2..., _) where head[0] == 0xFE && head[1] == 0xFF: "UTF-16BE"
      case (4, _) where head[1] == 0 && head[3] == 0 && head[0] != 0 && head[2] != 0: "UTF-16LE"
      case (4, _) where head[0] == 0 && head[2] == 0 && head[1] != 0 && head[3] != 0: "UTF-16BE"
      default: nil
      }
    if let found { throw .wrongEncoding(path: path, found: found) }
  }
}

/// Why a file is no text.
public enum TextFileError: Error, Equatable, CustomStringConvertible {
  /// It cannot be read at all.
  case unreadable(path: String, reason: String)
  /// Its bytes are not UTF-8.
  case notText(path: String)
  /// They are text in another encoding.
  case wrongEncoding(path: String, found: String)

  /// One sentence: what is wrong, and what to do.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .notText(let path): "\(path): is not UTF-8 text; convert it first (iconv -t utf-8)"
    case .wrongEncoding(let path, let found):
      "\(path): is text in \(found); convert it first (iconv -f \(found) -t utf-8)"
    }
  }
}
