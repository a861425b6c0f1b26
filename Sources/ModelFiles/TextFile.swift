import Foundation

/// Text from a file, a pipe or standard input.
public enum TextFile {
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
    guard let text = String(validating: data, as: UTF8.self) else { throw .notText(path: path) }
    return text
  }

  private static func reason(_ path: String) -> String {
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      return "there is no such file; check the path"
    }
    return isFolder.boolValue ? "it is a folder; name the file in it" : "you may not read it"
  }
}

/// Why a file is no text.
public enum TextFileError: Error, Equatable, CustomStringConvertible {
  /// It cannot be read at all.
  case unreadable(path: String, reason: String)
  /// Its bytes are not UTF-8.
  case notText(path: String)

  /// One sentence: what is wrong, and what to do.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .notText(let path): "\(path): is not UTF-8 text; convert it first (iconv -t utf-8)"
    }
  }
}
