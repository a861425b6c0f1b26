import BlockFormats
import Foundation
import ModelFiles
import TestSupport
import Testing

struct GGUFWriterTests {
  private func temporary(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID()).gguf").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  /// Files of the gguf package of Python, read and written again, are the same to the byte: every
  /// type of metadata, every format, two alignments.
  @Test(arguments: ["types.gguf", "formats.gguf", "aligned.gguf"])
  func rewritesAnotherWritersBytes(name: String) throws {
    let source = OutsideFiles.fixture("gguf/" + name)
    try temporary { path in
      try rewrite(GGUFFile(path: source.path), to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: source))
    }
  }

  @Test(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the model of tools/fetch-models"))
  func rewritesAPublishedModel() throws {
    let file = try GGUFFile(path: OutsideFiles.smolLM2!.path)
    try temporary { path in
      try rewrite(file, to: path)
      let written = try MappedFile(path: path)
      let isSame = withExtendedLifetime((written, file)) {
        written.bytes.elementsEqual(file.files[0].bytes)
      }
      #expect(isSame)
    }
  }

  private func rewrite(_ file: GGUFFile, to path: String) throws {
    var writer = try GGUFWriter(
      path: path, metadata: file.metadata.keys.map { ($0, .value(file.metadata[$0]!)) },
      tensors: file.tensors.map { .init(name: $0.name, shape: $0.shape, format: $0.format) })
    for tensor in file.tensors {
      // In pieces that are no multiple of anything.
      let bytes = file.bytes(of: tensor)
      for start in stride(from: 0, to: bytes.count, by: 77_777) {
        let piece = bytes[start..<min(start + 77_777, bytes.count)]
        try writer.append(Array(piece).span.bytes)
      }
    }
    try writer.commit()
  }

  /// Against a writer that knows nothing of this one.
  @Test func writesEveryEntry() throws {
    try temporary { path in
      let data = [UInt8](0..<34)
      var writer = try GGUFWriter(
        path: path,
        metadata: [
          ("s", .string("é")), ("u", .uint32(7)), ("i", .int32(-7)), ("f", .float32(0.5)),
          ("b", .bool(true)), ("ss", .strings(["a", ""])), ("bs", .byteStrings([[0xFF]])),
          ("is", .int32s([1, -1])), ("fs", .float32s([1.5])),
        ],
        tensors: [
          .init(name: "q", shape: [32], format: .q8_0), .init(name: "x", shape: [1], format: .f32),
        ])
      try writer.append(data.span.bytes)
      try writer.append(([1, 2, 3, 4] as [UInt8]).span.bytes)
      try writer.commit()
      var wanted = GGUFBuilder.file(
        metadata: [
          ("s", .string("é")), ("u", .u32(7)), ("i", .i32(-7)), ("f", .f32(0.5)),
          ("b", .bool(true)),
          ("ss", .strings(["a", ""])), ("bs", .byteStrings([[0xFF]])), ("is", .i32s([1, -1])),
          ("fs", .f32s([1.5])),
        ],
        tensors: [.init("q", [32], type: 8, data: data), .init("x", [1], data: [1, 2, 3, 4])])
      wanted += [UInt8](repeating: 0, count: 28)
      #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == wanted)
    }
  }

  @Test func otherEntriesAreReadBack() throws {
    try temporary { path in
      var writer = try GGUFWriter(
        path: path,
        metadata: [
          ("u8", .uint8(255)), ("u64", .uint64(1 << 40)), ("us", .uint32s([1, .max])),
          ("bs", .bools([true, false])),
        ], tensors: [])
      try writer.commit()
      let metadata = try GGUFFile(path: path).metadata
      #expect(try metadata.integer("u8") == 255)
      #expect(try metadata.integer("u64") == 1 << 40)
      #expect(try metadata.integers("us") == [1, Int(UInt32.max)])
      #expect(try metadata.bools("bs") == [true, false])
      #expect(metadata["u8"]?.type == .uint8 && metadata["u64"]?.type == .uint64)
    }
  }

  @Test func whatNoReaderAcceptsIsRefused() throws {
    try temporary { path in
      func refusal(
        _ metadata: [(key: String, value: GGUFEntry)], _ tensors: [GGUFWriter.Tensor] = []
      ) -> ModelFileError? {
        thrown { () throws(ModelFileError) in
          _ = try GGUFWriter(path: path, metadata: metadata, tensors: tensors)
        }
      }
      #expect(
        refusal([("k", .bool(true)), ("k", .uint32(1))]) == .duplicateKey(path: path, key: "k"))
      for entry in [GGUFEntry.uint32(48), .int32(32), .uint32(4)] {
        guard case .invalidAlignment = refusal([("general.alignment", entry)]) else {
          Issue.record("\(entry)")
          return
        }
      }
      let a = GGUFWriter.Tensor(name: "a", shape: [32], format: .q4_0)
      #expect(refusal([], [a, a]) == .duplicateTensor(path: path, tensor: "a"))
      #expect(
        refusal([], [.init(name: "a", shape: [33, 32], format: .q4_0)])
          == .partialBlock(
            path: path, tensor: "a", rowLength: 33, format: "q4_0", elementsPerBlock: 32))
      #expect(
        refusal([], [.init(name: "a", shape: [1, 0], format: .f32)])
          == .invalidShape(path: path, tensor: "a", shape: [1, 0]))
      #expect(
        refusal([], [.init(name: "a", shape: [1 << 40, 1 << 40], format: .f32)])
          == .invalidShape(path: path, tensor: "a", shape: [1 << 40, 1 << 40]))
      #expect(
        refusal([], [.init(name: "a", shape: [1, 1, 1, 1, 1], format: .f32)])
          == .tooManyDimensions(path: path, tensor: "a", found: 5, most: 4))
      let long = String(repeating: "n", count: 64)
      #expect(
        refusal([], [.init(name: long, shape: [1], format: .f32)])
          == .nameTooLong(path: path, field: "the tensor name \(long)", length: 64, most: 63))
      guard
        case .noSpace = refusal([], [.init(name: "a", shape: [1 << 55], format: .f32)])
      else {
        Issue.record("no such disk")
        return
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}
