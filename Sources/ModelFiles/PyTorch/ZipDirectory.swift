/// Where an archive's central directory is, from the records at the end of the file.
struct ZipDirectory {
  /// The directory's bytes.
  let range: Range<Int>
  /// How many entries it has, as the end record says.
  let entryCount: UInt64

  private static let endSize = 22
  private static let locatorSize = 20
  private static let end64Size = 56

  init(_ file: MappedFile) throws(ModelFileError) {
    let kind = FileKind(firstBytes: file.bytes)
    guard kind == .zip else { throw .wrongKind(path: file.path, wanted: .zip, found: kind) }
    let end = try Self.findEnd(file)
    func wrong(_ field: String, _ found: UInt64, _ wanted: String) -> ModelFileError {
      .invalidField(path: file.path, field: field, found: "\(found)", wanted: wanted)
    }

    let disks = file.load(UInt32.self, at: end + 4)
    guard disks == 0 || disks == .max else { throw wrong("the disk number", UInt64(disks), "0") }
    var count = UInt64(file.load(UInt16.self, at: end + 10))
    var size = UInt64(file.load(UInt32.self, at: end + 12))
    var start = UInt64(file.load(UInt32.self, at: end + 16))
    var directoryEnd = end

    // The 64-bit record counts where the locator is there, as miniz, which PyTorch uses, has it.
    let locator = end - Self.locatorSize
    if locator >= 0, file.load(UInt32.self, at: locator) == 0x0706_4B50 {
      let place = file.load(UInt64.self, at: locator + 8)
      guard locator >= Self.end64Size, place == UInt64(locator - Self.end64Size) else {
        throw wrong("the place of the ZIP64 end record", place, "directly before its locator")
      }
      let end64 = locator - Self.end64Size
      guard file.load(UInt32.self, at: end64) == 0x0606_4B50 else {
        throw wrong(
          "the signature of the ZIP64 end record", UInt64(file.load(UInt32.self, at: end64)),
          "101075792")
      }
      let record = (
        count: file.load(UInt64.self, at: end64 + 32), size: file.load(UInt64.self, at: end64 + 40),
        start: file.load(UInt64.self, at: end64 + 48)
      )
      // What fits in the short record must be the same there.
      guard count == 0xFFFF || count == record.count else {
        throw wrong("the number of entries", count, "\(record.count), as the ZIP64 record has it")
      }
      guard size == 0xFFFF_FFFF || size == record.size else {
        throw wrong("the directory's size", size, "\(record.size), as the ZIP64 record has it")
      }
      guard start == 0xFFFF_FFFF || start == record.start else {
        throw wrong("the directory's place", start, "\(record.start), as the ZIP64 record has it")
      }
      (count, size, start) = record
      directoryEnd = end64
    }

    guard size <= UInt64(directoryEnd) else {
      throw wrong("the directory's size", size, "at most \(directoryEnd)")
    }
    guard start == UInt64(directoryEnd) - size else {
      throw wrong("the directory's place", start, "\(UInt64(directoryEnd) - size)")
    }
    range = Int(start)..<directoryEnd
    entryCount = count
  }

  /// The end record is last, before a comment of at most 65535 bytes, whose length it states.
  private static func findEnd(_ file: MappedFile) throws(ModelFileError) -> Int {
    let last = file.byteCount - endSize
    for place in stride(from: last, through: max(0, last - 0xFFFF), by: -1)
    where file.load(UInt32.self, at: place) == 0x0605_4B50
      && Int(file.load(UInt16.self, at: place + 20)) == last - place
    {
      return place
    }
    throw .truncated(
      path: file.path, field: "the archive's end record", offset: file.byteCount,
      needed: UInt64(endSize), left: 0)
  }
}
