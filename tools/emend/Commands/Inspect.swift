import ArgumentParser
import EditSessions
import LanguageModels
import ModelFiles
import Quantization
import TensorKernels

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model file contains.",
    discussion: """
      Its metadata, its tensors, how many bytes are in which format, and how much memory it takes to \
      run. Nothing is loaded. Of a folder: what it is, and what it converts to or why it is refused.

        emend inspect model.gguf
        emend inspect model.gguf -c 4096 --cache-type q8_0
        emend inspect model.gguf --json
        emend inspect editor.safetensors
        emend inspect Llama-2-7b-hf
      """)

  @Argument(help: "The file or folder.")
  var file: String

  @Option(
    name: [.customShort("c"), .long],
    parsing: .unconditional,
    help: ArgumentHelp(
      "Context the memory is given for; 0 is what the model was trained for. (default: 2048, or that)",
      valueName: "n"))
  var ctxSize: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Cache the memory is given for.", valueName: "f32|f16|q8_0"))
  var cacheType: CacheType = .f16

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let ctxSize, ctxSize < 0 {
      throw ValidationError(
        "--ctx-size is \(ctxSize), and must be at least 1, or 0 for what the model was trained for")
    }
  }

  func run() throws {
    if Checkpoint.isFolder(file) {
      let report = FolderReport(path: file)
      return output.json ? try JSON.print(report) : Console.print(report.description)
    }
    let mapped = try MappedFile(path: file)
    if withExtendedLifetime(mapped, { FileKind(firstBytes: mapped.bytes) }) == .safetensors {
      try SafetensorsReport.show(path: file, json: output.json)
      return
    }
    let whole: GGUFFile
    do { whole = try GGUFFile(path: file, acceptingPacked: true) } catch {
      guard case .unsupportedTensorType = error else { throw error }
      try ModelOutlineReport.show(GGUFOutline(path: file), reason: "\(error)", json: output.json)
      return
    }
    let report = ModelFileReport(whole, contextLength: ctxSize, cacheType: cacheType)
    if output.json { try JSON.print(report) } else { printReport(report, of: whole) }
  }

  private func printReport(_ report: ModelFileReport, of file: GGUFFile) {
    let kind = file.isPacked ? "packed" : "GGUF"
    Console.print("\(file.path): \(kind) version \(file.version), \(display(file.totalBytes))\n")
    Console.print("metadata")
    for key in file.metadata.keys {
      if let value = file.metadata[key] {
        Console.print("  \(key.onOneLine) = \(value.description)")
      }
    }
    Console.print("\ntensors")
    let names = file.tensors.map(\.name.onOneLine)
    let shapes = file.tensors.map { $0.shape.map(String.init).joined(separator: " x ") }
    let nameWidth = names.map(\.count).max() ?? 0
    let shapeWidth = shapes.map(\.count).max() ?? 0
    for ((tensor, name), shape) in zip(zip(file.tensors, names), shapes) {
      Console.print(
        "  \(padded(name, nameWidth))  \(padded(shape, shapeWidth))  "
          + "\(padded(tensor.format.name, 4))  \(tensor.byteCount)\(tensor.isPacked ? "  packed" : "")"
      )
    }
    Console.print("\nformats")
    for total in report.formats {
      Console.print(
        "  \(padded(total.format, 4))  \(total.tensors) tensors, \(total.elements) elements, "
          + display(total.bytes))
    }
    if let needed = report.memory {
      Console.print(
        "\nmemory to run with a context of \(needed.contextSize) and a cache in \(needed.cacheType): "
          + needed.summary)
    } else if let reason = report.memoryError {
      Console.print("\nemend cannot run it: \(reason.onOneLine)")
    }
  }

  private func display(_ bytes: Int) -> String { SystemMemory.display(bytes) }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }
}

extension ModelOutlineReport {
  /// Prints what there is to say of `outline`.
  static func show(_ outline: GGUFOutline, reason: String, json: Bool) throws {
    let report = ModelOutlineReport(outline, reason: reason)
    if json { return try JSON.print(report) }
    Console.print(
      "\(outline.path): GGUF version \(outline.version), \(Memory.display(outline.byteCount))\n")
    Console.print("metadata")
    for key in outline.metadata.keys {
      if let value = outline.metadata[key] {
        Console.print("  \(key.onOneLine) = \(value.description)")
      }
    }
    Console.print("\ntensors")
    var table = TextTable(["tensor", "shape", "type"], numbers: [])
    for tensor in report.tensors {
      table.append([
        tensor.name.onOneLine, tensor.shape.map(String.init).joined(separator: " x "),
        tensor.format,
      ])
    }
    Console.print(table.text)
    Console.print("\nemend cannot run it: \(reason.onOneLine)")
  }
}
