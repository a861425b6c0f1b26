import ModelFiles

typealias TextInput = TextFile

/// Writes a text file that is there whole or not at all.
enum TextOutput {
  static func write(_ text: String, to path: String) throws {
    var file = try AtomicFileWriter(path: path)
    try file.append(text)
    try file.commit()
  }
}
