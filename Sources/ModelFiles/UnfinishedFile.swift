import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files that `AtomicFileWriter` writes to: `path`.partial-emend-0, -1 and so on of what is to be at
/// `path`. Each is locked as long as it is written, and the system gives locks back when a process is gone,
/// however it went: what is not locked was left, by whatever process on whatever machine.
public enum UnfinishedFile {
  private static let infix = ".partial-emend-"

  static func path(of path: String, _ number: Int) -> String { "\(path)\(infix)\(number)" }

  /// Locks a file that was made at `path`. False where somebody took it for a leftover before. File systems
  /// without locks have no leftovers to tell from others.
  static func claim(_ descriptor: Int32, at path: String) -> Bool {
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 { return errno != EWOULDBLOCK }
    return isStill(descriptor, at: path)
  }

  /// Removes what a killed process left at `path`; false where somebody writes it, or it is not there.
  @discardableResult
  static func removeUnlessClaimed(_ path: String) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, isStill(descriptor, at: path) else {
      return false
    }
    return unlink(path) == 0
  }

  /// Removes everything that killed processes left of files that were to be at `path`; returns the names of
  /// the files that are gone.
  @discardableResult
  public static func removeAll(of path: String) -> [String] {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent()
    let prefix = url.lastPathComponent + infix
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().filter { name in
      name.hasPrefix(prefix) && Int(name.dropFirst(prefix.count)) != nil
        && removeUnlessClaimed(folder.appending(path: name).path)
    }
  }

  private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
    var opened = stat()
    var named = stat()
    return fstat(descriptor, &opened) == 0 && lstat(path, &named) == 0
      && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
  }
}
