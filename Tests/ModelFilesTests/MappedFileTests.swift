import Foundation
import ModelFiles
import TestSupport
import Testing

/// Files as the system has them; each kind that is no model has its own error.
struct MappedFileTests {
  private func temporary(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func refusal(_ path: String) -> ModelFileError? {
    let mapped = thrown { () throws(ModelFileError) in try MappedFile(path: path) }
    let opened = thrown { () throws(ModelFileError) in try GGUFFile(path: path) }
    #expect(mapped == opened)
    return mapped
  }

  @Test func mapsTheWholeFile() throws {
    try temporary { folder in
      let contents = Data((0..<10_001).map { UInt8(truncatingIfNeeded: $0 &* 7) })
      let path = folder + "/f"
      try contents.write(to: URL(fileURLWithPath: path))
      let file = try MappedFile(path: path)
      #expect(file.path == path)
      #expect(file.byteCount == 10_001)
      #expect(file.bytes.elementsEqual(contents))

      // Any range may be given back, and reads the same afterwards.
      for range in [0..<0, 0..<1, 1..<4096, 4096..<8192, 5..<9000, 0..<10_001, 10_001..<10_001] {
        file.releasePages(range)
        file.willNeed(range)
        #expect(file.bytes.elementsEqual(contents))
      }
    }
  }

  @Test func missingFile() {
    #expect(refusal("/nowhere/at all.gguf") == .noSuchFile(path: "/nowhere/at all.gguf"))
    #expect(refusal("") == .noSuchFile(path: ""))
  }

  @Test func fileInsideAFile() {
    let path = OutsideFiles.fixture("gguf/types.gguf").path + "/model.gguf"
    #expect(refusal(path) == .noSuchFile(path: path))
  }

  @Test func folder() throws {
    try temporary { #expect(refusal($0) == .isFolder(path: $0)) }
  }

  @Test func emptyFile() throws {
    try temporary { folder in
      let path = folder + "/empty.gguf"
      try Data().write(to: URL(fileURLWithPath: path))
      #expect(refusal(path) == .emptyFile(path: path))
    }
  }

  /// Opening a pipe must not wait for someone to write to it.
  @Test func pipe() throws {
    try temporary { folder in
      let path = folder + "/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      #expect(refusal(path) == .notRegularFile(path: path))
    }
    #expect(refusal("/dev/null") == .notRegularFile(path: "/dev/null"))
  }

  @Test(.enabled(if: getuid() != 0, "root may read every file"))
  func noPermission() throws {
    try temporary { folder in
      let path = folder + "/secret.gguf"
      try Data([1]).write(to: URL(fileURLWithPath: path))
      #expect(chmod(path, 0) == 0)
      #expect(refusal(path) == .noPermission(path: path))
    }
  }

  /// A model of 64 MB takes no memory once its pages are given back.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/smaps"), "needs Linux"))
  func releasedPagesAreNotResident() throws {
    try temporary { folder in
      let path = folder + "/large"
      let size = 64 << 20
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      #expect(truncate(path, off_t(size)) == 0)
      let file = try MappedFile(path: path)
      var sum = 0
      for place in stride(from: 0, to: size, by: 4096) { sum += Int(file.bytes[place]) }
      #expect(sum == 0)
      #expect(try residentKilobytes(of: path) == size >> 10)
      file.releasePages(0..<size / 2)
      #expect(try residentKilobytes(of: path) == size >> 11)
      // Inside of pages that are still in use, nothing is given back.
      file.releasePages(size - 4095..<size - 1)
      #expect(try residentKilobytes(of: path) == size >> 11)
      file.releasePages(size / 2..<size)
      #expect(try residentKilobytes(of: path) == 0)
    }
  }

  /// How much of a mapped file counts as this process's memory, by the kernel's account.
  private func residentKilobytes(of path: String) throws -> Int {
    let account = FileHandle(forReadingAtPath: "/proc/self/smaps")
    let lines = try #require(try account?.readToEnd()).split(separator: UInt8(ascii: "\n"))
      .map { String(decoding: $0, as: UTF8.self) }
    let start = try #require(lines.firstIndex { $0.hasSuffix(path) })
    let line = try #require(lines[start...].first { $0.hasPrefix("Rss:") })
    return try #require(Int(line.filter(\.isNumber)))
  }
}
