import ModelFiles
import TestSupport
import Testing

/// A file that is wrong in one respect, and the error that must say so.
struct BadFile: Sendable, CustomTestStringConvertible {
  static let path = "lie.bin"

  let testDescription: String
  let bytes: [UInt8]
  let error: ModelFileError

  init(_ what: String, _ error: ModelFileError, _ bytes: [UInt8]) {
    testDescription = what
    self.bytes = bytes
    self.error = error
  }

  /// What `open` throws for the file, behind whose last byte nothing can be read. The message must
  /// be one line, with the file in front.
  func refusal(
    by open: (MappedFile) throws(ModelFileError) -> Void
  ) -> ModelFileError? {
    let error = thrown { () throws(ModelFileError) in try open(mapped(bytes)) }
    if let text = error?.description {
      #expect(text.hasPrefix(Self.path + ": ") && text.count < 500)
      #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
    return error
  }
}

/// The bytes as a file called "lie.bin", with nothing readable behind the last.
func mapped(_ bytes: [UInt8], path: String = BadFile.path) throws(ModelFileError) -> MappedFile {
  let guarded = GuardedBytes(bytes)
  return try MappedFile(path: path, contents: guarded.bytes) { _ = guarded }
}

/// A copy of the file's bytes.
func contents(of file: MappedFile) -> [UInt8] {
  withExtendedLifetime(file) { Array(file.bytes) }
}
