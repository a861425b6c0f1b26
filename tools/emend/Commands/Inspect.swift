import ArgumentParser
import EditSessions
import Quantization
import TensorKernels
import Terminal

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
    let report = try FileReport(path: file, contextLength: ctxSize, cacheType: cacheType)
    if output.json { try JSON.print(report) } else { Console.print(report.text) }
  }
}
