import Foundation

/// A new empty folder that is removed with the value: keep that as long as its files are used.
public final class TemporaryFolder {
  /// The folder.
  public let url: URL

  /// Makes it.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of a file in it, written if `text` is given.
  public func file(_ name: String, _ text: String? = nil) throws -> String {
    let file = url.appending(path: name)
    if let text { try Data(text.utf8).write(to: file) }
    return file.path
  }
}
