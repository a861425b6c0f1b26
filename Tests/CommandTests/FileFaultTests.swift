import Foundation
import TestSupport
import Testing

/// Files that fail under the program: one clear error each, and nothing left behind.
@Suite(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"))
struct FileFaultTests {
  private let folder: URL

  init() throws {
    // A program that has ended reads no more; that is no reason for this one to end.
    signal(SIGPIPE, SIG_IGN)
    folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  /// A packed file stays mapped while it runs: cut short, what is gone cannot be read.
  @Test func aFileThatShrinks() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try #require(OutsideFiles.smolLM2).path
    let packed = path("model.packed")
    #expect(try EmendProcess(["convert", model, packed, "--packed"]).status == 0)
    let process = Process()
    process.executableURL = EmendProcess.executable
    process.arguments = ["chat", "-m", packed, "-n", "4", "--temp", "0"]
    let (input, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data("Hello.\n".utf8))
    // The first answer says that it is loaded.
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    #expect(truncate(packed, 1 << 20) == 0)
    try? input.fileHandleForWriting.write(contentsOf: Data("Hello again.\n".utf8))
    try? input.fileHandleForWriting.close()
    let text = String(
      decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 1)
    #expect(text.hasPrefix("error: \(packed): it became shorter") && text.hasSuffix("\n"))
    #expect(text.filter(\.isNewline).count == 1)
  }

  /// `ulimit -f`: 4 MB where 98 are written.
  @Test func aLimitOnTheSizeOfFiles() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try #require(OutsideFiles.smolLM2).path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c", "ulimit -f 4096; exec \"$@\"", "bash", EmendProcess.executable.path, "convert", model,
      path("out.packed"), "--packed",
    ]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = String(
      decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 1)
    #expect(text.hasPrefix("error: \(path("out.packed")): ") && text.contains("ulimit -f"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
