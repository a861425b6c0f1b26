/// One record of an archive's central directory.
struct ZipRecord {
  let name: String
  let checksum: UInt32
  /// Where the entry's own header begins.
  let headerOffset: Int
  /// Where the next record begins.
  let end: Int

  private let flags: UInt16
  private let size: Int

  private static let headerSize = 30
  private static let recordSize = 46
  private static let encrypted: UInt16 = 1 << 0
  /// The sizes stand behind the data, and are zero before it.
  private static let hasDescriptor: UInt16 = 1 << 3
  private static let stored: UInt16 = 0

  /// Reads the record at byte `offset`; it must end at or before `end`.
  init(_ file: MappedFile, at offset: Int, end directoryEnd: Int) throws(ModelFileError) {
    func truncated(_ needed: Int) -> ModelFileError {
      .truncated(
        path: file.path, field: "an entry of the archive's directory", offset: offset,
        needed: UInt64(needed), left: directoryEnd - offset)
    }
    guard directoryEnd - offset >= Self.recordSize else { throw truncated(Self.recordSize) }
    let signature = file.load(UInt32.self, at: offset)
    guard signature == 0x0201_4B50 else {
      throw .invalidField(
        path: file.path, field: "the signature of the directory's entry at byte \(offset)",
        found: "\(signature)", wanted: "33639248")
    }
    let nameLength = Int(file.load(UInt16.self, at: offset + 28))
    let extraLength = Int(file.load(UInt16.self, at: offset + 30))
    let commentLength = Int(file.load(UInt16.self, at: offset + 32))
    let length = Self.recordSize + nameLength + extraLength + commentLength
    guard directoryEnd - offset >= length else { throw truncated(length) }
    end = offset + length

    let nameStart = offset + Self.recordSize
    let nameBytes = file.bytes[nameStart..<nameStart + nameLength]
    guard let name = String(validating: nameBytes, as: UTF8.self) else {
      throw .invalidText(
        path: file.path, field: "the name of the archive's entry at byte \(offset)")
    }
    self.name = name
    flags = file.load(UInt16.self, at: offset + 8)
    checksum = file.load(UInt32.self, at: offset + 16)

    let method = file.load(UInt16.self, at: offset + 10)
    guard flags & Self.encrypted == 0 else {
      throw .unsupportedEntry(path: file.path, entry: name, problem: "encrypted")
    }
    guard method == Self.stored else {
      throw .unsupportedEntry(
        path: file.path, entry: name,
        problem: method == 8 ? "deflated" : "compressed with method \(method)")
    }

    var long = LongNumbers(
      file: file, extra: nameStart + nameLength..<nameStart + nameLength + extraLength)
    // The order in which those that do not fit stand in the ZIP64 field.
    let unpacked = long.number(file.load(UInt32.self, at: offset + 24))
    let packed = long.number(file.load(UInt32.self, at: offset + 20))
    let place = long.number(file.load(UInt32.self, at: offset + 42))
    guard let unpacked, let packed, let place else {
      throw .invalidField(
        path: file.path, field: "the ZIP64 field of the entry \(name)", found: "too short",
        wanted: "as long as the sizes it stands for")
    }
    guard unpacked == packed else {
      throw .invalidField(
        path: file.path, field: "the size of the entry \(name)", found: "\(unpacked)",
        wanted: "\(packed), as it is stored")
    }
    guard packed <= UInt64(file.byteCount), place <= UInt64(file.byteCount) else {
      throw .invalidField(
        path: file.path, field: "the size and place of the entry \(name)",
        found: "\(packed) and \(place)", wanted: "inside of the file's \(file.byteCount) bytes")
    }
    size = Int(packed)
    headerOffset = Int(place)
  }

  /// Where the entry's bytes are: behind its own header, which must say what the directory says, and
  /// before byte `limit`.
  func locate(in file: MappedFile, before limit: Int) throws(ModelFileError) -> Range<Int> {
    func truncated(_ needed: Int) -> ModelFileError {
      .truncated(
        path: file.path, field: "the entry \(name)", offset: headerOffset, needed: UInt64(needed),
        left: max(0, limit - headerOffset))
    }
    func disagreement(_ field: String, _ found: String, _ wanted: String) -> ModelFileError {
      .invalidField(
        path: file.path, field: "\(field) before the entry \(name)", found: found,
        wanted: "\(wanted), as the directory says")
    }
    guard headerOffset <= limit - Self.headerSize else { throw truncated(Self.headerSize) }
    let signature = file.load(UInt32.self, at: headerOffset)
    guard signature == 0x0403_4B50 else {
      throw disagreement("the signature", "\(signature)", "67324752")
    }
    let nameLength = Int(file.load(UInt16.self, at: headerOffset + 26))
    let extraLength = Int(file.load(UInt16.self, at: headerOffset + 28))
    let nameStart = headerOffset + Self.headerSize
    let start = nameStart + nameLength + extraLength
    guard start <= limit, size <= limit - start else {
      throw truncated(start - headerOffset + size)
    }

    let localName = file.bytes[nameStart..<nameStart + nameLength]
    guard localName.elementsEqual(name.utf8) else {
      throw disagreement("the name", String(decoding: localName, as: UTF8.self), name)
    }
    let localFlags = file.load(UInt16.self, at: headerOffset + 6)
    guard localFlags == flags else { throw disagreement("the flags", "\(localFlags)", "\(flags)") }
    let method = file.load(UInt16.self, at: headerOffset + 8)
    guard method == Self.stored else { throw disagreement("the method", "\(method)", "0") }

    var long = LongNumbers(file: file, extra: nameStart + nameLength..<start)
    let unpacked = long.number(file.load(UInt32.self, at: headerOffset + 22))
    let packed = long.number(file.load(UInt32.self, at: headerOffset + 18))
    let sizes = [unpacked, packed]
    let isLater = flags & Self.hasDescriptor != 0 && sizes == [0, 0]
    guard isLater || sizes == [UInt64(size), UInt64(size)] else {
      throw disagreement("the size", unpacked.map(String.init) ?? "missing", "\(size)")
    }
    let localChecksum = file.load(UInt32.self, at: headerOffset + 14)
    guard isLater || localChecksum == checksum else {
      throw disagreement("the checksum", "\(localChecksum)", "\(checksum)")
    }
    return start..<start + size
  }
}

/// Takes the 64-bit numbers of a record's ZIP64 field (header 1), one after the other.
private struct LongNumbers {
  private let file: MappedFile
  private var numbers: Range<Int>

  init(file: MappedFile, extra: Range<Int>) {
    self.file = file
    numbers = 0..<0
    var offset = extra.lowerBound
    while extra.upperBound - offset >= 4 {
      let length = Int(file.load(UInt16.self, at: offset + 2))
      let start = offset + 4
      guard length <= extra.upperBound - start else { return }
      if file.load(UInt16.self, at: offset) == 1 {
        numbers = start..<start + length
        return
      }
      offset = start + length
    }
  }

  /// `short`, or the next 64-bit number where `short` says that it does not fit; nil where there is
  /// none.
  mutating func number(_ short: UInt32) -> UInt64? {
    guard short == .max else { return UInt64(short) }
    guard numbers.count >= 8 else { return nil }
    defer { numbers = numbers.lowerBound + 8..<numbers.upperBound }
    return file.load(UInt64.self, at: numbers.lowerBound)
  }
}
