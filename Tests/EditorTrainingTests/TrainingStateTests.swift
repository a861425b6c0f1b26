import Crypto
import EditorTraining
import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct TrainingStateTests {
  private struct Counters: Codable, Equatable {
    var step = 12
    var best = 2.25
    var seed = UInt64.max
  }

  /// Sizes with remainders, nothing at the beginning, in the middle and at the end.
  private static let sizes = [
    ("none", 0), ("weights", 700_001), ("empty", 0), ("moments", 128 << 10), ("last", 3),
    ("nothing", 0),
  ]

  private func places() -> [(name: String, bytes: UnsafeMutableRawBufferPointer)] {
    Self.sizes.map {
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: $0.1, alignment: 16)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      return ($0.0, bytes)
    }
  }

  private func contents() -> [[UInt8]] {
    var random = SplitMix64(seed: 3)
    return Self.sizes.map { size in
      (0..<size.1).map { _ in UInt8(truncatingIfNeeded: random.next()) & 0x3F }
    }
  }

  private func write(_ bytes: [[UInt8]], to path: String) throws {
    var contents = TrainingStateContents()
    contents.add("counters", value: Counters())
    let copies = bytes.map { source in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 1)
      copy.copyBytes(from: source)
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    for (size, copy) in zip(Self.sizes, copies) {
      contents.add(size.0, UnsafeRawBufferPointer(copy))
    }
    try contents.write(path: path)
  }

  @Test func isReadBack() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/last.state"
      let bytes = contents()
      try write(bytes, to: path)
      let file = try TrainingStateFile(path: path)
      #expect(try file.value(Counters.self, "counters") == Counters())
      #expect(file.sectionByteCounts == Dictionary(uniqueKeysWithValues: Self.sizes))
      let places = places()
      defer { for place in places { place.bytes.deallocate() } }
      try file.read(into: places.shuffled())
      for (place, wanted) in zip(places, bytes) { #expect(Array(place.bytes) == wanted) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["last.state"])
    }
  }

  /// zstd's own program and hashlib agree with what the file says of itself.
  @Test(.enabled(if: hasZstdProgram, "needs the zstd program"))
  func othersReadIt() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/last.state"
      let bytes = contents()
      try write(bytes, to: path)
      let plain = try decompressed(path)
      #expect(plain.starts(with: Array("EMENDTRN".utf8)))
      let length = (0..<4).reduce(0) { $0 | Int(plain[8 + $1]) << (8 * $1) }
      #expect(Array(plain[(12 + length)..<(plain.count - 32)]) == bytes.flatMap { $0 })
      #expect(Array(SHA256.hash(data: plain.dropLast(32))) == Array(plain.suffix(32)))
    }
  }

  /// Every length of the compressed file, and every length and many changed bytes of what it holds.
  @Test func damageIsRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/last.state"
      var contents = TrainingStateContents()
      let bytes: [UInt8] = Array(0..<100)
      try bytes.withUnsafeBytes {
        contents.add("weights", $0)
        contents.add("counters", value: Counters())
        try contents.write(path: path)
      }
      let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      for count in 1..<whole.count {
        try Data(whole.prefix(count)).write(to: URL(fileURLWithPath: path))
        #expect(throws: EditorTrainingError.self, "\(count) bytes") {
          try TrainingStateFile(path: path)
        }
      }
      let plain = try plainContents(whole, folder)
      for count in 0..<plain.count {
        try compress(Array(plain.prefix(count)), to: path)
        #expect(throws: EditorTrainingError.self, "\(count) bytes of content") {
          try TrainingStateFile(path: path)
        }
      }
      for place in plain.indices {
        var changed = plain
        changed[place] ^= 0x10
        try compress(changed, to: path)
        #expect(throws: EditorTrainingError.self, "byte \(place)") {
          try TrainingStateFile(path: path)
        }
      }
      try compress(plain + [0], to: path)
      #expect(error(path) == .damagedState(path: path, problem: "there are bytes behind its end"))
      try compress(plain, to: path)
      #expect(error(path) == nil)
    }
  }

  /// Headers that lie, with a checksum that is right.
  @Test func liesAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/last.state"
      func write(_ header: String, length: Int? = nil) throws {
        let count = length ?? header.utf8.count
        var bytes = Array("EMENDTRN".utf8)
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        bytes += Array(header.utf8)
        try compress(bytes + Array(SHA256.hash(data: bytes)), to: path)
      }
      func sections(_ text: String) -> String {
        #"{"version":2,"values":{},"sections":["# + text + "]}"
      }
      try write(sections(""))
      #expect(error(path) == nil)
      try write(sections(#"{"name":"a","byteCount":-1}"#))
      #expect(error(path) == .damagedState(path: path, problem: "its header contradicts itself"))
      try write(sections(#"{"name":"a","byteCount":0},{"name":"a","byteCount":0}"#))
      #expect(error(path) == .damagedState(path: path, problem: "its header contradicts itself"))
      try write(sections(#"{"name":"a","byteCount":9223372036854775807}"#))
      #expect(error(path) == .damagedState(path: path, problem: "it ends in a"))
      try write(sections(#"{"name":"a","byteCount":9223372036854775808}"#))
      #expect(error(path) == .damagedState(path: path, problem: "its header cannot be read"))
      try write("{}", length: 0xFFFF_FFFF)
      #expect(
        error(path) == .damagedState(path: path, problem: "its header has 4294967295 bytes"))
      try write(#"{"version":1}"#)
      #expect(error(path) == .stateVersion(path: path, found: 1, supported: 2))
      try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
      #expect(error(path) == .notTrainingState(path: path))
      try compress(Array("GGUF".utf8), to: path)
      #expect(error(path) == .notTrainingState(path: path))
      #expect(error(folder + "/none") == .file(.noSuchFile(path: folder + "/none")))
    }
  }

  /// A state of another training overwrites nothing.
  @Test func otherPlacesAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/last.state"
      try write(contents(), to: path)
      let file = try TrainingStateFile(path: path)
      var places = places()
      defer { for place in places { place.bytes.deallocate() } }
      let last = places.remove(at: 4)
      defer { last.bytes.deallocate() }
      #expect(throws: EditorTrainingError.stateSections(path: path, missing: [], unknown: ["last"]))
      { try file.read(into: places) }
      #expect(
        throws: EditorTrainingError.stateSections(
          path: path, missing: ["other"], unknown: ["last"])
      ) { try file.read(into: places + [("other", last.bytes)]) }
      let short = UnsafeMutableRawBufferPointer(rebasing: last.bytes[..<2])
      #expect(
        throws: EditorTrainingError.stateSectionSize(
          path: path, section: "last", found: 3, needed: 2)
      ) { try file.read(into: places + [("last", short)]) }
      #expect(throws: EditorTrainingError.self) { try file.value(Counters.self, "none") }
      #expect(throws: EditorTrainingError.self) { try file.value([String].self, "counters") }
      for place in places { #expect(place.bytes.allSatisfy { $0 == 0 }) }
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func aFullDiskLeavesTheLastGoodOne() throws {
    let disk = try SmallDisk(byteCount: 1 << 20)
    defer { withExtendedLifetime(disk) {} }
    let path = disk.path + "/last.state"
    func write(_ size: Int, seed: UInt64) throws {
      var random = SplitMix64(seed: seed)
      let words = (0..<size / 8).map { _ in random.next() }
      var contents = TrainingStateContents()
      try words.withUnsafeBytes {
        contents.add("weights", $0)
        try contents.write(path: path)
      }
    }
    try write(400_000, seed: 1)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let error = #expect(throws: EditorTrainingError.self) { try write(900_000, seed: 2) }
    guard case .file(.noSpace) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["last.state"])
    _ = try TrainingStateFile(path: path)
  }

  // MARK: Helpers

  private func error(_ path: String) -> EditorTrainingError? {
    do {
      _ = try TrainingStateFile(path: path)
      return nil
    } catch { return error }
  }

  private func compress(_ bytes: [UInt8], to path: String) throws {
    var file = try ZstdWriter(path: path)
    try file.append(bytes.span.bytes)
    try file.commit()
  }

  /// What a compressed file holds, by ModelFiles.
  private func plainContents(_ compressed: [UInt8], _ folder: String) throws -> [UInt8] {
    let path = folder + "/copy.zst"
    try Data(compressed).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try MappedFile.contents(path: path)
    return withExtendedLifetime(file) { Array(file.bytes) }
  }

  private static let hasZstdProgram =
    (try? run(["zstd", "--version"]))?.starts(with: Array("*** Z".utf8)) ?? false

  private func decompressed(_ path: String) throws -> [UInt8] {
    try Self.run(["zstd", "-dc", path])
  }

  private static func run(_ arguments: [String]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Array(data)
  }
}
