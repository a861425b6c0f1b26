import Foundation
import TestSupport
import Testing

/// tools/with-memory, two groups further down.
private enum MemoryGroup {
  private static let tool = URL(filePath: #filePath).appending(path: "../../../tools/with-memory")
    .standardizedFileURL

  static let isPossible: Bool = {
    (try? run(64_000_000, ["/bin/true"]))?.status == 0
  }()

  static func run(
    _ bytes: Int, _ command: [String]
  ) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = tool
    process.arguments = ["--below", "2", "\(bytes)"] + command
    let errors = Pipe()
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let text = String(
      decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationReason == .exit ? process.terminationStatus : -1, text)
  }
}

/// A control group of 512 MB, two levels above the process: real ones, where this machine lets them be made.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"),
  .enabled(if: MemoryGroup.isPossible, "needs the right to make control groups"))
struct MemoryGroupTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""

  /// A training that needs more than there is in the group is refused; what fits runs, a model whose file
  /// counts there too.
  @Test func refusalInThePlaceOfAKill() throws {
    let folder = try TemporaryFolder()
    let training = [
      EmendProcess.executable.path, "train", "-m", model, "--backbone", "processor", "--steps", "1",
      "--output", folder.url.appending(path: "run").path, "--random-rows",
    ]
    let (status, errors) = try MemoryGroup.run(512_000_000, training + ["8x512x24"])
    #expect(status == 1, "\(errors)")
    #expect(
      errors.hasPrefix("error: this training needs ") && errors.contains(" is available;"),
      "\(errors)")
    let answer = [EmendProcess.executable.path, "generate", "-m", model, "-p", "Hello", "-n", "4"]
    let fits = try MemoryGroup.run(512_000_000, answer)
    #expect(fits.status == 0, "\(fits.errors)")
  }
}
