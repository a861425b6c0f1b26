/// Finds and checks the files of a model that is split over several, as llama.cpp's gguf-split and
/// the gguf package write them: each names its number and the count of all in its metadata, and the
/// first carries the metadata of the model.
enum GGUFSplit {
  static let numberKey = "split.no"
  static let countKey = "split.count"
  static let tensorCountKey = "split.tensors.count"

  /// The parts of the model that `path` is, or is a part of, in order; one where it is not split.
  static func parts(
    path: String, acceptingPacked: Bool = false,
    opening open: (String) throws(ModelFileError) -> MappedFile
  ) throws(ModelFileError) -> [GGUFPart] {
    let given = try GGUFPart(open(path), part: 0, acceptingPacked: acceptingPacked)
    // Packed files are written whole.
    guard !given.isPacked else { return [given] }
    guard let place = try place(given.metadata), place.count > 1 else { return [given] }

    guard let name = GGUFSplitName(path), name.part == place.part, name.count == place.count else {
      throw .splitNameMismatch(
        path: path, part: place.part, count: place.count,
        ending: GGUFSplitName.ending(part: place.part, count: place.count))
    }
    var parts: [GGUFPart] = []
    for number in 1...place.count {
      let part =
        number == 1 && place.part == 1
        ? given : try openPart(number, of: name, opening: open)
      try check(part, is: number, beside: given)
      parts.append(part)
    }
    try checkTensorCount(parts)
    return parts
  }

  /// Which part of how many a file says it is, counted from 1; nil where it is not split.
  private static func place(
    _ metadata: GGUFMetadata
  ) throws(ModelFileError) -> (part: Int, count: Int)? {
    guard let count = try metadata.integerIfPresent(countKey, in: 0...65535), count > 0 else {
      return nil
    }
    return (try metadata.integer(numberKey, in: 0...count - 1) + 1, count)
  }

  private static func openPart(
    _ number: Int, of name: GGUFSplitName,
    opening open: (String) throws(ModelFileError) -> MappedFile
  ) throws(ModelFileError) -> GGUFPart {
    let path = name.path(part: number)
    let file: MappedFile
    do throws(ModelFileError) {
      file = try open(path)
    } catch {
      guard case .noSuchFile = error else { throw error }
      throw .missingPart(path: path, part: number, count: name.count)
    }
    return try GGUFPart(file, part: number - 1)
  }

  private static func check(
    _ part: GGUFPart, is number: Int, beside given: GGUFPart
  ) throws(ModelFileError) {
    func same(_ key: String, _ wanted: Int?) throws(ModelFileError) {
      let found = try part.metadata.integerIfPresent(key)
      guard found == wanted else {
        throw .partMismatch(
          path: part.file.path, field: key, found: found.map(String.init) ?? "missing",
          wanted: wanted.map(String.init) ?? "nothing")
      }
    }
    try same(numberKey, number - 1)
    try same(countKey, given.metadata.integer(countKey))
    try same(tensorCountKey, given.metadata.integerIfPresent(tensorCountKey))
    guard part.version == given.version else {
      throw .partMismatch(
        path: part.file.path, field: "the GGUF version", found: "\(part.version)",
        wanted: "\(given.version)")
    }
  }

  private static func checkTensorCount(_ parts: [GGUFPart]) throws(ModelFileError) {
    let first = parts[0]
    guard let wanted = try first.metadata.integerIfPresent(tensorCountKey) else { return }
    let found = parts.reduce(0) { $0 + $1.tensors.count }
    guard found == wanted else {
      throw .partMismatch(
        path: first.file.path, field: "the number of tensors of all parts", found: "\(found)",
        wanted: "\(wanted) (\(tensorCountKey))")
    }
  }
}
