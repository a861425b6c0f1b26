import ModelFiles
import TestSupport

/// Writes a packed file field by field, so that any field can lie. Knows nothing of the reader or the
/// writer: the numbers are those of the format's description.
struct PackedBuilder {
  typealias Tensor = (name: String, shape: [UInt64], type: UInt32, offset: UInt64)
  static let packedType: UInt32 = 0x8000_0000

  var magic = "EMDP"
  var version: UInt32 = 3
  var checksum: UInt32?
  var reserved: UInt32 = 0
  var dataStart: UInt64?
  var size: UInt64?
  var alignment: UInt32? = 64
  /// A packed Q4_0 matrix of 17 rows of 32: two groups of 16 f16 scales and 256 bytes; and a vector.
  var tensors: [Tensor] = [
    ("m", [32, 17], packedType | 2, 0), ("v", [32], 0, 576),
  ]
  var dataBytes = 576 + 128

  var bytes: [UInt8] {
    var file = GGUFBuilder()
    file.zeros(32)
    file.u64(UInt64(tensors.count))
    file.u64(alignment == nil ? 0 : 1)
    if let alignment { file.entry("general.alignment", .u32(alignment)) }
    for tensor in tensors {
      file.tensor(tensor.name, tensor.shape, type: tensor.type, offset: tensor.offset)
    }
    file.pad(to: Int(alignment ?? 32))
    let start = file.bytes.count
    file.zeros(dataBytes)

    var front = GGUFBuilder()
    front.bytes += Array(magic.utf8)
    front.u32(version)
    front.u32(0)
    front.u32(reserved)
    front.u64(dataStart ?? UInt64(start))
    front.u64(size ?? UInt64(file.bytes.count))
    var bytes = front.bytes + file.bytes[32...]
    let end = min(Int(clamping: dataStart ?? UInt64(start)), bytes.count)
    var sum = GGUFBuilder()
    sum.u32(checksum ?? (end < 16 ? 0 : Self.crc32(bytes[16..<end])))
    bytes.replaceSubrange(8..<12, with: sum.bytes)
    return bytes
  }

  /// CRC-32 bit by bit, as its definition reads (ISO 3309); of "123456789" it is CBF43926.
  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      for bit in 0..<8 {
        let mix = (crc ^ UInt32(byte >> bit)) & 1
        crc = (crc >> 1) ^ (mix == 1 ? 0xEDB8_8320 : 0)
      }
    }
    return ~crc
  }
}

/// A packed file that is wrong in one respect, and the error that must say so.
extension BadFile {
  private static func packed(
    _ what: String, _ error: ModelFileError, _ change: (inout PackedBuilder) -> Void
  ) -> BadFile {
    var file = PackedBuilder()
    change(&file)
    return BadFile(what, error, file.bytes)
  }

  static let packedFiles: [BadFile] = {
    let whole = PackedBuilder().bytes
    let start = whole.count - PackedBuilder().dataBytes
    // Where the data begins with one tensor: 32 + 16, the alignment's 33 and the info's 41, padded.
    let alone = 128
    let crc = PackedBuilder.crc32(whole[16..<start])
    func field(_ name: String, _ found: String, _ wanted: String) -> ModelFileError {
      .invalidField(path: path, field: name, found: found, wanted: wanted)
    }
    let range = "from 32 to \(whole.count)"
    return [
      packed(
        "version 0", .unsupportedPackedVersion(path: path, version: 0, supported: 3)
      ) { $0.version = 0 },
      packed(
        "version 1", .unsupportedPackedVersion(path: path, version: 1, supported: 3)
      ) { $0.version = 1 },
      packed(
        "the GGUF magic before a packed file", .unsupportedVersion(path: path, version: 1)
      ) {
        $0.magic = "GGUF"
        $0.version = 1
      },
      packed("a reserved field that is used", field("the reserved field", "7", "0")) {
        $0.reserved = 7
      },
      packed(
        "a size that is larger",
        .wrongFileSize(path: path, found: whole.count, wanted: UInt64(whole.count) + 64)
      ) { $0.size = UInt64(whole.count) + 64 },
      packed("a size of 2^64 - 1", .wrongFileSize(path: path, found: whole.count, wanted: .max)) {
        $0.size = .max
      },
      packed(
        "data that is cut off",
        .wrongFileSize(path: path, found: whole.count - 1, wanted: UInt64(whole.count))
      ) {
        $0.dataBytes -= 1
        $0.size = UInt64(whole.count)
      },
      packed("data that begins in the header", field("the start of the data", "31", range)) {
        $0.dataStart = 31
      },
      packed(
        "data that begins behind the file",
        field("the start of the data", "\(whole.count + 1)", range)
      ) { $0.dataStart = UInt64(whole.count) + 1 },
      packed("data that begins at 2^64 - 1", field("the start of the data", "\(UInt64.max)", range))
      {
        $0.dataStart = .max
      },
      packed("a wrong checksum", .damagedHeader(path: path, found: crc, wanted: crc ^ 1)) {
        $0.checksum = crc ^ 1
      },
      packed(
        "no alignment", field("general.alignment", "32", "a multiple of 64 in a packed file")
      ) { $0.alignment = nil },
      packed(
        "an alignment of 32", field("general.alignment", "32", "a multiple of 64 in a packed file")
      ) { $0.alignment = 32 },
      packed(
        "an offset between cache lines",
        .misalignedTensor(path: path, tensor: "v", offset: 608, alignment: 64)
      ) { $0.tensors[1].offset = 608 },
      packed(
        "a packed vector",
        field("the shape of v", "[32]", "that of a matrix, because the tensor is packed")
      ) { $0.tensors[1].type = PackedBuilder.packedType | 2 },
      packed(
        "a packed tensor of three dimensions",
        field("the shape of m", "[32, 1, 17]", "that of a matrix, because the tensor is packed")
      ) { $0.tensors[0].shape = [32, 1, 17] },
      packed(
        "packed rows that are no whole blocks",
        .partialBlock(
          path: path, tensor: "m", rowLength: 33, format: "q4_0", elementsPerBlock: 32)
      ) { $0.tensors[0].shape = [33, 16] },
      packed(
        "a packed type that is not known",
        .unknownTensorType(path: path, tensor: "m", type: 0x7FFF_FFFF)
      ) { $0.tensors[0].type = .max },
      // 33 rows of 32 take 594 bytes as rows, and three groups of 288 when packed.
      packed(
        "groups that share bytes with what follows",
        .overlappingTensors(path: path, first: "m", second: "v")
      ) {
        $0.tensors[0].shape = [32, 33]
        $0.dataBytes = 896
      },
      packed(
        "groups past the end",
        .tensorPastEnd(
          path: path, tensor: "m", end: UInt64(alone + 3 * 288), byteCount: alone + 704)
      ) { $0.tensors = [("m", [32, 33], PackedBuilder.packedType | 2, 0)] },
      // 2^62 elements fit in an Int; their floats do not.
      packed(
        "groups of 2^64 bytes",
        .invalidShape(path: path, tensor: "m", shape: [1 << 31, 1 << 31])
      ) {
        $0.tensors[0].shape = [1 << 31, 1 << 31]
        $0.tensors[0].type = PackedBuilder.packedType
      },
    ]
  }()
}
