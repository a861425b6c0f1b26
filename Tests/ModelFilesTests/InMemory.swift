import ModelFiles
import TestSupport

/// Opens bytes as if they were files, with nothing readable behind their last byte. Files that are
/// not among `files` do not exist.
func openInMemory(
  _ path: String, of files: [String: [UInt8]]
) throws(ModelFileError) -> GGUFFile {
  try GGUFFile(path: path) { path throws(ModelFileError) in
    guard let bytes = files[path] else { throw .noSuchFile(path: path) }
    let guarded = GuardedBytes(bytes)
    return try MappedFile(path: path, contents: guarded.bytes) { _ = guarded }
  }
}

/// Opens one file of the given bytes, called "lie.gguf".
func openInMemory(_ bytes: [UInt8]) throws(ModelFileError) -> GGUFFile {
  try openInMemory("lie.gguf", of: ["lie.gguf": bytes])
}

/// What `body` throws, or nil.
func thrown<Result>(_ body: () throws(ModelFileError) -> Result) -> ModelFileError? {
  do throws(ModelFileError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
