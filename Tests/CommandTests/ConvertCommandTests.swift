import Foundation
import TestSupport
import Testing

/// `emend convert` as a user runs it.
struct ConvertCommandTests {
  private static let folder = OutsideFiles.fixture("conversion/sharded").path

  private struct Table: Decodable {
    struct Tensor: Decodable {
      let name: String
      let shape: [Int]
      let from: String
      let to: String
      let bytes: Int
    }
    let tensors: [Tensor]
    let tensorBytes: Int
    let bytes: Int?
    let sha256: String?
  }

  @Test func dryRunShowsTheTableAndWritesNothing() throws {
    let scratch = try TemporaryFolder()
    let out = try scratch.file("out.gguf")
    let dry = ["convert", Self.folder, out, "--type", "q4_0", "--dry-run"]
    let text = try EmendProcess(dry)
    #expect(text.status == 0 && text.errors.isEmpty)
    let lines = text.text.split(separator: "\n")
    #expect(lines[0].split(separator: " ") == ["tensor", "shape", "from", "to", "bytes"])
    // 504 rows of 64: two blocks of 18 bytes each.
    #expect(
      lines[1].split(separator: " ")
        == ["token_embd.weight", "64", "x", "504", "f16", "q4_0", "18144"])
    #expect(lines.dropLast().last?.hasPrefix("total ") == true)
    #expect(lines.last?.hasPrefix("memory") == true)

    let table = try EmendProcess(dry + ["--json"]).json(Table.self)
    #expect(table.tensors.count == lines.count - 3)
    #expect(table.tensors.last?.name == "output.weight" && table.tensors.last?.to == "q8_0")
    #expect(table.tensorBytes == table.tensors.reduce(0) { $0 + $1.bytes })
    #expect(table.bytes == nil && table.sha256 == nil)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test func convertedFileRuns() throws {
    let scratch = try TemporaryFolder()
    let out = try scratch.file("out.gguf")
    let run = try EmendProcess(["convert", Self.folder, out, "--type", "q8_0", "--json"])
    #expect(run.status == 0 && run.errors.isEmpty)
    let table = try run.json(Table.self)
    let size = try FileManager.default.attributesOfItem(atPath: out)[.size] as? Int
    #expect(table.bytes == size)
    #expect(table.sha256?.count == 64)
    #expect(try EmendProcess(["generate", "-m", out, "-p", "one", "-n", "4"]).status == 0)
    let plain = try EmendProcess(["convert", Self.folder, out, "--type", "q8_0"])
    #expect(plain.text == "\(table.sha256 ?? "")  \(out)\n")
  }

  @Test(arguments: [
    ["--type", "q4_K_X"], ["--type", "bf16"], [], ["--type", "q8_0", "--output-type", "iq4_nl"],
    ["--type", "q8_0", "--rounding", "worst"], ["--type", "q8_0", "--threads", "0"],
  ])
  func wrongUsageIsRefused(arguments: [String]) throws {
    let scratch = try TemporaryFolder()
    let run = try EmendProcess(["convert", Self.folder, scratch.file("out.gguf")] + arguments)
    #expect(run.status == 64)
    #expect(run.isOneLineError)
  }

  @Test func errorsAreOneLine() throws {
    let scratch = try TemporaryFolder()
    let out = try scratch.file("out.gguf")
    let run = try EmendProcess(["convert", scratch.url.path, out, "--type", "f16"])
    #expect(run.status == 1)
    #expect(run.isOneLineError)
    #expect(run.errors.contains("config.json"))
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  /// A GGUF of 256 MB, all zeros and none of it on the disk, so that there is time to interrupt.
  private func largeSource(_ scratch: TemporaryFolder) throws -> String {
    var file = GGUFBuilder()
    file.header(tensors: 1, keys: 1)
    file.entry("general.architecture", .string("llama"))
    file.tensor("a.weight", [4096, 16384], type: 0)
    file.pad(to: 32)
    let path = try scratch.file("in.gguf", "")
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.write(contentsOf: Data(file.bytes))
    // What ends with zeros would be taken for a download that was stopped.
    let end = [Float](repeating: 1, count: 1 << 16)
    try handle.truncate(atOffset: UInt64(file.bytes.count + 4096 * 16384 * 4 - 4 * end.count))
    try handle.seekToEnd()
    try handle.write(contentsOf: end.withUnsafeBytes { Data($0) })
    try handle.close()
    return path
  }

  /// Sends `signal` to a conversion that is under way, and returns it at its end with what it said.
  private func stop(
    _ scratch: TemporaryFolder, _ arguments: [String], with signal: Int32
  ) throws -> (process: Process, message: String) {
    let process = Process()
    process.executableURL = EmendProcess.executable
    process.arguments = arguments
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    // Once there is a temporary file, the work has begun.
    while process.isRunning, names(scratch).count < 2 { usleep(500) }
    kill(process.processIdentifier, signal)
    let message = String(
      decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process, message)
  }

  private func names(_ scratch: TemporaryFolder) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: scratch.url.path)) ?? []).sorted()
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func signalsLeaveNothing(signal: Int32) throws {
    let scratch = try TemporaryFolder()
    let arguments = [
      "convert", try largeSource(scratch), try scratch.file("out.gguf"), "--type", "f32",
    ]
    let (process, message) = try stop(scratch, arguments, with: signal)
    #expect(process.terminationReason == .exit && process.terminationStatus == 1)
    #expect(message.contains("interrupted"))
    #expect(names(scratch) == ["in.gguf"])
  }

  /// What a killed conversion leaves says whose it is, and the next one of the same file removes it.
  @Test func leftoversOfAKillAreRemoved() throws {
    let scratch = try TemporaryFolder()
    let arguments = [
      "convert", try largeSource(scratch), try scratch.file("out.gguf"), "--type", "q8_0",
    ]
    let (process, _) = try stop(scratch, arguments, with: SIGKILL)
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(names(scratch) == ["in.gguf", "out.gguf.partial-emend-0"])
    let again = try EmendProcess(arguments)
    #expect(again.status == 0, "\(again.errors)")
    #expect(names(scratch) == ["in.gguf", "out.gguf"])
  }
}
