import BlockFormats
import Foundation
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing

/// Whatever happens to the target: one error, and nothing that was not there before.
struct ConversionTargetTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func write(
    _ source: String, to path: String, _ onProgress: (ConversionProgress) -> Bool = { _ in true }
  ) -> ConversionError? {
    do throws(ConversionError) {
      let conversion = try Conversion(Checkpoint.open(source), recipe: ConversionRecipe(type: .f32))
      _ = try conversion.write(to: path, pool: ThreadPool(threads: 2), onProgress: onProgress)
      return nil
    } catch {
      return error
    }
  }

  @Test func resultSaysSizeAndSum() throws {
    let path = scratch.path("out.gguf")
    let conversion = try Conversion(
      Checkpoint.open(ConversionFixture.path("whole")), recipe: ConversionRecipe(type: .q8_0))
    var last: ConversionProgress?
    let result = try conversion.write(to: path, pool: ThreadPool(threads: 2)) {
      last = $0
      return true
    }
    #expect(last?.bytesDone == last?.bytesTotal)
    #expect(try scratch.names == ["out.gguf"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == result.byteCount)
    #expect(try sha256(path) == result.sha256)
    let planned = conversion.plan.map(\.byteCount)
    #expect(try GGUFFile(path: path).tensors.map(\.byteCount) == planned)
    #expect(conversion.byteCount == planned.reduce(0, +))
  }

  private func sha256(_ path: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sha256sum", path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let line = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return String(line.prefix(64))
  }

  /// Slices are summed up beside being written; a header of megabytes, as large vocabularies make it,
  /// is nothing that could wait so.
  @Test(arguments: [false, true])
  func sumHasLargeHeaders(packed: Bool) throws {
    let small = try ConversionFixture.convert(
      ConversionFixture.path("whole"), ConversionRecipe(type: .f32), in: scratch)
    let template = String(repeating: "{{ bos_token }}", count: 200_000)
    let metadata: [(key: String, value: GGUFEntry)] =
      try Checkpoint.open(small.path).metadata.filter { $0.key != "tokenizer.chat_template" }
      + [("tokenizer.chat_template", .string(template))]
    let large = scratch.path("large.gguf")
    var writer = try GGUFWriter(
      path: large, metadata: metadata,
      tensors: small.tensors.map { .init(name: $0.name, shape: $0.shape, format: $0.format) })
    for tensor in small.tensors {
      let bytes = Array(small.bytes(of: tensor))
      try writer.append(bytes.span.bytes)
    }
    try writer.commit()

    let path = scratch.path("out.gguf")
    let conversion = try Conversion(
      Checkpoint.open(large), recipe: ConversionRecipe(type: .q8_0), packed: packed)
    let result = try conversion.write(to: path, pool: ThreadPool(threads: 2)) { _ in true }
    #expect(result.byteCount > template.utf8.count)
    #expect(try sha256(path) == result.sha256)
  }

  @Test func interruptionLeavesNothing() throws {
    let path = scratch.path("out.gguf")
    var calls = 0
    let error = write(ConversionFixture.path("whole"), to: path) { _ in
      calls += 1
      return calls < 5
    }
    #expect(error == .interrupted(path: path))
    #expect(calls == 5)
    #expect(try scratch.names == [])
  }

  @Test func interruptionKeepsTheOldFile() throws {
    let path = scratch.path("out.gguf")
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    #expect(write(ConversionFixture.path("whole"), to: path) { _ in false } != nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
    #expect(try scratch.names == ["out.gguf"])
  }

  @Test func targetIsFolder() throws {
    #expect(
      write(ConversionFixture.path("whole"), to: scratch.url.path)
        == .file(.isFolder(path: scratch.url.path)))
  }

  @Test func folderOfTargetIsMissing() throws {
    let path = scratch.path("missing/out.gguf")
    #expect(
      write(ConversionFixture.path("whole"), to: path) == .file(.noSuchFolder(path: path)))
  }

  @Test func targetIsSource() throws {
    let path = scratch.path("model.gguf")
    #expect(write(ConversionFixture.path("whole"), to: path) == nil)
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(write(path, to: path) == .file(.isInput(path: path)))
    let link = scratch.path("link.gguf")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(write(path, to: link) == .file(.isInput(path: link)))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)

    let folder = try scratch.copy("whole")
    let weights = folder + "/model.safetensors"
    #expect(write(folder, to: weights) == .file(.isInput(path: weights)))
    let configuration = folder + "/config.json"
    #expect(write(folder, to: configuration) == .file(.isInput(path: configuration)))
  }

  // Root may write anywhere; /proc, where nobody can, says so to everybody.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self"), "needs /proc"))
  func targetCannotBeWritten() throws {
    #expect(write(ConversionFixture.path("whole"), to: "/proc/self/out.gguf") != nil)
  }

  @Test(.enabled(if: getuid() != 0, "root may write anywhere"))
  func folderMayNotBeWritten() throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o500], ofItemAtPath: scratch.url.path)
    let path = scratch.path("out.gguf")
    #expect(write(ConversionFixture.path("whole"), to: path) == .file(.notWritable(path: path)))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o700], ofItemAtPath: scratch.url.path)
  }

  // The converter asks for the free space first: 100 kB are refused before a byte is written.
  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func diskIsFull() throws {
    let disk = try SmallDisk(byteCount: 100 << 10)
    let path = disk.path + "/out.gguf"
    var calls = 0
    let error = write(ConversionFixture.path("whole"), to: path) { _ in
      calls += 1
      return true
    }
    guard case .file(.noSpace(path, _, _)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(calls == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == [])
  }

  // Somebody else fills the disk while the file is being written.
  @Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
  func diskFillsUp() throws {
    let disk = try SmallDisk(byteCount: 1 << 20)
    let path = disk.path + "/out.gguf"
    // The file has 250 kB; the writer holds back up to 1 MB, so the first bytes go out at the end.
    let error = write(ConversionFixture.path("whole"), to: path) { progress in
      if progress.tensor == "token_embd.weight" {
        try? Data(count: (1 << 20) - (64 << 10)).write(
          to: URL(fileURLWithPath: disk.path + "/other"))
      }
      return true
    }
    guard case .file(.noSpace(path, _, _)) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["other"])
  }
}
