import Foundation
import TestSupport
import Testing

/// What becomes of results that cannot be written, or should not be where they are sent.
@Suite struct OutputTests {
  private let model = OutsideFiles.fixture("llama/f32.gguf").path

  /// Runs `emend` with `redirection` as a shell has it.
  private func shell(
    _ arguments: [String], _ redirection: String
  ) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "exec \"$0\" \"$@\" \(redirection)", EmendProcess.executable.path] + arguments
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }

  /// A full disk, or an output that is not there, is no success; a reader that has read enough is.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func resultsThatCannotBeWritten() throws {
    for redirection in [">/dev/full", ">&-"] {
      let result = try shell(["inspect", model, "--json"], redirection)
      #expect(result.status == 1, "\(redirection)")
      #expect(result.errors.hasPrefix("error: standard output cannot be written: "))
      #expect(result.errors.count(where: \.isNewline) == 1, "\(result.errors)")
    }
    #expect(try shell(["inspect", model], "| head -c 1 >/dev/null").errors.isEmpty)
  }

  /// With standard output closed, a file that is written does not become standard output.
  @Test func closedStreamsAreNotFiles() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appending(path: "out.gguf").path
    let result = try shell(["convert", model, path, "--type", "q8_0"], ">&-")
    #expect(result.status == 1)
    let open = folder.url.appending(path: "open.gguf").path
    #expect(try EmendProcess(["convert", model, open, "--type", "q8_0"]).status == 0)
    let same =
      try Data(contentsOf: URL(fileURLWithPath: path))
      == Data(contentsOf: URL(fileURLWithPath: open))
    #expect(same)
  }

  /// Results are never written over what they are made from.
  @Test func inputsAreNotOverwritten() throws {
    let folder = try TemporaryFolder()
    func copy(_ path: String, _ name: String) throws -> String {
      let target = folder.url.appending(path: name).path
      try FileManager.default.copyItem(atPath: path, toPath: target)
      return target
    }
    let model = try copy(self.model, "m.gguf")
    let editor = try copy(
      OutsideFiles.fixture("editor/p0/editor.safetensors").path, "e.safetensors")
    let text = try folder.file("text", "a b c\n")
    let other = try folder.file("other", "d e f\n")
    let edit = ["-m", model, "--editor", editor, "--instruction", "a"]
    let cases: [(arguments: [String], kept: String)] = [
      (["edit", "compile"] + edit + ["-o", editor], editor),
      (["edit", "export"] + edit + ["-o", model], model),
      (
        ["edit", "derive", "-m", model, "--positive", text, "--negative", other, "-o", other], other
      ),
      (["edit", "import", "-m", model, text, "-o", text], text),
      (["edit", "show", text, "--svg", text], text),
      (["edit", "average", editor, "-o", editor], editor),
      (["score", "-m", model, "-f", text, "--logits", text], text),
      (["perplexity", "-m", model, "-f", text, "--kl-divergence-base", model], model),
      (["generate", "-p", "a", "--trace", editor] + edit, editor),
      (["convert", model, text, "--type", "q8_0", "--calibration", text], text),
      (
        [
          "train", "-m", model, "--data", text, "--backbone", "gpt2:1x64x1", "--save-gradients",
          model,
        ], model
      ),
      (["convert", model, model, "--type", "q8_0"], model),
    ]
    for (arguments, kept) in cases {
      let before = try Data(contentsOf: URL(fileURLWithPath: kept))
      let result = try EmendProcess(arguments)
      #expect(result.status == 1 && result.isOneLineError, "\(arguments): \(result.errors)")
      #expect(result.errors.contains("is read here"), "\(arguments): \(result.errors)")
      let isKept = try Data(contentsOf: URL(fileURLWithPath: kept)) == before
      #expect(isKept, "\(arguments)")
    }
  }

  /// Swift would repair bytes that are not UTF-8, and another text would be read than was given.
  @Test func argumentsAreText() throws {
    let result = try shell(["tokenize", "-m", model], #""$(printf 'a\377b')""#)
    #expect(result.status == 64 && result.errors.contains("argument 4 is not UTF-8"))
  }
}
