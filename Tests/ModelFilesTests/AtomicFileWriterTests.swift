import Foundation
import ModelFiles
import TestSupport
import Testing

struct AtomicFileWriterTests {
  private func temporary(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func contents(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  private func refusal(_ path: String, expectedBytes: UInt64 = 0) -> ModelFileError? {
    thrown { () throws(ModelFileError) in
      _ = try AtomicFileWriter(path: path, expectedBytes: expectedBytes)
    }
  }

  /// Pieces smaller and larger than the buffer, in every mixture.
  @Test func writesWhatIsAppended() throws {
    try temporary { folder in
      let path = folder + "/f"
      var random = SplitMix64(seed: 5)
      var all: [UInt8] = []
      var writer = try AtomicFileWriter(path: path, expectedBytes: 1)
      for size in [0, 1, 1 << 20, 3, (1 << 20) - 1, 5 << 20, 70_000, 1 << 20, 9] {
        let piece = (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try writer.append(piece.span.bytes)
        all += piece
        #expect(writer.byteCount == all.count)
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      try writer.commit()
      #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == all)
      #expect(try contents(folder) == ["f"])
    }
  }

  @Test func nothingIsLeftWithoutCommit() throws {
    try temporary { folder in
      let path = folder + "/f"
      try Data("old".utf8).write(to: URL(fileURLWithPath: path))
      do {
        var writer = try AtomicFileWriter(path: path)
        try writer.append("new")
        #expect(try contents(folder).count == 2)
      }
      #expect(try contents(folder) == ["f"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    }
  }

  /// What killed processes left is removed by the next one that writes the same file; what somebody is
  /// writing, and files of other names, stay.
  @Test func leftoversAreRemoved() throws {
    try temporary { folder in
      let path = folder + "/f"
      let kept = ["f.partial-emend-x", "f.partial-0", "g.partial-emend-0"]
      let left = ["f.partial-emend-0", "f.partial-emend-7"]
      for name in kept + left { try Data([1]).write(to: URL(fileURLWithPath: folder + "/" + name)) }
      do {
        var first = try AtomicFileWriter(path: path)
        let second = try AtomicFileWriter(path: path)
        #expect(
          try contents(folder)
            == (kept + ["f.partial-emend-0", "f.partial-emend-1", "f.partial-emend-7"]).sorted())
        #expect(UnfinishedFile.removeAll(of: path) == ["f.partial-emend-7"])
        #expect(UnfinishedFile.removeAll(of: folder + "/none/f") == [])
        try first.append("new")
        try first.commit()
        withExtendedLifetime(second.byteCount) {}
      }
      #expect(try contents(folder) == (kept + ["f"]).sorted())
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("new".utf8))
    }
  }

  /// A link stays one, and what it leads to is replaced, through other links too; one that leads nowhere is
  /// refused.
  @Test func linksAreFollowed() throws {
    try temporary { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/inner", withIntermediateDirectories: false)
      let target = folder + "/inner/target"
      try Data("old".utf8).write(to: URL(fileURLWithPath: target))
      for (link, destination) in [("first", "inner/target"), ("second", "first")] {
        try FileManager.default.createSymbolicLink(
          atPath: folder + "/" + link, withDestinationPath: destination)
      }
      var writer = try AtomicFileWriter(path: folder + "/second")
      try writer.append("new")
      #expect(try contents(folder + "/inner").count == 2, "the temporary file is beside the target")
      try writer.commit()
      #expect(try Data(contentsOf: URL(fileURLWithPath: target)) == Data("new".utf8))
      #expect(try contents(folder) == ["first", "inner", "second"])
      #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/second") == "first")
      try FileManager.default.removeItem(atPath: target)
      guard case .systemFailure = refusal(folder + "/second") else {
        Issue.record("a link that leads nowhere was not refused")
        return
      }
    }
  }

  /// What would go wrong at the end is said at the beginning.
  @Test func outputsAreCheckedFirst() throws {
    try temporary { folder in
      let (input, link) = (folder + "/in", folder + "/link")
      try Data("x".utf8).write(to: URL(fileURLWithPath: input))
      try FileManager.default.linkItem(atPath: input, toPath: link)
      func check(_ path: String) -> ModelFileError? {
        thrown { () throws(ModelFileError) in try OutputFile.check(path, inputs: ["-", input]) }
      }
      #expect(check(folder + "/out") == nil)
      #expect(check(input) == .isInput(path: input))
      #expect(check(link) == .isInput(path: link))
      #expect(check(folder) == .isFolder(path: folder))
      #expect(check(folder + "/a/b") == .noSuchFolder(path: folder + "/a/b"))
      #expect(try contents(folder) == ["in", "link"])
    }
  }

  /// The last to commit wins; neither sees the other's bytes.
  @Test func writersOfOneFileDoNotMeet() throws {
    try temporary { folder in
      let path = folder + "/f"
      var first = try AtomicFileWriter(path: path)
      var second = try AtomicFileWriter(path: path)
      try first.append("first")
      try second.append("second")
      try second.commit()
      try first.commit()
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("first".utf8))
      #expect(try contents(folder) == ["f"])
    }
  }

  @Test func placesThatCannotBeWritten() throws {
    try temporary { folder in
      #expect(refusal(folder) == .isFolder(path: folder))
      #expect(refusal(folder + "/new/") == .isFolder(path: folder + "/new/"))
      #expect(refusal("") == .isFolder(path: ""))
      #expect(refusal(folder + "/a/f") == .noSuchFolder(path: folder + "/a/f"))
      #expect(refusal("/dev/null") == .notRegularFile(path: "/dev/null"))
      let left = try contents(folder)
      #expect(left == [])
    }
  }

  @Test(.enabled(if: getuid() != 0, "the superuser may write everywhere"))
  func readOnlyPlaces() throws {
    try temporary { folder in
      let path = folder + "/f"
      try Data("old".utf8).write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
      #expect(refusal(path) == .notWritable(path: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder)
      #expect(refusal(folder + "/g") == .notWritable(path: folder + "/g"))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
    }
  }

  /// Linux's file systems for its own affairs are read-only to the superuser too.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel"), "needs /sys"))
  func aReadOnlyFileSystem() {
    #expect(refusal("/sys/kernel/model.gguf") == .notWritable(path: "/sys/kernel/model.gguf"))
  }

  @Test func spaceIsCheckedFirst() throws {
    try temporary { folder in
      let path = folder + "/f"
      guard case .noSpace(path, 1 << 62, let available) = refusal(path, expectedBytes: 1 << 62)
      else {
        Issue.record("\(String(describing: refusal(path, expectedBytes: 1 << 62)))")
        return
      }
      #expect(available > 0 && available < 1 << 62)
      let left = try contents(folder)
      #expect(left == [])
    }
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func aDiskThatFillsUp() throws {
    let disk = try SmallDisk(byteCount: 1 << 20)
    defer { withExtendedLifetime(disk) {} }
    let folder = disk.path
    let path = folder + "/f"
    let error = thrown { () throws(ModelFileError) in
      var writer = try AtomicFileWriter(path: path)
      let piece = [UInt8](repeating: 1, count: 1 << 20)
      for _ in 0..<64 { try writer.append(piece.span.bytes) }
      try writer.commit()
    }
    guard case .noSpace(path, let needed, let available) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(needed > 1 << 20 && available < needed)
    let left = try contents(folder)
    #expect(left == [])
  }

  /// What the writer makes, the reader reads.
  @Test func safetensorsAreReadBack() throws {
    try temporary { folder in
      let path = folder + "/f.safetensors"
      var writer = try SafetensorsWriter(
        path: path,
        tensors: [
          .init(name: "a\"\\\n\u{1}é", type: .f32, shape: [2, 1]),
          .init(name: "ids", type: .i32, shape: [3]), .init(name: "h", type: .bf16, shape: [2]),
        ])
      let floats: [Float] = [1, -2]
      let ids: [Int32] = [7, 8, 9]
      try writer.append(floats.span)
      try writer.append(ids.span)
      try writer.append(([1, 2, 3, 4] as [UInt8]).span.bytes)
      try writer.commit()
      let tensors = try SafetensorsFile(path: path).tensors
      #expect(tensors.map(\.name) == ["a\"\\\n\u{1}é", "ids", "h"])
      #expect(tensors.map(\.shape) == [[2, 1], [3], [2]])
      #expect(tensors.map(\.type) == [.f32, .i32, .bf16])
      let contents = tensors.map { tensors.withBytes(of: $0) { Array($0) } }
      #expect(contents[1] == [7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0])
      #expect(contents[2] == [1, 2, 3, 4])
    }
  }
}
