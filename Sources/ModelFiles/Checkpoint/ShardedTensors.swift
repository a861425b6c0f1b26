import Foundation

/// Finds and joins the files of a checkpoint folder: one file with all weights, or an index that
/// says which of many files each tensor is in.
///
/// Source: `SAFE_WEIGHTS_INDEX_NAME` and `WEIGHTS_INDEX_NAME` of transformers: a JSON object whose
/// `weight_map` has tensor names as keys and file names as values.
enum ShardedTensors {
  /// The index is text of less than a hundred bytes for each tensor.
  private static let mostIndexBytes = 100_000_000

  /// The tensors of the folder at `path`. `name` is the file that holds them all or, with
  /// ".index.json" behind it, the index; each file may be compressed, with ".zst" behind its name.
  static func read(
    path: String, name: String, opening: Opening,
    reading read: (MappedFile) throws(ModelFileError) -> CheckpointTensors
  ) throws(ModelFileError) -> CheckpointTensors {
    if let file = try opening.ifPresent(path + "/" + name) {
      let whole = try read(file)
      return try CheckpointTensors(path: path, files: whole.files, tensors: Array(whole))
    }
    guard let index = try opening.ifPresent(path + "/" + name + ".index.json") else {
      return try readUnindexed(path: path, name: name, opening: opening, reading: read)
    }
    let places = try readIndex(index)

    var files: [MappedFile] = []
    var tensors: [CheckpointTensor] = []
    for shard in Set(places.map(\.file)).sorted() {
      guard let file = try opening.ifPresent(path + "/" + shard) else {
        throw .missingShard(path: path + "/" + shard, index: name + ".index.json")
      }
      for tensor in try read(file) { tensors.append(tensor.inPart(files.count)) }
      files.append(file)
    }
    let all = try CheckpointTensors(path: path, files: files, tensors: tensors)
    for place in places {
      let tensor = all.tensorIfPresent(named: place.tensor)
      guard let tensor, isSame(files[tensor.part].path, path + "/" + place.file) else {
        throw .notInShard(
          path: path + "/" + place.file, tensor: place.tensor, index: name + ".index.json")
      }
    }
    return all
  }

  /// The shards of a folder whose index was not fetched, by their names: model-00002-of-00005.safetensors.
  /// Throws `missingShard` where not all are there.
  private static func readUnindexed(
    path: String, name: String, opening: Opening,
    reading read: (MappedFile) throws(ModelFileError) -> CheckpointTensors
  ) throws(ModelFileError) -> CheckpointTensors {
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    let (stem, ending) = (name[..<dot], name[dot...])
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let counts = Set(names.compactMap { count(ofShardNamed: $0, stem: stem, ending: ending) })
    guard let count = counts.max() else {
      throw .noWeights(path: path, wanted: "\(name), \(name).index.json")
    }
    var files: [MappedFile] = []
    var tensors: [CheckpointTensor] = []
    for number in 1...count {
      let shard = "\(stem)-\(fiveDigits(number))-of-\(fiveDigits(count))\(ending)"
      guard let file = try opening.ifPresent(path + "/" + shard) else {
        throw .missingShard(path: path + "/" + shard, index: "the other shards' names")
      }
      for tensor in try read(file) { tensors.append(tensor.inPart(files.count)) }
      files.append(file)
    }
    return try CheckpointTensors(path: path, files: files, tensors: tensors)
  }

  /// N of "STEM-00001-of-0000N.ENDING"; nil where the name is another.
  private static func count(
    ofShardNamed name: String, stem: Substring, ending: Substring
  ) -> Int? {
    let name = name.hasSuffix(".zst") ? name.dropLast(4) : name[...]
    guard name.hasPrefix(stem + "-"), name.hasSuffix(ending) else { return nil }
    let words = name.dropFirst(stem.count + 1).dropLast(ending.count).split(separator: "-")
    guard words.count == 3, words[1] == "of", words[0].count == 5, words[2].count == 5,
      let number = Int(words[0]), let count = Int(words[2]), (1...max(count, 1)).contains(number)
    else { return nil }
    return count
  }

  private static func fiveDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }

  private static func isSame(_ opened: String, _ named: String) -> Bool {
    opened == named || opened == named + ".zst"
  }

  /// What `weight_map` says, in the order of the file.
  private static func readIndex(
    _ file: MappedFile
  ) throws(ModelFileError) -> [(tensor: String, file: String)] {
    guard file.byteCount <= mostIndexBytes else {
      throw .invalidField(
        path: file.path, field: "its size", found: "\(file.byteCount)",
        wanted: "at most \(mostIndexBytes)")
    }
    var places: [(tensor: String, file: String)]?
    var json = JSONCursor(file, 0..<file.byteCount)
    try json.readObject { json, key throws(ModelFileError) in
      guard key == "weight_map" else { return try json.skipValue() }
      guard places == nil else { throw .duplicateKey(path: file.path, key: key) }
      places = try readPlaces(&json, file)
    }
    try json.expectEnd()
    guard let places, !places.isEmpty else {
      throw .missingKey(path: file.path, key: "weight_map")
    }
    return places
  }

  private static func readPlaces(
    _ json: inout JSONCursor, _ file: MappedFile
  ) throws(ModelFileError) -> [(tensor: String, file: String)] {
    var places: [(tensor: String, file: String)] = []
    var names: Set<String> = []
    try json.readObject { json, tensor throws(ModelFileError) in
      guard names.insert(tensor).inserted else {
        throw .duplicateTensor(path: file.path, tensor: tensor)
      }
      let shard = try json.readString()
      // A name that leads out of the folder would make us read what the user did not give us.
      guard !shard.isEmpty, shard != ".", shard != "..",
        !shard.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
      else {
        throw .invalidField(
          path: file.path, field: "the file of " + tensor, found: shard,
          wanted: "the name of a file in the same folder")
      }
      places.append((tensor, shard))
    }
    return places
  }
}

/// How the readers of folders come by their files: from the disk, or in tests and fuzzing from
/// memory.
package struct Opening {
  private let open: (String) throws(ModelFileError) -> MappedFile

  package init(_ open: @escaping (String) throws(ModelFileError) -> MappedFile) {
    self.open = open
  }

  /// Maps files, decompressing them where they are compressed.
  package static var contents: Opening {
    Opening { path throws(ModelFileError) in try MappedFile.contents(path: path) }
  }

  /// The file at `path`, or else at `path` with ".zst"; nil where there is neither.
  func ifPresent(_ path: String) throws(ModelFileError) -> MappedFile? {
    for candidate in [path, path + ".zst"] {
      do throws(ModelFileError) {
        return try open(candidate)
      } catch {
        guard case .noSuchFile = error else { throw error }
      }
    }
    return nil
  }
}
