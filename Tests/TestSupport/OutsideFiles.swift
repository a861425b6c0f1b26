import Foundation

/// Files that are not part of the project. Tests that need one are skipped, loudly, where it is
/// missing: `@Test(.enabled(if: OutsideFiles.hasData("text/wiki.test.raw"), "needs EMEND_DATA"))`.
public enum OutsideFiles {
  /// The folder of development data: `EMEND_DATA`, or `../shared/data` beside the checkout.
  public static let dataFolder: URL? = {
    if let path = ProcessInfo.processInfo.environment["EMEND_DATA"] {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    let folder = repository.deletingLastPathComponent().appending(path: "shared/data")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  /// The real model that `tools/fetch-models` brings, or the file named by `EMEND_TEST_MODEL`.
  public static let smolLM2: URL? = {
    let path =
      ProcessInfo.processInfo.environment["EMEND_TEST_MODEL"].map { URL(fileURLWithPath: $0) }
      ?? repository.appending(path: "models/cache/SmolLM2-135M-Instruct.Q4_1.gguf")
    return FileManager.default.fileExists(atPath: path.path) ? path : nil
  }()

  /// The checkout's top folder.
  public static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Committed files under Tests/Fixtures.
  public static func fixture(_ name: String) -> URL {
    repository.appending(path: "Tests/Fixtures").appending(path: name)
  }

  /// Whether the development data has this file.
  public static func hasData(_ name: String) -> Bool {
    guard let file = dataFolder?.appending(path: name) else { return false }
    return FileManager.default.fileExists(atPath: file.path)
  }

  /// Call only behind `hasData`.
  public static func data(_ name: String) -> URL { dataFolder!.appending(path: name) }
}
