import Foundation
import TestSupport
import Testing

/// What schedulers, terminals and other runs do to a training: nothing is lost by it, and what is resumed
/// ends with the bytes of a run that nobody disturbed.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct InterruptionTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""
  private let steps = 40

  private func arguments(_ folder: String, _ more: [String] = []) -> [String] {
    [
      "train", "-m", model, "--random-rows", "6x8x4", "--batch-size", "2", "--backbone",
      "gpt2:1x16x1", "--heads", "rank-1", "--layers", "29", "--steps", "\(steps)", "--save-every",
      "0", "--steps-per-eval", "0", "--output", folder,
    ] + more
  }

  /// A training under way: `shell` is what runs before it in its process.
  private func start(
    _ folder: String, _ more: [String] = [], shell: String = "", errors: Pipe
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", shell + " exec \"$@\"", "sh", EmendProcess.executable.path] + arguments(folder, more)
    process.standardError = errors
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Once so many steps are done.
  private func wait(for count: Int, in folder: String, _ process: Process) {
    func done() -> Int {
      let text = (try? String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)) ?? ""
      return text.split(separator: "\n").count
    }
    while process.isRunning, done() < count { usleep(2_000) }
  }

  private func editor(_ folder: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: folder + "/editor.safetensors"))
  }

  private func text(_ pipe: Pipe) throws -> String {
    String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  }

  private func undisturbed(_ scratch: TemporaryFolder) throws -> Data {
    let folder = scratch.url.appending(path: "whole").path
    let result = try EmendProcess(arguments(folder))
    try #require(result.status == 0, "\(result.errors)")
    return try editor(folder)
  }

  /// Single signals, and what a scheduler sends at preemption and at a time limit. Exit code 75, the line
  /// that goes on, and the same bytes after it.
  @Test func signalsSaveAndStop() throws {
    let scratch = try TemporaryFolder()
    let whole = try undisturbed(scratch)
    let kinds: [[Int32]] = [
      [SIGTERM], [SIGINT], [SIGUSR1], [SIGUSR2], [SIGXCPU], [SIGHUP], [SIGTERM, SIGCONT, SIGTERM],
      [SIGINT, SIGINT], [SIGUSR1, SIGTERM], [SIGTERM, SIGINT, SIGINT],
    ]
    for (number, signals) in kinds.enumerated() {
      let folder = scratch.url.appending(path: "\(number)").path
      let errors = Pipe()
      let process = try start(folder, errors: errors)
      wait(for: 3 + number, in: folder, process)
      for signal in signals {
        kill(process.processIdentifier, signal)
        usleep(10_000)
      }
      let message = try text(errors)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit, "\(signals)")
      #expect(process.terminationStatus == 75, "\(signals): \(message)")
      #expect(message.contains("go on with ") && message.hasSuffix("--resume\n"), "\(message)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/training.lock"))
      let rest = try EmendProcess(arguments(folder, ["--resume"]))
      #expect(rest.status == 0, "\(rest.errors)")
      #expect(try editor(folder) == whole, "\(signals)")
    }
  }

  /// What was ignored on entry stays ignored: nohup, and what shells put in the background.
  @Test func ignoredSignalsStayIgnored() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.url.appending(path: "run").path
    let errors = Pipe()
    let process = try start(folder, shell: "trap '' HUP INT;", errors: errors)
    wait(for: 3, in: folder, process)
    for signal in [SIGHUP, SIGINT, SIGHUP] { kill(process.processIdentifier, signal) }
    let message = try text(errors)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(message)")
  }

  /// `emend train 2>&1 | head -1`.
  @Test func aClosedStandardErrorLosesNothing() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.url.appending(path: "run").path
    let errors = Pipe()
    let process = try start(folder, ["--steps-per-eval", "10"], errors: errors)
    wait(for: 1, in: folder, process)
    try errors.fileHandleForReading.close()
    try errors.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(FileManager.default.fileExists(atPath: folder + "/editor.safetensors"))
  }

  /// One training in a folder at a time; the lock of one that was killed is broken, which is said, and a
  /// killed one's partial files go.
  @Test func foldersAreLocked() throws {
    let scratch = try TemporaryFolder()
    let whole = try undisturbed(scratch)
    let folder = scratch.url.appending(path: "run").path
    let errors = Pipe()
    let process = try start(
      folder, ["--save-every-seconds", "0.01", "--save-every", "0"], errors: errors)
    wait(for: 3, in: folder, process)
    for more in [[], ["--resume"], ["--resume", "auto"]] {
      let second = try EmendProcess(arguments(folder, more))
      #expect(second.status == 1 && second.isOneLineError, "\(second.errors)")
      #expect(
        second.errors.contains("process \(process.processIdentifier) on "), "\(second.errors)")
    }
    while process.isRunning, !FileManager.default.fileExists(atPath: folder + "/training.state") {
      usleep(1_000)
    }
    #expect(process.isRunning, "it saves by the clock")
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let left = folder + "/training.state.partial-emend-0"
    try Data([1]).write(to: URL(fileURLWithPath: left))
    let rest = try EmendProcess(arguments(folder, ["--resume"]))
    #expect(rest.status == 0, "\(rest.errors)")
    #expect(rest.errors.contains("process \(process.processIdentifier) on "), "\(rest.errors)")
    #expect(rest.errors.contains("its lock was broken"), "\(rest.errors)")
    #expect(try editor(folder) == whole)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!names.contains { $0.contains("partial") || $0.contains("lock") }, "\(names)")
  }

  /// The same line begins and goes on.
  @Test func resumeAutoBegins() throws {
    let scratch = try TemporaryFolder()
    let folder = scratch.url.appending(path: "run").path
    let none = try EmendProcess(arguments(folder, ["--resume"]))
    #expect(none.status == 1 && none.errors.contains("--resume auto"), "\(none.errors)")
    let errors = Pipe()
    let process = try start(folder, ["--resume", "auto"], errors: errors)
    wait(for: 3, in: folder, process)
    kill(process.processIdentifier, SIGTERM)
    let message = try text(errors)
    process.waitUntilExit()
    #expect(process.terminationStatus == 75 && message.hasSuffix("--resume auto\n"), "\(message)")
    let rest = try EmendProcess(arguments(folder, ["--resume", "auto"]))
    #expect(rest.status == 0, "\(rest.errors)")
    #expect(try editor(folder) == undisturbed(scratch))
    let alone = try EmendProcess(arguments(folder, ["auto"]))
    #expect(alone.status == 64 && alone.errors.contains("--resume auto"), "\(alone.errors)")
  }
}
