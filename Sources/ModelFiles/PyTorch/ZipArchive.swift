/// The entries of a ZIP archive, as PyTorch writes them: stored, not compressed. Nothing is ever
/// unpacked, so that an archive cannot be larger than its file.
///
/// Every number is checked: the directory lies directly before its end record, entries lie before
/// the directory and share no byte, and what stands before each entry agrees with the directory.
///
/// Source: PKWARE's APPNOTE.TXT 6.3.10, with the ZIP64 extensions.
struct ZipArchive {
  /// One stored file.
  struct Entry {
    let name: String
    /// Where its bytes are in the archive.
    let range: Range<Int>
    /// CRC-32 of the bytes, as the directory says.
    let checksum: UInt32
  }

  /// The entries, in the order of the directory.
  let entries: [Entry]
  private let indexOfName: [String: Int]

  init(_ file: MappedFile) throws(ModelFileError) {
    let directory = try ZipDirectory(file)
    var entries: [Entry] = []
    var indices: [String: Int] = [:]
    var used: [(header: Int, end: Int, name: String)] = []
    var offset = directory.range.lowerBound
    // The directory's size bounds the number of entries: at least 46 bytes each.
    while offset < directory.range.upperBound {
      let record = try ZipRecord(file, at: offset, end: directory.range.upperBound)
      offset = record.end
      let range = try record.locate(in: file, before: directory.range.lowerBound)
      guard indices.updateValue(entries.count, forKey: record.name) == nil else {
        throw .invalidField(
          path: file.path, field: "the entry \(record.name)", found: "there twice",
          wanted: "there once")
      }
      entries.append(Entry(name: record.name, range: range, checksum: record.checksum))
      used.append((record.headerOffset, range.upperBound, record.name))
    }
    guard UInt64(entries.count) == directory.entryCount else {
      throw .invalidField(
        path: file.path, field: "the number of entries", found: "\(directory.entryCount)",
        wanted: "\(entries.count), as the directory has")
    }
    try Self.checkDisjoint(used, path: file.path)
    self.entries = entries
    indexOfName = indices
  }

  /// The entry called `name`, or nil where there is none.
  func entry(named name: String) -> Entry? { indexOfName[name].map { entries[$0] } }

  /// Entries that share bytes are how a small archive pretends to hold much.
  private static func checkDisjoint(
    _ used: [(header: Int, end: Int, name: String)], path: String
  ) throws(ModelFileError) {
    let ordered = used.sorted { ($0.header, $0.end, $0.name) < ($1.header, $1.end, $1.name) }
    for (first, second) in zip(ordered, ordered.dropFirst()) where second.header < first.end {
      throw .invalidField(
        path: path, field: "the place of the entry \(second.name)", found: "\(second.header)",
        wanted: "behind the entry \(first.name), which ends at \(first.end)")
    }
  }
}
