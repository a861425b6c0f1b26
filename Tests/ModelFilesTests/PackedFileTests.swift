import BlockFormats
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Packed files as they are read and written; what is in their groups is tested with the kernels.
struct PackedFileTests {
  private func open(
    _ bytes: [UInt8], acceptingPacked: Bool = true
  ) throws(ModelFileError) -> GGUFFile {
    try GGUFFile(path: BadFile.path, acceptingPacked: acceptingPacked) { _ throws(ModelFileError) in
      try mapped(bytes)
    }
  }

  @Test(arguments: BadFile.packedFiles)
  func liesAreRefused(file: BadFile) {
    let error = thrown { () throws(ModelFileError) in try open(file.bytes) }
    #expect(error == file.error)
    let text = error?.description ?? ""
    #expect(text.hasPrefix(BadFile.path + ": ") && text.count < 500)
    #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
  }

  /// The file that the lies are variations of.
  @Test func theTruthIsRead() throws {
    #expect(PackedBuilder.crc32("123456789".utf8) == 0xCBF4_3926)
    let bytes = PackedBuilder().bytes
    let file = try open(bytes)
    #expect(file.isPacked && file.version == 3)
    let (matrix, vector) = (file.tensors[0], file.tensors[1])
    #expect(matrix.isPacked && matrix.byteCount == 2 * 288 && matrix.shape == [32, 17])
    #expect(!vector.isPacked && vector.byteCount == 128 && vector.format == .f32)
    #expect(matrix.offset % 64 == 0 && vector.offset == matrix.offset + 576)
    #expect(file.bytes(of: vector).count == 128)
  }

  /// Whoever expects rows does not get groups.
  @Test func isRefusedUnlessAskedFor() {
    let error = thrown { () throws(ModelFileError) in
      try open(PackedBuilder().bytes, acceptingPacked: false)
    }
    #expect(error == .wrongKind(path: BadFile.path, wanted: .gguf, found: .packed))
  }

  /// A GGUF has no packed tensors, and asking for packed files does not change how GGUF is read.
  @Test func packedTypesMeanNothingInGGUF() {
    var file = GGUFBuilder()
    file.header(tensors: 1)
    file.tensor("m", [32, 17], type: PackedBuilder.packedType | 2)
    file.pad(to: 64)
    file.zeros(576)
    let error = thrown { () throws(ModelFileError) in try open(file.bytes) }
    #expect(
      error == .unknownTensorType(path: BadFile.path, tensor: "m", type: 0x8000_0002))
  }

  @Test func everyTruncationIsRefused() {
    let whole = PackedBuilder().bytes
    for length in 1..<whole.count {
      let error = thrown { () throws(ModelFileError) in try open(Array(whole[..<length])) }
      switch error {
      case .truncated, .wrongFileSize, .wrongKind: break
      default: Issue.record("\(length) bytes: \(String(describing: error))")
      }
    }
  }

  /// A CRC of 32 bits finds every single one that is flipped; those before what it covers are magic,
  /// version, the sum itself and the reserved field.
  @Test func everyFlippedBitOfTheHeaderIsFound() {
    let whole = PackedBuilder().bytes
    let start = whole.count - PackedBuilder().dataBytes
    for bit in 0..<8 * start {
      var bytes = whole
      bytes[bit / 8] ^= 1 << (bit % 8)
      let error = thrown { () throws(ModelFileError) in try open(bytes) }
      #expect(error != nil, "bit \(bit)")
    }
  }

  @Test func writesWhatItReads() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var writer = try GGUFWriter(
      path: path, metadata: [("general.alignment", .uint32(64))],
      tensors: [
        .init(name: "m", shape: [32, 17], format: .q4_0, isPacked: true),
        .init(name: "v", shape: [32], format: .f32),
      ], packed: true)
    try writer.append([UInt8](repeating: 0, count: 576).span.bytes)
    try writer.append([UInt8](repeating: 0, count: 128).span.bytes)
    try writer.commit()
    // Byte for byte what the description of the format says.
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == PackedBuilder().bytes)
  }

  @Test func alignmentMustBeACacheLine() {
    let error = thrown { () throws(ModelFileError) in
      _ = try GGUFWriter(path: "out", metadata: [], tensors: [], packed: true).byteCount
    }
    #expect(error == .invalidAlignment(path: "out", found: "32"))
  }
}
