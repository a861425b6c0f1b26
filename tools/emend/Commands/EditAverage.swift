import ArgumentParser
import InstructionEditors
import ModelFiles
import Terminal

/// Several runs of one editor as one.
struct EditAverage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average",
    abstract: "Average editors of one blueprint, and make what their adapters do smaller.",
    discussion: """
      Runs from one start, on other data or at other rates, are often better together than any of them is. With \
      --shrink 0.85 what the adapters add is 0.85 of what was learned, on the way back to the model that reads \
      its instruction unchanged: instructions of kinds that were not trained on gain, those that were lose \
      little. Measure which is best with emend evaluate, on rows that are not those of the result.

        emend edit average run1/editor.safetensors run2/editor.safetensors:2 -o both.safetensors
        emend edit average both.safetensors --shrink 0.85 -o shrunk.safetensors
      """)

  @Argument(
    help: ArgumentHelp("Editors, each with its weight (1 unless given).", valueName: "file[:w]"))
  var editors: [String]

  @Option(
    help: ArgumentHelp("What the adapters add is multiplied by this, from 0 to 1.", valueName: "x"))
  var shrink: Float = 1

  @Option(name: .shortAndLong, help: ArgumentHelp("The editor that is written.", valueName: "file"))
  var output: String

  private var files: [NumberedFile<Float>] { editors.map(NumberedFile.init) }

  func validate() throws {
    guard (0...1).contains(shrink) else {
      throw ValidationError("--shrink is \(shrink), and goes from 0 to 1")
    }
    for (text, file) in zip(editors, files) {
      guard let weight = file.number, weight <= 0 || !weight.isFinite else { continue }
      throw ValidationError("the weight in \(text) must be above 0")
    }
  }

  func run() throws {
    let files = files
    try OutputFile.check(output, inputs: files.map(\.path))
    try EditorAverage.write(
      files.map { ($0.path, $0.number ?? 1) }, shrink: shrink, to: output)
    Console.print(
      "\(output): \(files.count == 1 ? "an editor" : "the average of \(files.count) editors")"
        + (shrink == 1 ? "" : ", its adapters' part \(shrink) of what it was"))
  }
}
