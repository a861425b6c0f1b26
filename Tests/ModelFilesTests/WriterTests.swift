import Foundation
import ModelFiles
import Testing

/// Files that Emend writes: whole or not at all, and byte for byte what the format says.
@Suite struct WriterTests {
  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  @Test func aFileAppearsOnlyWhenCommitted() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "out").path
    try Data("before".utf8).write(to: URL(fileURLWithPath: path))
    do {
      var writer = try AtomicFileWriter(path: path)
      try writer.append("half")
      #expect(try names(folder).count == 2)
    }
    #expect(try names(folder) == ["out"])
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")

    var writer = try AtomicFileWriter(path: path)
    try writer.append("after")
    try writer.append(UInt32(0x0403_0201))
    #expect(writer.byteCount == 9)
    try writer.commit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("after".utf8) + [1, 2, 3, 4])
    #expect(try names(folder) == ["out"])
  }

  @Test func piecesLargerThanTheBufferStayInOrder() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "out").path
    var writer = try AtomicFileWriter(path: path)
    var expected = Data()
    for (index, count) in [3, 1 << 20, 1, (1 << 20) - 1, 5_000_000, 7].enumerated() {
      let bytes = [UInt8](repeating: UInt8(index), count: count)
      try writer.append(bytes.span.bytes)
      expected += bytes
    }
    try writer.commit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
  }

  @Test func placesThatCannotBeWrittenAreRefused() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: ModelFileError.self) {
      _ = try AtomicFileWriter(path: folder.appending(path: "missing/out").path)
    }
    // A folder is only in the way when the file is to be put in its place.
    let error = #expect(throws: ModelFileError.self) {
      var writer = try AtomicFileWriter(path: folder.path)
      try writer.commit()
    }
    #expect(error == .isFolder(path: folder.path))
    let beside = try names(folder.deletingLastPathComponent())
    #expect(beside.filter { $0.hasPrefix(folder.lastPathComponent) } == [folder.lastPathComponent])
  }

  /// Written out by hand from the format's description.
  @Test func safetensorsByteForByte() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "out.safetensors").path
    var writer = try SafetensorsWriter(
      path: path,
      tensors: [
        .init(name: "a\"\n", type: .i32, shape: [2]), .init(name: "b", type: .f32, shape: [2, 1]),
      ])
    let (words, floats): ([Int32], [Float]) = ([1, -1], [1, -2])
    try writer.append(words.span)
    try writer.append(floats.span.extracting(0..<1))
    try writer.append(floats.span.extracting(1..<2))
    try writer.commit()

    var header = #"{"a\"\u000a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"#
    header += #""b":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]}}"#
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    var expected = Data([UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0]) + Data(header.utf8)
    expected += [1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
  }
}
