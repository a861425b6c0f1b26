#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Room on disks.
enum DiskSpace {
  /// Bytes that this user may still write in `folder`, or nil where the system does not tell.
  static func available(in folder: String) -> UInt64? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(
      by: UInt64(status.f_frsize))
    return overflow ? .max : bytes
  }

  /// Throws `noSpace` where `folder` has no room for `needed` bytes, wanted for the file at `path`.
  static func check(
    _ needed: UInt64, in folder: String, for path: String
  ) throws(ModelFileError) {
    guard let available = available(in: folder), available < needed else { return }
    throw .noSpace(path: path, needed: needed, available: available)
  }

  /// What to throw where `call` failed with `number` after `needed` bytes were to be there.
  static func error(
    _ number: Int32, call: String, needed: UInt64, in folder: String, for path: String
  ) -> ModelFileError {
    switch number {
    case ENOSPC, EDQUOT:
      .noSpace(path: path, needed: needed, available: available(in: folder) ?? 0)
    case EFBIG: .sizeLimit(path: path)
    case EACCES, EPERM, EROFS: .notWritable(path: path)
    case ENOENT, ENOTDIR: .noSuchFolder(path: path)
    default: .systemFailure(path: path, call: call, errno: number)
    }
  }
}

/// The folder that the file at `path` is in: what stands before the last slash, or ".".
func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Writes all of `bytes`; returns 0, or the error's number.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  var done = 0
  while done < bytes.count {
    // A single call writes less than 2 GB on some systems, and fails for more on others.
    let count = write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
    if count >= 0 {
      done += count
    } else if errno != EINTR {
      return errno
    }
  }
  return 0
}
