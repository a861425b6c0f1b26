import Foundation
import TestSupport
import Testing

/// `emend edit distill` with the real model and both shipped editors.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct DistillCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""

  private static let prompts = """
    Why is the sky blue?
    What does a lawyer do?
    Tom found the old violin in the garden.
    apples, pears, plums
    How is paper made?
    The soup was cold.

    """

  private func distill(_ editor: String, _ more: [String]) throws -> EmendProcess {
    try EmendProcess(
      [
        "edit", "distill", "-m", model, "--editor",
        OutsideFiles.repository.appending(path: "models/editors/\(editor).safetensors").path,
        "--instruction",
        "Make it a question.",
      ] + more)
  }

  /// The file is a control vector that other commands take; the same seed gives the same bytes; a vector learns
  /// something within some steps.
  @Test(arguments: ["smollm2-135m-instruct", "smollm2-135m-instruct-p0"])
  func writesAControlVector(editor: String) throws {
    let folder = try TemporaryFolder()
    let prompts = try folder.file("prompts.txt", Self.prompts)
    let files = try [folder.file("a.gguf"), folder.file("b.gguf")]
    for file in files {
      let result = try distill(
        editor, ["--prompts", prompts, "-n", "8", "--steps", "6", "--json", "-o", file])
      #expect(result.status == 0, "\(result.errors)")
      let json = try #require(
        try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
      #expect(json["trained"] as? Int == 5 && json["kept"] as? Int == 1)
      #expect((json["layers"] as? [Int])?.count == 29)
      let unedited = try #require(json["unedited"] as? Double)
      let distilled = try #require(json["distilled"] as? Double)
      #expect(unedited > 0 && distilled > 0 && distilled != unedited)
      #expect((json["answers"] as? [[String: String]])?.count == 1)
    }
    let bytes = try files.map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(bytes[0] == bytes[1])
    let generated = try EmendProcess([
      "generate", "-m", model, "--chat", "-p", "How is paper made?", "-n", "4", "--temp", "0",
      "--control-vector", files[0],
    ])
    #expect(generated.status == 0, "\(generated.errors)")
  }

  @Test(arguments: [
    (["--layers", "0-3"], "a control vector has nothing after block 0"),
    (["--layers", "1-40"], "block 30, and the processor has blocks 0 to 29"),
    (["--prompts", "twice"], "1 of the 6 prompts are there twice"),
    (["--prompts", "few"], "there are 2 prompts, and 4 are needed"),
  ])
  func whatCannotBeDistilledIsRefused(arguments: [String], words: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.file(
      "twice", Self.prompts.replacing("The soup was cold.", with: "How is paper made?"))
    _ = try folder.file("few", "Why?\nHow?\n")
    let output = try folder.file("v.gguf")
    let result = try distill(
      "smollm2-135m-instruct",
      [
        arguments[0], arguments[0] == "--prompts" ? try folder.file(arguments[1]) : arguments[1],
        "-o",
        output,
      ])
    #expect(result.status == 1 && result.errors.contains(words), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: output))
  }
}
