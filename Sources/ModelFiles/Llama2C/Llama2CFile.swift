/// A checkpoint of llama2.c, of version 0 (no magic), 1 (F32) or 2 (groups of int8). The tensors
/// have Meta's names ("layers.0.attention.wq.weight") and Meta's order of the rows of wq and wk.
///
/// The header determines the size of the file, which must be exact.
///
/// Source: `legacy_export`, `version1_export` and `version2_export` of export.py of llama2.c.
public struct Llama2CFile: Sendable {
  /// The version of the format, 0, 1 or 2.
  public let version: Int
  /// The model's shape.
  public let configuration: Llama2CConfiguration
  /// Elements that share a scale, in version 2.
  public let groupSize: Int?
  /// The tensors, in the order of the file.
  public let tensors: CheckpointTensors

  static let magic: UInt32 = 0x616B_3432
  /// Versions 1 and 2 fill their header with zeros up to here.
  private static let headerBytes = 256

  /// Opens the file at `path`, which may be compressed with zstd.
  public init(path: String) throws(ModelFileError) {
    try self.init(MappedFile.contents(path: path))
  }

  /// Reads a file that is mapped already.
  package init(_ file: MappedFile) throws(ModelFileError) {
    var cursor = ByteCursor(file)
    var layout: Llama2CLayout
    if file.byteCount >= 4, file.load(UInt32.self, at: 0) == Self.magic {
      _ = try cursor.take(4, "the magic")
      let version = try cursor.read(UInt32.self, "the version")
      guard version == 1 || version == 2 else {
        throw .invalidField(
          path: file.path, field: "the version", found: "\(version)", wanted: "1 or 2")
      }
      self.version = Int(version)
      var configuration = try Llama2CConfiguration(&cursor, isSigned: false)
      let shared = try cursor.read(UInt8.self, "whether the output is tied")
      guard shared <= 1 else {
        throw .invalidField(
          path: file.path, field: "whether the output is tied", found: "\(shared)", wanted: "0 or 1"
        )
      }
      configuration.isOutputTied = shared == 1
      self.configuration = configuration
      groupSize = version == 2 ? try Self.readGroupSize(&cursor, configuration) : nil
      let padding = try cursor.take(
        UInt64(Self.headerBytes - cursor.offset), "the rest of the header")
      if let place = file.bytes[padding].firstIndex(where: { $0 != 0 }) {
        throw .invalidField(
          path: file.path, field: "byte \(place) of the header", found: "\(file.bytes[place])",
          wanted: "0")
      }
      layout = Llama2CLayout(file, from: Self.headerBytes, groupSize: groupSize)
      try layout.placeNormsFirst(configuration)
    } else {
      let kind = FileKind(firstBytes: file.bytes)
      // Without a magic, any file could be one; those that have one of another kind are not. Only
      // the two bytes a pickle begins with are also those of a width, such as 640.
      guard kind == .unknown || kind == .pickle else {
        throw .wrongKind(path: file.path, wanted: .llama2c, found: kind)
      }
      version = 0
      groupSize = nil
      configuration = try Llama2CConfiguration(&cursor, isSigned: true)
      layout = Llama2CLayout(file, from: cursor.offset, groupSize: nil)
      try layout.placeByKind(configuration)
    }
    try layout.checkEnd()
    tensors = try CheckpointTensors(path: file.path, files: [file], tensors: layout.tensors)
  }

  private static func readGroupSize(
    _ cursor: inout ByteCursor, _ configuration: Llama2CConfiguration
  ) throws(ModelFileError) -> Int {
    let size = Int(try cursor.read(Int32.self, "the group size"))
    // Groups run on from row to row: the exporter halves their size until it divides the width, a
    // factor of every matrix's size, and the rows of w2 need not be whole groups.
    guard size > 0, configuration.hiddenSize % size == 0 else {
      throw .invalidField(
        path: cursor.file.path, field: "the group size", found: "\(size)",
        wanted: "a divisor of \(configuration.hiddenSize)")
    }
    return size
  }
}
