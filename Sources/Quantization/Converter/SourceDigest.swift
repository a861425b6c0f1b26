import Crypto
import ModelFiles

/// SHA-256 of the files that something was made of.
enum SourceDigest {
  /// One line for each file as sha256sum writes it, "<64 hexadecimal digits>  <name>", so that it can
  /// be checked with `sha256sum -c`. `onProgress` hears the file's name, the bytes done and all of
  /// them, and stops the work where it returns false; nil is then returned.
  static func lines(
    of paths: [String], onProgress: (_ name: String, _ done: Int, _ total: Int) -> Bool
  ) throws(ModelFileError) -> [String]? {
    var files: [MappedFile] = []
    for path in paths { files.append(try MappedFile(path: path)) }
    let total = files.reduce(0) { $0 + $1.byteCount }
    var done = 0
    var lines: [String] = []
    for file in files {
      let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
      var hash = SHA256()
      var goesOn = true
      file.readOnce { piece in
        hash.update(bufferPointer: piece)
        done += piece.count
        goesOn = onProgress(name, done, total)
        return goesOn
      }
      guard goesOn else { return nil }
      lines.append(hash.finalize().hexadecimal + "  " + name)
    }
    return lines
  }
}
