/// The beginning of a packed file: a GGUF whose matrices are stored as the kernels read them, so that
/// they run where they are mapped.
///
///     0   "EMDP"
///     4   version u32, of this layout and of `PackedLayout`: 3
///     8   checksum u32, CRC-32 of the bytes from 16 up to the data
///     12  zero u32
///     16  where the data begins u64
///     24  size of the file u64
///     32  tensor count u64, metadata count u64, metadata, tensor infos, padding, data: as in GGUF 3
///
/// The type of a packed matrix has `packedType` set. Its bytes are those of `PackedLayout`; all other
/// tensors are as in GGUF. `general.alignment` is at least a cache line.
///
/// What is checked at opening: the checksum, the sizes, and every place as in a GGUF. The data is
/// trusted: scales were found finite when they were packed, and reading gigabytes for a checksum would
/// take what the format saves. Damaged data gives wrong text, never a wrong access.
enum PackedHeader {
  static let magic = "EMDP"
  static let version: UInt32 = 3
  static let byteCount = 32
  /// The bit of a tensor's type that says it is packed.
  static let packedType: UInt32 = 1 << 31
  /// Data is aligned to cache lines.
  static let leastAlignment = 64
  private static let checkedFrom = 16

  /// Whether the file has the magic.
  static func begins(_ file: MappedFile) -> Bool {
    FileKind(firstBytes: file.bytes.prefix(FileKind.bytesNeeded)) == .packed
  }

  /// Reads and checks the first 32 bytes, and the checksum of the header; returns the version.
  static func read(from cursor: inout ByteCursor) throws(ModelFileError) -> UInt32 {
    let file = cursor.file
    _ = try cursor.take(UInt64(magic.utf8.count), "the magic")
    let version = try cursor.read(UInt32.self, "the version")
    guard version == Self.version else {
      throw .unsupportedPackedVersion(
        path: file.path, version: version, supported: Self.version)
    }
    let checksum = try cursor.read(UInt32.self, "the checksum")
    let zero = try cursor.read(UInt32.self, "the reserved field")
    let dataStart = try cursor.read(UInt64.self, "the start of the data")
    let size = try cursor.read(UInt64.self, "the size of the file")
    guard size == UInt64(file.byteCount) else {
      throw .wrongFileSize(path: file.path, found: file.byteCount, wanted: size)
    }
    guard zero == 0 else {
      throw .invalidField(
        path: file.path, field: "the reserved field", found: "\(zero)", wanted: "0")
    }
    guard let end = Int(exactly: dataStart), (byteCount...file.byteCount).contains(end) else {
      throw .invalidField(
        path: file.path, field: "the start of the data", found: "\(dataStart)",
        wanted: "from \(byteCount) to \(file.byteCount)")
    }
    let found = Checksum.crc32(file.bytes[checkedFrom..<end])
    guard found == checksum else {
      throw .damagedHeader(path: file.path, found: found, wanted: checksum)
    }
    return version
  }

  /// Puts the first 32 bytes of `header` in place: it is all before the data, of a file of `size`
  /// bytes.
  static func complete(_ header: inout [UInt8], size: Int) {
    func put(_ value: some FixedWidthInteger, at offset: Int) {
      withUnsafeBytes(of: value.littleEndian) {
        header.replaceSubrange(offset..<offset + $0.count, with: $0)
      }
    }
    header.replaceSubrange(0..<4, with: magic.utf8)
    put(version, at: 4)
    put(UInt32(0), at: 12)
    put(UInt64(header.count), at: 16)
    put(UInt64(size), at: 24)
    put(Checksum.crc32(header[checkedFrom...]), at: 8)
  }
}
