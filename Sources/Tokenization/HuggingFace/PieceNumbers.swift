import ModelFiles

/// The pieces of a vocabulary in JSON, `{"piece": id, ...}`, in the order of the file: a dictionary
/// of `String` would take pieces for the same that are only canonically equivalent.
enum PieceNumbers {
  /// The object under the given keys, one inside the other; the whole file where there are none.
  static func read(
    _ file: MappedFile, under keys: [String]
  ) throws(ModelFileError) -> [(text: String, id: Int)] {
    var pieces: [(text: String, id: Int)] = []
    var json = JSONCursor(file, 0..<file.byteCount)
    try read(&json, keys[...], into: &pieces)
    try json.expectEnd()
    return pieces
  }

  private static func read(
    _ json: inout JSONCursor, _ keys: ArraySlice<String>,
    into pieces: inout [(text: String, id: Int)]
  ) throws(ModelFileError) {
    try json.readObject { json, key throws(ModelFileError) in
      guard let wanted = keys.first else {
        pieces.append((key, try json.readCount()))
        return
      }
      guard key == wanted else { return try json.skipValue() }
      try read(&json, keys.dropFirst(), into: &pieces)
    }
  }
}
