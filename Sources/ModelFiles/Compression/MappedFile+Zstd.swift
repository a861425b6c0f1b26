#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension MappedFile {
  /// Maps the file at `path`; of a file compressed with zstd, what it decompresses to.
  ///
  /// The readers need their bytes in any order, and a model does not fit in memory: so the content
  /// goes to a file in `temporaryFolder` that has no name, takes its size on that disk, and is gone
  /// when this object is, or when the process ends in any way. Its pages come and go as those of any
  /// mapped file. `progress` is called with the compressed bytes used so far, and all of them.
  ///
  /// `temporaryFolder` is `TMPDIR` unless given, or else the folder of the file (/tmp is memory on
  /// many systems), or /var/tmp where that cannot be written.
  ///
  /// Throws as `init(path:)`, `noSpace` where the content does not fit on the disk, `expandsTooMuch`
  /// where it is over a thousand times as large, and `damagedZstd`, `truncated` or `trailingBytes`.
  public static func contents(
    path: String, temporaryFolder: String? = nil,
    progress: ((_ done: Int, _ total: Int) -> Void)? = nil
  ) throws(ModelFileError) -> MappedFile {
    let file = try MappedFile(path: path)
    guard ZstdSource.isCompressed(path: path, file.bytes) else { return file }
    let folders = temporaryFolder.map { [$0] } ?? temporaryFolders(beside: path)
    return try decompress(file, in: folders, progress)
  }

  /// As `contents(path:)`, of a file that is mapped already, whether it is compressed or not.
  package static func decompressed(_ file: MappedFile) throws(ModelFileError) -> MappedFile {
    guard ZstdSource.isCompressed(path: file.path, file.bytes) else { return file }
    return try decompress(file, in: temporaryFolders(beside: file.path), nil)
  }

  private static func temporaryFolders(beside path: String) -> [String] {
    if let folder = getenv("TMPDIR") { return [String(cString: folder)] }
    return [folder(of: path), "/var/tmp"]
  }

  private static func decompress(
    _ file: MappedFile, in folders: [String], _ progress: ((Int, Int) -> Void)?
  ) throws(ModelFileError) -> MappedFile {
    let source = ZstdSource(file)
    let (descriptor, folder) = try openNameless(in: folders)
    defer { close(descriptor) }

    let (most, overflow) = file.byteCount.multipliedReportingOverflow(by: mostExpansion)
    let limit = overflow ? Int.max : most + freeExpansion
    if let declared = source.declaredBytes {
      guard declared <= UInt64(limit) else {
        throw .expandsTooMuch(path: file.path, compressed: file.byteCount, most: limit)
      }
      try DiskSpace.check(declared, in: folder, for: file.path)
    }

    var written = 0
    try source.decompress { piece, used throws(ModelFileError) in
      guard piece.count <= limit - written else {
        throw .expandsTooMuch(path: file.path, compressed: file.byteCount, most: limit)
      }
      let number = writeAll(piece, to: descriptor)
      guard number == 0 else {
        throw DiskSpace.error(
          number, call: "write", needed: UInt64(written + piece.count), in: folder, for: file.path)
      }
      written += piece.count
      progress?(used, file.byteCount)
    }
    return try MappedFile(path: file.path, descriptor: descriptor)
  }

  /// Zeros compress to a ten-thousandth, weights to nine tenths: what is far beyond is meant to fill
  /// the disk.
  private static let mostExpansion = 1000
  private static let freeExpansion = 1 << 24

  /// Opens a new file without a name in the first of `folders` that allows it.
  private static func openNameless(
    in folders: [String]
  ) throws(ModelFileError) -> (descriptor: Int32, folder: String) {
    var number: Int32 = 0
    for folder in folders {
      var template = Array((folder + "/emend-XXXXXX").utf8CString)
      let descriptor = mkstemp(&template)
      if descriptor >= 0 {
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return (descriptor, folder)
      }
      number = errno
    }
    switch number {
    case ENOENT, ENOTDIR: throw .noSuchFolder(path: folders[0] + "/temporary file")
    case EACCES, EPERM, EROFS: throw .notWritable(path: folders[0] + "/temporary file")
    default: throw .systemFailure(path: folders[0], call: "mkstemp", errno: number)
    }
  }
}
