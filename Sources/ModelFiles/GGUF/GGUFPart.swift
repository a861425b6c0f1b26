/// One file in GGUF's layout, read and checked: a whole model, or a part of a split one.
///
///     "GGUF"  version u32  tensor count u64  metadata count u64
///     metadata     key, value type u32, value                   (see GGUFMetadataReader)
///     tensor infos name, dimensions, type u32, offset u64       (see GGUFTensorReader)
///     padding to general.alignment
///     data         the tensors, at their offsets from here
///
/// Versions 2 and 3 have the same layout; version 3 may also be big-endian. A packed file has another
/// beginning (`PackedHeader`) and then the same.
/// Source: the GGUF specification, docs/gguf.md of ggml.
struct GGUFPart: Sendable {
  let file: MappedFile
  let version: UInt32
  let isPacked: Bool
  let metadata: GGUFMetadata
  let tensors: [GGUFTensor]

  /// Reads all but the tensors' data. `part` is the number the tensors are given; a packed file is
  /// read only where `acceptingPacked`.
  init(_ file: MappedFile, part: Int, acceptingPacked: Bool = false) throws(ModelFileError) {
    self.file = file
    var cursor = ByteCursor(file)
    isPacked = acceptingPacked && PackedHeader.begins(file)
    version =
      isPacked ? try PackedHeader.read(from: &cursor) : try Self.readVersion(&cursor)

    let tensorCount = try cursor.read(UInt64.self, "the number of tensors")
    let keyCount = try cursor.read(UInt64.self, "the number of metadata keys")
    // Before any of them is read, so that a damaged count is named as such.
    let tensors = try cursor.checkCount(
      tensorCount, ofSize: GGUFTensorReader.leastBytes, "the number of tensors")
    let keys = try cursor.checkCount(
      keyCount, ofSize: GGUFMetadataReader.leastBytes, "the number of metadata keys")

    metadata = try GGUFMetadataReader.read(count: keys, from: &cursor)
    let alignment = try Self.alignment(metadata)
    if isPacked, alignment % PackedHeader.leastAlignment != 0 {
      throw .invalidField(
        path: file.path, field: "general.alignment", found: "\(alignment)",
        wanted: "a multiple of \(PackedHeader.leastAlignment) in a packed file")
    }
    self.tensors = try GGUFTensorReader.read(
      count: tensors, from: &cursor, alignment: alignment, part: part, packed: isPacked)
  }

  static func readVersion(_ cursor: inout ByteCursor) throws(ModelFileError) -> UInt32 {
    let file = cursor.file
    let magic = Array("GGUF".utf8)
    guard magic.starts(with: file.bytes.prefix(magic.count)) else {
      throw .wrongKind(path: file.path, wanted: .gguf, found: FileKind(firstBytes: file.bytes))
    }
    _ = try cursor.take(UInt64(magic.count), "the magic")

    let version = try cursor.read(UInt32.self, "the version")
    guard (2...3).contains(version) else {
      if (1...3).contains(version.byteSwapped) { throw .bigEndian(path: file.path) }
      throw .unsupportedVersion(path: file.path, version: version)
    }
    return version
  }

  private static func alignment(_ metadata: GGUFMetadata) throws(ModelFileError) -> Int {
    switch metadata["general.alignment"] {
    case nil:
      return 32
    case .uint32(let value) where value.nonzeroBitCount == 1 && (8...1 << 20).contains(value):
      return Int(value)
    case let value?:
      throw .invalidAlignment(
        path: metadata.path, found: "\(value.description) (\(value.typeName))")
    }
  }
}
