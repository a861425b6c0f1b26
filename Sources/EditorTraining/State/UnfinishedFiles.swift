import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Removes what killed processes left of files that were to be at `path`: `AtomicFileWriter` writes to
/// `path`.partial-PROCESS-NUMBER first. What a process that lives is writing stays. Returns the names of
/// the files that are gone.
@discardableResult
public func removeUnfinishedFiles(of path: String) -> [String] {
  let url = URL(fileURLWithPath: path)
  let folder = url.deletingLastPathComponent()
  let prefix = url.lastPathComponent + ".partial-"
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  return names.sorted().filter { name in
    guard name.hasPrefix(prefix) else { return false }
    let numbers = name.dropFirst(prefix.count).split(
      separator: "-", omittingEmptySubsequences: false)
    guard numbers.count == 2, let process = pid_t(numbers[0]), process > 0, Int(numbers[1]) != nil
    else { return false }
    // 0 where it lives, EPERM where it lives and is somebody else's.
    guard process != getpid(), kill(process, 0) != 0, errno == ESRCH else { return false }
    return unlink(folder.appending(path: name).path) == 0
  }
}
