import Foundation
import ModelFiles
import TestSupport
import Testing

/// Frames as zstd's own command writes them, whole and damaged. What is read from good ones is
/// checked in `CheckpointFixtureTests`.
struct ZstdTests {
  private static let path = "lie.zst"

  private func fixture(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: OutsideFiles.fixture("checkpoints/" + name)))
  }

  private func decompress(_ bytes: [UInt8]) throws(ModelFileError) -> MappedFile {
    try MappedFile.decompressed(mapped(bytes, path: Self.path))
  }

  private func refusal(_ bytes: [UInt8]) -> ModelFileError? {
    thrown { () throws(ModelFileError) in try decompress(bytes) }
  }

  @Test(arguments: ["types.safetensors.zst", "frames.safetensors.zst"])
  func decompressesToTheSource(name: String) throws {
    let source = try fixture("types.safetensors")
    let file = try decompress(fixture(name))
    #expect(contents(of: file) == source)
    #expect(file.path == Self.path)
    file.releasePages(0..<file.byteCount)
    #expect(contents(of: file) == source)
  }

  @Test func otherFilesAreMappedAsTheyAre() throws {
    let path = OutsideFiles.fixture("gguf/types.gguf").path
    let file = try MappedFile.contents(path: path)
    #expect(try contents(of: file) == Array(Data(contentsOf: URL(fileURLWithPath: path))))
    // Any reader that opens files through it reads them compressed.
    let opened = try GGUFFile(path: path) { path throws(ModelFileError) in
      try MappedFile.contents(path: path)
    }
    #expect(opened.version == 3)
  }

  @Test func progressEndsAtTheEnd() throws {
    let path = OutsideFiles.fixture("checkpoints/frames.safetensors.zst").path
    var last = (done: 0, total: 0)
    let file = try MappedFile.contents(path: path) { done, total in
      #expect(done >= last.done && done <= total)
      last = (done, total)
    }
    let compressed = try fixture("frames.safetensors.zst").count
    #expect(last.done == compressed && last.total == compressed)
    #expect(try fixture("types.safetensors").count == file.byteCount)
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = try fixture("types.safetensors.zst")
    for length in 1..<whole.count {
      switch refusal(Array(whole[..<length])) {
      case .truncated(Self.path, "the zstd frame", 0, _, length): break
      case .damagedZstd(Self.path, 0, _) where length < 4: break
      case let error: Issue.record("\(length): \(String(describing: error))")
      }
    }
  }

  /// Every frame has a checksum of its content: no bit of it can change unnoticed.
  @Test func everyFlippedBitIsRefused() throws {
    let whole = try fixture("types.safetensors.zst")
    let source = try fixture("types.safetensors")
    var harmless = 0
    for place in whole.indices {
      for bit in 0..<8 {
        var bytes = whole
        bytes[place] ^= 1 << UInt8(bit)
        do throws(ModelFileError) {
          // A reserved or unused bit may change; the content may not.
          let found = contents(of: try decompress(bytes))
          #expect(found == source)
          harmless += 1
        } catch {
          switch error {
          case .damagedZstd, .truncated, .trailingBytes, .expandsTooMuch: break
          default: Issue.record("\(error)")
          }
        }
      }
    }
    // Most of what no bit of the content depends on is the size of the window.
    #expect(harmless * 100 < whole.count * 8)
  }

  @Test func garbageIsRefused() throws {
    #expect(
      refusal(Array("no frame at all".utf8))
        == .damagedZstd(path: Self.path, offset: 0, problem: "it is no zstd frame"))
    #expect(
      refusal([0x28, 0xB5])
        == .damagedZstd(path: Self.path, offset: 0, problem: "shorter than a frame"))
    let whole = try fixture("types.safetensors.zst")
    for rest in [[0], [1, 2, 3, 4, 5], Array("GGUF".utf8)] as [[UInt8]] {
      #expect(refusal(whole + rest) == .trailingBytes(path: Self.path, offset: whole.count))
    }
    // Formats of zstd before 1.0, whose decoders may be in the library.
    for version in UInt8(0x22)...0x27 {
      #expect(
        refusal([version, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0, 0, 0])
          == .damagedZstd(path: Self.path, offset: 0, problem: "it is no zstd frame"))
    }
    guard
      case .damagedZstd(_, 0, _) = refusal(Array(whole[..<4]) + [UInt8](repeating: 9, count: 99))
    else {
      Issue.record("garbage behind the magic")
      return
    }
    // Only frames to be skipped: nothing is in the file.
    let skipped: [UInt8] = [0x53, 0x2A, 0x4D, 0x18, 1, 0, 0, 0, 7]
    #expect(refusal(skipped) == .emptyFile(path: Self.path))
    #expect(
      refusal([0x53, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 7])
        == .truncated(
          path: Self.path, field: "the zstd frame", offset: 0, needed: 0xFFFF_FFFF + 8, left: 9))
  }

  /// A frame header that declares 2^62 bytes; and 128 KB for every four bytes, without a declaration.
  @Test func bombsAreRefused() {
    var declared: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0]
    declared.put(UInt64(1) << 62)
    declared += [1, 0, 0]
    let limit = declared.count * 1000 + 1 << 24
    #expect(
      refusal(declared)
        == .expandsTooMuch(path: Self.path, compressed: declared.count, most: limit))

    var repeated: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
    for _ in 0..<1000 {
      // A block that repeats one byte 2^17 times (type 1), not the last.
      repeated += [0x02, 0x00, 0x10, 0x41]
    }
    guard case .expandsTooMuch(_, repeated.count, _) = refusal(repeated) else {
      Issue.record("\(String(describing: refusal(repeated)))")
      return
    }
  }

  @Test func aTemporaryFolderMustBeThere() {
    let path = OutsideFiles.fixture("checkpoints/types.safetensors.zst").path
    let error = thrown { () throws(ModelFileError) in
      try MappedFile.contents(path: path, temporaryFolder: "/nowhere at all")
    }
    #expect(error == .noSuchFolder(path: "/nowhere at all/temporary file"))
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func theContentMustFitOnTheDisk() throws {
    let disk = try SmallDisk(byteCount: 1 << 20)
    defer { withExtendedLifetime(disk) {} }
    let folder = disk.path
    let path = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID()).zst").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Declared in eight bytes: 64 MB, of which nothing is there.
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0]
    frame.put(UInt64(1) << 26)
    frame += [UInt8](repeating: 0, count: 1 << 20)
    // Not declared: 512 blocks of 2^17 bytes that are stored as they are.
    var blocks: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x38]
    for _ in 0..<512 { blocks += [0x00, 0x00, 0x10] + [UInt8](repeating: 7, count: 1 << 17) }
    for bytes in [frame, blocks] {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let error = thrown { () throws(ModelFileError) in
        try MappedFile.contents(path: path, temporaryFolder: folder)
      }
      guard case .noSpace(path, let needed, let available) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(needed > available)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left == [])
    }
  }

  /// The content's file has no name: nothing to clean up, however the process ends.
  @Test func nothingIsLeftInTheTemporaryFolder() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = OutsideFiles.fixture("checkpoints/types.safetensors.zst").path
    let file = try MappedFile.contents(path: path, temporaryFolder: folder)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    #expect(file.byteCount > 0)
  }
}
