import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One process's claim to a folder: a file in it that names the process, and that the system keeps locked
/// for as long as the process lives. It goes with the last reference.
///
/// The system gives a lock back when its owner is gone, however it went. That this is so is known of owners
/// on this machine alone: of others the file must be removed by hand.
public final class FolderLock: @unchecked Sendable {
  /// Who has the folder.
  public struct Owner: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The machine's name.
    public let host: String
    /// Its number there.
    public let process: Int32
    /// Of the machine since it was started; nil where the system has no such thing.
    let boot: String?

    /// "process 123 on host".
    public var description: String { "process \(process) on \(host)" }

    static var this: Owner {
      Owner(
        host: ProcessInfo.processInfo.hostName, process: getpid(),
        boot: (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
          .trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  private let path: String
  private let descriptor: Int32
  /// The owner whose lock this one took the place of, since it is gone.
  public let formerOwner: Owner?

  /// Claims `folder`, which is there, by a file of that name in it. Throws
  /// `EditorTrainingError.folderInUse` where somebody else has it or may have it, and `.folderLock` where
  /// the file cannot be made.
  public init(folder: String, name: String = "training.lock") throws(EditorTrainingError) {
    path = folder + "/" + name
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
      guard descriptor >= 0 else { throw Self.failure(path, errno) }
      let known = Self.owner(descriptor)
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let number = errno
        close(descriptor)
        guard number == EWOULDBLOCK else { throw Self.failure(path, number) }
        throw .folderInUse(folder: folder, owner: known?.description ?? "another process")
      }
      // Its owner may have removed it since it was opened.
      var opened = stat()
      var named = stat()
      guard fstat(descriptor, &opened) == 0, stat(path, &named) == 0, opened.st_ino == named.st_ino,
        opened.st_dev == named.st_dev
      else {
        close(descriptor)
        continue
      }
      let this = Owner.this
      let former = Self.owner(descriptor)
      if let former, former.host != this.host, former.boot == nil || former.boot != this.boot {
        close(descriptor)
        throw .folderInUseElsewhere(folder: folder, owner: former.description, file: path)
      }
      let bytes = (try? JSONEncoder().encode(this)) ?? Data()
      guard ftruncate(descriptor, 0) == 0,
        bytes.withUnsafeBytes({ pwrite(descriptor, $0.baseAddress, $0.count, 0) }) == bytes.count
      else {
        let number = errno
        close(descriptor)
        throw Self.failure(path, number)
      }
      self.descriptor = descriptor
      formerOwner = former
      return
    }
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  private static func failure(_ path: String, _ number: Int32) -> EditorTrainingError {
    .folderLock(path: path, reason: String(cString: strerror(number)))
  }

  /// What the file says; nil where that is nothing that this class wrote, or not whole.
  private static func owner(_ descriptor: Int32) -> Owner? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return try? JSONDecoder().decode(Owner.self, from: Data(bytes[..<count]))
  }
}
