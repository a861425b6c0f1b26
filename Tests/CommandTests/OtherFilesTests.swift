import Foundation
import TestSupport
import Testing

/// Every option that takes a file, given one of another kind: one line that names the file, and an end with 1.
@Suite(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the real model: tools/fetch-models"))
struct OtherFilesTests {
  private let folder: URL

  /// Files that people pass by mistake.
  enum Kind: String, CaseIterable {
    case text = "README.md"
    case picture = "picture.png"
    case empty
    case folder
    case absent
    case cutJSON = "cut.json"
    case cutTokenizer = "cut.model"
    case cutGGUF = "cut.gguf"
    case cutSafetensors = "cut.safetensors"
    case cutArchive = "cut.pt"
  }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func make(_ kind: Kind) throws -> String {
    func part(_ fixture: String, _ count: Int) throws -> Data {
      try Data(contentsOf: OutsideFiles.fixture(fixture)).prefix(count)
    }
    let data: Data? =
      switch kind {
      case .text: Data("# A model\n\nIt answers questions: what is `this`?\n".utf8)
      case .picture:
        Data(
          [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
            + [UInt8](repeating: 7, count: 99))
      case .empty: Data()
      case .folder, .absent: nil
      case .cutJSON: try part("conversion/byte-bpe/tokenizer.json", 3000)
      case .cutTokenizer: try part("tokenizers/plain.model", 3000)
      case .cutGGUF: try part("llama/f32.gguf", 3000)
      case .cutSafetensors: try part("conversion/whole/model.safetensors", 3000)
      case .cutArchive: try part("conversion/bin/pytorch_model.bin", 2000)
      }
    let path = path(kind.rawValue)
    if let data { try data.write(to: URL(fileURLWithPath: path)) }
    if kind == .folder {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    return path
  }

  /// What is run with the file in the place of each option. Texts may be any text, so that they are not among these.
  private func commands(_ file: String, _ model: String) -> [[String]] {
    let base = OutsideFiles.fixture("conversion/whole").path
    let rows = OutsideFiles.fixture("training/rows.json").path
    let (out, vector) = (path("out.gguf"), path("out.safetensors"))
    return [
      ["convert", base, out, "--type", "f16", "--tokenizer", file, "--dry-run"],
      ["convert", file, out, "--type", "f16", "--dry-run"],
      ["convert", base, out, "--type", "f16", "--lora", file, "--dry-run"],
      ["tokenize", "-m", model, "--messages", file], ["tokenize", "-m", file, "text"],
      ["inspect", file], ["bench", "-m", file], ["generate", "-m", file, "-p", "text"],
      ["generate", "-m", model, "-p", "text", "-n", "1", "--control-vector", file],
      ["generate", "-m", model, "-p", "text", "-n", "1", "--editor", file, "--instruction", "x"],
      ["generate", "-m", model, "-p", "text", "-n", "1", "--edit", file],
      ["edit", "import", "-m", model, file, "-o", out], ["edit", "show", file],
      ["edit", "compile", "-m", model, "--editor", file, "--instruction", "x", "-o", vector],
      ["train", "-m", model, "--data", file, "--output", path("run"), "--steps", "1"],
      ["train", "-m", model, "--data", rows, "--config", file, "--output", path("run")],
      ["train", "-m", model, "--data", rows, "--editor", file, "--output", path("run")],
      ["serve", "-m", file, "--port", "0"],
    ]
  }

  @Test(arguments: Kind.allCases)
  func oneClearError(kind: Kind) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try #require(OutsideFiles.smolLM2).path
    let file = try make(kind)
    for arguments in commands(file, model) {
      // A folder is looked at.
      if kind == .folder, arguments[0] == "inspect" { continue }
      let run = try EmendProcess(arguments)
      let said = "\(arguments.joined(separator: " ")): \(run.errors)"
      #expect(run.status == 1 && run.isOneLineError, "\(said)")
      #expect(run.errors.contains(kind.rawValue), "\(said)")
      // A text is not damaged.
      if kind == .text { #expect(!run.errors.contains("damaged"), "\(said)") }
    }
    #expect(!FileManager.default.fileExists(atPath: path("out.gguf")))
  }
}
