import Foundation

/// A disk in memory, mounted while the object lives.
///
/// Needs the right to mount: root, as in most containers of continuous integration.
public final class SmallDisk {
  /// Where it is mounted.
  public let path: String

  /// Whether there is that right; when not, tests that need a disk say so and are skipped.
  public static let isPossible = (try? SmallDisk(byteCount: 1 << 20)) != nil

  /// The system refused.
  public struct MountFailed: Error {}

  /// Mounts one with room for so many bytes.
  public init(byteCount: Int) throws {
    path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard Self.run(["mount", "-t", "tmpfs", "-o", "size=\(byteCount)", "tmpfs", path]) == 0 else {
      try? FileManager.default.removeItem(atPath: path)
      throw MountFailed()
    }
  }

  deinit {
    _ = Self.run(["umount", path])
    try? FileManager.default.removeItem(atPath: path)
  }

  private static func run(_ arguments: [String]) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
