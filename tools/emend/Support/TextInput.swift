import Foundation
import ModelFiles

/// Text from a file, a pipe or standard input.
enum TextInput {
  /// The text of the file at `path`, to its end whatever its size is said to be, so that pipes,
  /// `/dev/stdin` and `/proc` are read like files; "-" is standard input.
  static func read(_ path: String) throws(CommandError) -> String {
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
    do { return try TextFile.text(data, path: path) } catch {
      if case .wrongEncoding(_, let found) = error {
        throw .wrongEncoding(path: path, found: found)
      }
      throw .notText(path: path)
    }
  }

  private static func reason(_ path: String) -> String {
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      return "there is no such file; check the path"
    }
    return isFolder.boolValue ? "it is a folder; name the file in it" : "you may not read it"
  }
}
