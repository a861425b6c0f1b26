#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The place of a result, looked at before the work that makes it begins.
///
///     try OutputFile.check("edit.safetensors", inputs: [model, editor])
///     ... hours of work ...
///     var writer = try AtomicFileWriter(path: "edit.safetensors")
public enum OutputFile {
  /// Throws what would keep a file from being written at `path`, and `isInput` where it is one of those
  /// that are read, under whatever name: writing over it would lose it.
  public static func check(_ path: String, inputs: [String] = []) throws(ModelFileError) {
    try checkTarget(path)
    let folder = folder(of: resolved(path))
    guard access(folder, F_OK) == 0 else { throw .noSuchFolder(path: path) }
    guard access(folder, W_OK | X_OK) == 0 else { throw .notWritable(path: path) }
    guard let identity = FileIdentity(path) else { return }
    if inputs.contains(where: { FileIdentity($0) == identity }) { throw .isInput(path: path) }
  }

  /// Renaming would replace a file that must not be written to, or a link that leads nowhere, and fail only
  /// at the end for a folder.
  static func checkTarget(_ path: String) throws(ModelFileError) {
    guard !path.isEmpty, !path.hasSuffix("/") else { throw .isFolder(path: path) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      let number = errno
      guard lstat(path, &status) == 0 else { return }
      throw .systemFailure(path: path, call: "following the link", errno: number)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .isFolder(path: path)
    default: throw .notRegularFile(path: path)
    }
    guard access(path, W_OK) == 0 else { throw .notWritable(path: path) }
  }

  /// The file that a path means: where it is a symbolic link, what that leads to, since a rename would
  /// put the file in the place of the link.
  static func resolved(_ path: String) -> String {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK,
      let target = realpath(path, nil)
    else { return path }
    defer { free(target) }
    return String(cString: target)
  }
}

/// Which file a path leads to, whatever the path: links and other names are seen through.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let number: UInt64

  /// Nil where there is no such file.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
  }
}
